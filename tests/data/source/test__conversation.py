import json

import pytest

from tunesmith.core.example import Message
from written_rows import TOOLS, assistant, read, refusal, user

FIRST = {"prompt": "p", "completion": "c"}


def test_a_text_is_one_turn_and_a_list_names_its_own():
    turns = [user("1"), assistant("2"), user("3")]
    example = read({"prompt": turns, "completion": [assistant("4")]})
    assert [(turn.role, turn.content, turn.weight) for turn in example.messages] == [
        ("user", "1", 1),
        ("assistant", "2", 0),
        ("user", "3", 1),
        ("assistant", "4", 1),
    ]
    assert read({"prompt": [user("p")], "completion": "c"}).messages == read(FIRST).messages


def test_earlier_answers_of_a_prompt_are_learned_where_they_say_so():
    turns = [user("1"), assistant("2", weight=1), user("3")]
    assert read({"prompt": turns, "completion": "4"}).messages[1].weight == 1
    whole = [*turns[:1], assistant("2", weight=0), *turns[2:], assistant("4")]
    assert [turn.weight for turn in read({"messages": whole}).messages] == [1, 0, 1, 1]


def test_other_columns_continue_the_prompt_after_a_blank_line():
    first = {"instruction": "i", "input": "x", "context": "y", "response": "o"}
    assert read(first).prompt[0].content == "i\n\nx\n\ny"
    for empty in ("", " ", None):
        assert read({**first, "input": empty, "context": empty}, first).prompt[0].content == "i"


def test_nothing_can_continue_a_prompt_of_several_turns():
    first = {"prompt": "p", "context": "x", "completion": "c"}
    turns = [user("u"), assistant("a"), user("v")]
    assert read({**first, "prompt": turns[:1]}, first).prompt == (Message("user", "u\n\nx"),)
    assert len(read({**first, "prompt": turns, "context": " "}, first).prompt) == 3
    assert refusal({**first, "prompt": turns}, first) == (
        "wrong type: 'context' is text beside a prompt of several turns. "
        "Only a prompt that is one text can be continued; write it as a turn of its own."
    )
    assert refusal({**first, "context": 3}, first).startswith("wrong type: 'context' is a number: 3.")


@pytest.mark.parametrize(
    "row",
    [FIRST, {"messages": [user("p"), assistant("c")]}, {"conversations": [{"from": "human", "value": "p"}]}],
)
def test_a_system_prompt_may_have_its_own_column(row):
    if "conversations" in row:
        row = {"conversations": [*row["conversations"], {"from": "gpt", "value": "c"}]}
    assert read({**row, "system": "s"}).messages == (
        Message("system", "s"),
        Message("user", "p"),
        Message("assistant", "c"),
    )
    for empty in ("", " ", None):
        assert len(read({**row, "system": empty}).messages) == 2
    assert refusal({**row, "system": 3}) == (
        "wrong type: 'system' is a number: 3. Write it as one text in quotes."
    )


def test_two_system_prompts_are_refused():
    turns = [{"role": "system", "content": "s"}, user()]
    said = "two system prompts: 'system', and the first turn. Keep one of them."
    assert refusal({"system": "t", "messages": [*turns, assistant()]}) == said
    assert refusal({"system": "t", "prompt": turns, "completion": "c"}) == said


def test_earlier_turns_may_have_their_own_column_and_are_not_learned():
    row = {**FIRST, "system": "s", "history": [["q", "r"], ["t", "u"]]}
    assert [(turn.role, turn.content, turn.weight) for turn in read(row).messages] == [
        ("system", "s", 1),
        ("user", "q", 1),
        ("assistant", "r", 0),
        ("user", "t", 1),
        ("assistant", "u", 0),
        ("user", "p", 1),
        ("assistant", "c", 1),
    ]
    for empty in ([], None, ""):
        assert read({**FIRST, "history": empty}).messages == read(FIRST).messages


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ("q: r", "wrong type: 'history', pair 1 is 'q: r'. Write [[\"question\", \"answer\"], ...]."),
        (
            [["q", "r"], ["q"]],
            "wrong type: 'history', pair 2 is ['q']. Write [[\"question\", \"answer\"], ...].",
        ),
        (
            [["q", ""]],
            "empty answer: 'history', pair 1, answer is ''. Write the text, or remove the row.",
        ),
        (
            [[None, "r"]],
            "empty message: 'history', pair 1, question is null. Write the text, or remove the row.",
        ),
    ],
)
def test_earlier_turns_that_cannot_be_read_are_named(history, message):
    assert refusal({**FIRST, "history": history}) == message


@pytest.mark.parametrize(
    "row",
    [
        FIRST,
        {"messages": [user("p"), assistant("c")]},
        {"conversations": [{"from": "human", "value": "p"}, {"from": "gpt", "value": "c"}]},
        {"prompt": "p", "chosen": "c", "rejected": "r"},
        {**FIRST, "score": 5},
        {"messages": [user("p")], "answer": "c"},
    ],
)
def test_functions_are_kept_with_any_conversation(row):
    assert json.loads(read({**row, "tools": TOOLS}).tools) == TOOLS
    assert read({**row, "tools": TOOLS}).fields == read(row).fields
    assert read(row).tools == ""
    assert refusal({**row, "tools": 7}) == "wrong type: 'tools' is a number: 7. Write a list of functions."
