import json

import pytest
from hypothesis import given

from tunesmith.core.example import Message
from tunesmith.data.source._columns import UNSET, Columns, recognise
from written_rows import TOOLS, assistant, call, conversations, legacy, openai, read, refusal, sharegpt, user

FIRST = {"messages": [user(), assistant()]}


@given(conversations(tools=True, reasoning=True))
def test_openai_s_rows_are_read_as_they_were_written(turns):
    row = {"messages": openai(turns), "tools": TOOLS, "parallel_tool_calls": False}
    example = read(row)
    assert (example.messages, json.loads(example.tools)) == (turns, TOOLS)
    assert example.fields == {"parallel_tool_calls": False}


@given(conversations(tools=True, ids=False))
def test_openai_s_rows_of_the_old_form_are_read_as_they_were_written(turns):
    row = {"messages": legacy(turns), "functions": [tool["function"] for tool in TOOLS]}
    example = read(row)
    assert (example.messages, json.loads(example.tools)) == (turns, TOOLS)


@given(conversations(tools=True, ids=False))
def test_sharegpt_s_rows_are_read_as_they_were_written(turns):
    system = turns[0].content if turns[0].role == "system" else None
    rows = sharegpt(turns)
    row = {"conversations": rows[1:] if system else rows, "system": system, "tools": json.dumps(TOOLS)}
    example = read(row)
    assert recognise(row, UNSET).layout.name == "sharegpt"
    assert [(t.role, t.content, t.weight) for t in example.messages] == [
        (t.role, t.content, t.weight) for t in turns
    ]
    assert [t.tool_calls for t in example.messages] == [t.tool_calls for t in turns]
    assert (json.loads(example.tools), example.fields) == (TOOLS, {})


def test_a_call_may_be_the_last_word():
    row = {"messages": [user(), assistant(None, tool_calls=[call()])], "tools": TOOLS}
    assert read(row).messages[-1].tool_calls[0].name == "f"


def test_turns_in_a_column_of_another_name_are_read_where_the_recipe_says_so():
    row = {"dialogue": [user(), assistant()], "id": 1}
    assert read(row, messages="dialogue").messages == (Message("user", "u"), Message("assistant", "a"))
    other = {"dialogue": [{"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}]}
    assert read(other, messages="dialogue").messages == read(row, messages="dialogue").messages
    assert recognise(other, Columns(messages="dialogue")).layout.name == "sharegpt"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"messages": "hello"}, "wrong type: 'messages' is text: 'hello'. Write a list of messages."),
        ({"messages": []}, "no messages: an empty list. Write at least a user turn and an assistant turn."),
        (
            {"messages": [user()]},
            "wrong role order: the last turn, 1, is user. Order the turns: system (optional),",
        ),
        (
            {"messages": [user(3), assistant()]},
            "wrong type: 'messages', turn 1 is a number: 3. Write it as one",
        ),
        (
            {"messages": [user(), assistant(None, tool_calls=[call("x")])], "tools": TOOLS},
            "unknown tool: turn 2 calls 'x', but there are only 'f', 'g', 'h'. Correct the name, or write",
        ),
        (
            {"messages": [user(), assistant(weight=0)]},
            "nothing to train: every assistant turn has weight 0. Give",
        ),
    ],
)
def test_a_row_that_is_no_conversation_is_named(row, message):
    assert refusal(row, first=FIRST).startswith(message)


def test_a_row_of_sharegpt_that_is_no_conversation_is_named():
    first = {"conversations": [{"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}]}
    assert refusal({"conversations": first["conversations"][1:]}, first).startswith(
        "wrong role order: turn 1 is assistant, not user."
    )
    assert refusal({"conversations": []}, first).startswith("no messages: an empty list.")


def test_a_wrong_guess_can_be_overridden():
    row = {"messages": [user()], "topic": "x"}
    assert recognise(row, UNSET).kind == "prompts"
    assert refusal(row, shape="messages").startswith("wrong role order: the last turn, 1, is user.")
