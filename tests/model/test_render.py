import json
from dataclasses import replace

import pytest

from chat_templates.families import FAMILIES, Family
from chat_templates.small_tokenizers import tokenizer_of
from tunesmith.core.errors import BadData
from tunesmith.core.example import Message, ToolCall
from tunesmith.model.render import Renderer
from tunesmith.model.turns import schemas_of

BY_NAME = {family.name: family for family in FAMILIES}
HELLO = [Message("user", "Hello"), Message("assistant", "Hi")]
CALLED = [
    Message("user", "Hello"),
    Message("assistant", "", reasoning="Look.", tool_calls=(ToolCall("now", '{"é": "\\n"}', "abcdefghi"),)),
    Message("tool", "noon", name="now", call="abcdefghi"),
    Message("assistant", "At noon."),
]
TOOLS = json.dumps([{"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}])


def renderer(template: str) -> Renderer:
    return Renderer(tokenizer_of(replace(BY_NAME["chatml"], source=template)))


def render(family: Family, messages: list[Message], tools: str = "") -> str:
    found = Renderer(tokenizer_of(family))
    return found.render(found.turns(messages), schemas_of(tools), answer_follows=False)


@pytest.mark.parametrize("answer_follows", [True, False])
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_it_renders_what_transformers_renders(family: Family, answer_follows: bool) -> None:
    tokenizer = tokenizer_of(family)
    rows = [(HELLO, ""), (CALLED, TOOLS)] if "tools" in family.takes else [(HELLO, "")]
    for messages, tools in rows:
        found = Renderer(tokenizer)
        turns, schemas = found.turns(messages), schemas_of(tools)
        expected = tokenizer.apply_chat_template(
            turns, tools=schemas, tokenize=False, add_generation_prompt=answer_follows
        )
        assert found.render(turns, schemas, answer_follows=answer_follows) == expected


def test_arguments_are_a_dictionary_or_text_as_the_template_wants_them() -> None:
    for name, wanted in (("qwen2", {"é": "\n"}), ("deepseek_r1", '{"é": "\\n"}')):
        turns = Renderer(tokenizer_of(BY_NAME[name])).turns(CALLED)
        assert turns[1]["tool_calls"][0]["function"]["arguments"] == wanted
    printed = renderer("{% for call in messages[-1].tool_calls %}{{ call.function.arguments }}{% endfor %}")
    turns = printed.turns(CALLED[1:2])
    assert printed.render(turns, None, answer_follows=False) == '{"é": "\\n"}'


def test_a_template_of_its_own_for_tools_is_used_where_there_are_tools() -> None:
    tokenizer = tokenizer_of(replace(BY_NAME["chatml"], source="plain"))
    tokenizer.chat_template = {"default": "plain", "tool_use": "with {{ tools | length }}"}  # type: ignore[assignment]
    found = Renderer(tokenizer)
    assert found.render([], None, answer_follows=False) == "plain"
    assert found.render([], schemas_of(TOOLS), answer_follows=False) == "with 1"


@pytest.mark.parametrize(
    ("family", "messages", "message"),
    [
        (
            "gemma",
            [Message("system", "Be brief."), *HELLO],
            "System role not supported. It takes no system turn: put that text at the beginning of the first",
        ),
        ("mistral_v1", [*HELLO, HELLO[1]], "Turn 3 is the second assistant turn in a row: join the two"),
        ("llama2", [HELLO[0], *HELLO], "must alternate.*Turn 2 is the second user turn in a row"),
        ("llama2", [HELLO[1]], "must alternate.*Change its turns"),
        ("llama2", [HELLO[0], CALLED[2], CALLED[2]], "role called tool.*a base whose template takes tools"),
        (
            "mistral_v3",
            [replace(CALLED[1], tool_calls=(ToolCall("now", "{}"),))],
            "with length 9!.*takes tools",
        ),
    ],
)
def test_what_a_template_refuses_is_said_with_what_to_do(
    family: str, messages: list[Message], message: str
) -> None:
    with pytest.raises(BadData, match=f"(?s)refuses this conversation: .*{message}"):
        render(BY_NAME[family], messages)


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages[9].content.x }}",
        "{{ 'a' + 1 }}",
        "{{ [1][5] + 1 }}",
        "{{ 1 / 0 }}",
        "{{ 'a' | int('b') + 1 }}",
    ],
)
def test_a_template_that_fails_refuses(template: str) -> None:
    with pytest.raises(BadData, match="refuses this conversation"):
        renderer(template).render([], None, answer_follows=False)
