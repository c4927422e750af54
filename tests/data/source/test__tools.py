import json

import pytest

from tunesmith.core.example import ToolCall
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._tools import NO_TOOLS, read_call, read_calls, read_tools
from written_rows import TOOLS, call

CALL = 'Write {"id": ..., "type": "function", "function": {"name": ..., "arguments": "{...}"}}.'
TOOL = 'Write {"type": "function", "function": {"name": ..., "parameters": {...}}}.'


def refusal(read, *given):
    with pytest.raises(Refused) as caught:
        read(*given)
    return f"{caught.value.reason}: {caught.value.found}. {caught.value.remedy}"


def test_functions_are_json_text_with_their_names():
    tools = read_tools(TOOLS, "'tools'")
    assert json.loads(tools.text) == TOOLS
    assert tools.names == {"f", "g", "h"}


def test_functions_may_be_given_as_json_text_or_without_their_wrapping():
    bare = [tool["function"] for tool in TOOLS]
    wanted = read_tools(TOOLS, "'tools'")
    assert read_tools(json.dumps(TOOLS), "'tools'") == read_tools(bare, "'tools'") == wanted


@pytest.mark.parametrize("empty", [None, "", []])
def test_no_functions_are_no_text(empty):
    assert read_tools(empty, "'tools'") == NO_TOOLS == ("", frozenset())


def test_other_alphabets_are_kept_readable():
    tools = [{"type": "function", "function": {"name": "größe"}}]
    assert "größe" in read_tools(tools, "'tools'").text


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        (7, "wrong type: 'tools' is a number: 7. Write a list of functions."),
        ("f", "wrong type: 'tools' is text: 'f'. Write a list of functions."),
        ("[NaN]", "wrong type: 'tools' is text: '[NaN]'. Write a list of functions."),
        ("[" * 100_000, None),
        (["f"], f"wrong tool: 'tools', function 1 is 'f'. {TOOL}"),
        ([{"type": "function"}], f"wrong tool: 'tools', function 1 is {{'type': 'function'}}. {TOOL}"),
        (
            [*TOOLS, {"type": "web_search", "function": {"name": "x"}}],
            "wrong tool: 'tools', function 4 has type 'web_search'. Only functions can be called.",
        ),
        (
            [{"function": {"name": "x"}}],
            "wrong tool: 'tools', function 1 has type None. Only functions can be called.",
        ),
        (
            [{"type": "function", "function": {}}],
            "empty name: 'tools', function 1, its name is null. Write the text, or remove the row.",
        ),
        ([*TOOLS, TOOLS[1]], "wrong tool: 'tools' has 'g' twice. Keep one function of each name."),
        ([{"name": "\ud800"}], "lone surrogate: 'tools', function 1, its name, character 1: \\ud800."),
        ([{"name": "f", "description": "\ud800"}], "lone surrogate: 'tools', character "),
    ],
)
def test_functions_that_cannot_be_read_are_named(tools, message):
    assert refusal(read_tools, tools, "'tools'").startswith(message or "wrong type: 'tools' is text: '[[[[")


def test_calls_are_read_with_their_ids():
    calls = [call("f", '{"a": 1}', "x"), {"type": "function", "function": {"name": "g", "arguments": "{}"}}]
    assert read_calls({"tool_calls": calls}, "w") == (ToolCall("f", '{"a": 1}', "x"), ToolCall("g", "{}"))
    assert read_calls({"tool_calls": [call(id=None) | {"type": "function"}]}, "w") == (ToolCall("f", "{}"),)


def test_the_old_form_is_a_call_without_an_id():
    function = {"name": "f", "arguments": "{}"}
    assert read_calls({"function_call": function, "tool_calls": None}, "w") == (ToolCall("f", "{}"),)
    assert read_call(function, "w") == ToolCall("f", "{}")


@pytest.mark.parametrize("turn", [{}, {"tool_calls": None}, {"tool_calls": []}, {"function_call": None}])
def test_no_calls_are_none(turn):
    assert read_calls(turn, "w") == ()


def test_the_text_of_arguments_is_kept_and_an_object_is_written_as_text():
    assert read_calls({"tool_calls": [call(arguments=' {"a":1 }')]}, "w")[0].arguments == ' {"a":1 }'
    assert read_calls({"tool_calls": [call(arguments={"ä": 1})]}, "w")[0].arguments == '{"ä": 1}'


ARGUMENTS = "Write the arguments as the text of a JSON object; for none write {} in quotes."


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        (
            {"tool_calls": [call()], "function_call": {"name": "f", "arguments": "{}"}},
            "wrong tool call: w has tool_calls and function_call. Keep tool_calls.",
        ),
        (
            {"tool_calls": {"a": 1}},
            "wrong type: w has tool_calls that are an object: {'a': 1}. Write a list of calls.",
        ),
        ({"tool_calls": ["f"]}, f"wrong tool call: w, call 1 is 'f'. {CALL}"),
        ({"tool_calls": [call(), call() | {"when": "now"}]}, None),
        (
            {"tool_calls": [call() | {"type": "custom"}]},
            "wrong tool call: w, call 1 has type 'custom'. Only functions can be called.",
        ),
        ({"tool_calls": [{"id": "1"}]}, f"wrong tool call: w, call 1 is None. {CALL}"),
        (
            {"function_call": {"name": "f"}},
            f"wrong tool call: w is {{'name': 'f'}}. {CALL}",
        ),
        (
            {"tool_calls": [call("")]},
            "empty name: w, call 1, its name is ''. Write the text, or remove the row.",
        ),
        (
            {"tool_calls": [call(id=3)]},
            "wrong type: w, call 1, its id is a number: 3. Write it as one text in quotes.",
        ),
        (
            {"tool_calls": [call(arguments="")]},
            "empty arguments: w, call 1, its arguments is ''. Write the text, or remove the row.",
        ),
        (
            {"tool_calls": [call(arguments="x=1")]},
            f"wrong tool call: w, call 1 has arguments 'x=1'. {ARGUMENTS}",
        ),
        (
            {"tool_calls": [call(arguments="[1]")]},
            f"wrong tool call: w, call 1 has arguments '[1]'. {ARGUMENTS}",
        ),
        (
            {"tool_calls": [call(arguments='{"a": NaN}')]},
            f"wrong tool call: w, call 1 has arguments '{{\"a\": NaN}}'. {ARGUMENTS}",
        ),
        (
            {"tool_calls": [call(arguments=7)]},
            "wrong type: w, call 1, its arguments is a number: 7. Write it as one text in quotes.",
        ),
        (
            {"tool_calls": [call(arguments={"a": "\ud800"})]},
            "lone surrogate: w, call 1, its arguments, character",
        ),
    ],
)
def test_calls_that_cannot_be_read_are_named(turn, message):
    assert refusal(read_calls, turn, "w").startswith(message or "wrong tool call: w, call 2 is {'id'")
