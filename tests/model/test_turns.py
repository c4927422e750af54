import json

import pytest

from tunesmith.core.errors import BadData
from tunesmith.core.example import Message, ToolCall
from tunesmith.model.turns import schemas_of, turns_of

CALL = ToolCall("weather", '{"city": "Köln"}', "call_1")
SCHEMA = {
    "name": "weather",
    "description": "The weather.",
    "parameters": {"type": "object", "properties": {}},
}


def test_a_plain_turn_has_a_role_and_a_content_and_nothing_else() -> None:
    assert turns_of([Message("user", "Hi", weight=0.5)]) == [{"role": "user", "content": "Hi"}]


def test_all_that_a_message_has_is_written_under_the_names_that_templates_read() -> None:
    asked = Message("assistant", "", reasoning="Look it up.", tool_calls=(CALL,), name="Ann")
    told = Message("tool", "sunny", name="weather", call="call_1")
    assert turns_of([asked, told]) == [
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "Look it up.",
            "thinking": "Look it up.",
            "tool_calls": [
                {
                    "type": "function",
                    "id": "call_1",
                    "function": {"name": "weather", "arguments": {"city": "Köln"}},
                }
            ],
            "name": "Ann",
        },
        {"role": "tool", "content": "sunny", "name": "weather", "tool_call_id": "call_1"},
    ]


def test_arguments_stay_text_where_the_template_wants_text() -> None:
    (turn,) = turns_of([Message("assistant", "", tool_calls=(CALL,))], arguments_as_text=True)
    assert turn["tool_calls"][0]["function"]["arguments"] == '{"city": "Köln"}'


def test_a_call_without_an_id_has_none() -> None:
    (turn,) = turns_of([Message("assistant", "", tool_calls=(ToolCall("now", "{}"),))])
    assert turn["tool_calls"] == [{"type": "function", "function": {"name": "now", "arguments": {}}}]


@pytest.mark.parametrize("arguments", ["", "Paris", "[1]", '{"a":', '"{}"'])
def test_arguments_that_are_no_object_are_named_with_their_turn(arguments: str) -> None:
    messages = [Message("user", "Hi"), Message("assistant", "", tool_calls=(ToolCall("now", arguments),))]
    with pytest.raises(BadData, match="Turn 2 calls now with arguments that are no JSON object"):
        turns_of(messages)


def test_a_bare_schema_gets_the_frame_that_templates_expect() -> None:
    framed = {"type": "function", "function": SCHEMA}
    assert schemas_of(json.dumps([SCHEMA, framed])) == [framed, framed]


@pytest.mark.parametrize("tools", ["", "[]"])
def test_no_tools_are_none_at_all(tools: str) -> None:
    assert schemas_of(tools) is None


@pytest.mark.parametrize("tools", ["weather", '{"name": "weather"}', '["weather"]', "[{]"])
def test_tools_that_are_no_list_of_schemas_are_refused(tools: str) -> None:
    with pytest.raises(BadData, match=r"no JSON list of function schemas.*Mend this row"):
        schemas_of(tools)
