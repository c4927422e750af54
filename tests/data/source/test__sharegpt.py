import json
from dataclasses import replace

import pytest
from hypothesis import given

from tunesmith.core.example import Message, ToolCall
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._sharegpt import read_sharegpt
from written_rows import conversations, sharegpt

HUMAN, GPT = {"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}


def refusal(*turns):
    with pytest.raises(Refused) as caught:
        read_sharegpt(list(turns), "'conversations'")
    return f"{caught.value.reason}: {caught.value.found}. {caught.value.remedy}"


@given(conversations(tools=True, ids=False))
def test_what_sharegpt_writes_is_read_as_it_was(turns):
    unnamed = tuple(replace(turn, name="") for turn in turns)  # an observation does not say of what
    assert read_sharegpt(sharegpt(turns), "'conversations'") == unnamed


def test_names_of_openai_s_roles_are_known_too():
    turns = [{**HUMAN, "from": "user"}, {**GPT, "from": "assistant"}, {"from": "tool", "value": ""}]
    assert read_sharegpt(turns, "c") == (Message("user", "u"), Message("assistant", "a"), Message("tool", ""))


def test_several_functions_may_be_called_at_once():
    calls = [{"name": "f", "arguments": "{}"}, {"name": "g", "arguments": {"a": 1}}]
    (turn,) = read_sharegpt([{"from": "function_call", "value": json.dumps(calls)}], "c")
    assert turn.tool_calls == (ToolCall("f", "{}"), ToolCall("g", '{"a": 1}'))


def test_an_answer_that_looks_like_a_call_stays_an_answer():
    said = json.dumps({"name": "f", "arguments": {}})
    assert read_sharegpt([{"from": "gpt", "value": said}], "c") == (Message("assistant", said),)


CALL = 'Write {"id": ..., "type": "function", "function": {"name": ..., "arguments": "{...}"}}.'


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        (
            "hello",
            'wrong type: \'conversations\', turn 3 is \'hello\'. Write {"from": "human", "value": ...}.',
        ),
        (
            {"from": "human"},
            "wrong type: 'conversations', turn 3 is {'from': 'human'}. "
            'Write {"from": "human", "value": ...}.',
        ),
        (
            {"from": "bing", "value": "x"},
            "unknown role: 'conversations', turn 3 is from 'bing'. "
            "Use system, human, gpt, function_call or observation.",
        ),
        (
            {"from": ["gpt"], "value": "x"},
            "unknown role: 'conversations', turn 3 is from ['gpt']. "
            "Use system, human, gpt, function_call or observation.",
        ),
        (
            {**HUMAN, "mood": "x"},
            "unknown key: 'conversations', turn 3 has 'mood': 'x'. "
            "Remove it if the answer can be learned without it.",
        ),
        (
            {**HUMAN, "weight": 1},
            "wrong weight: 'conversations', turn 3 (human) has weight 1. "
            "Only answers are trained; remove the weight of the others.",
        ),
        (
            {**GPT, "weight": 2},
            "wrong weight: 'conversations', turn 3 has weight 2. Use 1 to train a turn, 0 not to.",
        ),
        (
            {**HUMAN, "value": None},
            "empty message: 'conversations', turn 3 is null. Write the text, or remove the row.",
        ),
        (
            {**GPT, "value": ""},
            "empty answer: 'conversations', turn 3 is ''. Write the text, or remove the row.",
        ),
        (
            {"from": "function_call", "value": "f(1)"},
            f"wrong tool call: 'conversations', turn 3 is None. {CALL}",
        ),
        (
            {"from": "function_call", "value": "[]"},
            "wrong tool call: 'conversations', turn 3 calls nothing: []. Write the call, or an answer.",
        ),
    ],
)
def test_a_turn_that_cannot_be_read_is_named(turn, message):
    assert refusal(HUMAN, GPT | {"weight": None}, turn) == message


def test_turns_must_be_a_list():
    with pytest.raises(Refused) as caught:
        read_sharegpt("hello", "'conversations'")
    assert caught.value.found == "'conversations' is text: 'hello'"
