import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.example import Message
from tunesmith.data.source._columns import UNSET, recognise
from written_rows import TOOLS, assistant, call, conversations, openai, read, refusal, texts, tool, user

REFERENCES = ["reference", "reference_answer", "expected", "target", "solution", "ground_truth"]
values = texts | st.integers() | st.booleans() | st.dictionaries(texts, texts, max_size=2)


@given(conversations(tools=True, reasoning=True), st.sampled_from([*REFERENCES, "answer"]), values, values)
def test_openai_s_rows_for_reinforcement_are_read_as_they_were_written(turns, name, reference, item):
    row = {"messages": openai(turns[:-1]), name: reference, "item": item, "tools": TOOLS}
    example = read(row)
    assert recognise(row, UNSET).kind == "prompts"
    assert example.messages == turns[:-1]
    assert example.wanted == (
        reference if isinstance(reference, str) else json.dumps(reference, ensure_ascii=False)
    )
    assert example.fields == {name: reference, "item": item}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_prompt_with_a_reference_waits_for_its_answer(name):
    example = read({"question": "q", "context": "x", name: "r", "id": 1})
    assert example.messages == (Message("user", "q\n\nx"),)
    assert (example.wanted, example.reference, example.fields) == ("r", "r", {name: "r", "id": 1})


def test_with_an_answer_to_learn_a_reference_is_kept_beside_it():
    example = read({"question": "q", "answer": "a", "ground_truth": "g"})
    assert (example.reference, example.wanted, example.fields) == ("a", "", {"ground_truth": "g"})
    assert read({"question": "q", "answer": "a", "solution": "g"}, reference="solution").wanted == "g"
    assert read({"question": "q", "answer": "a"}, prompt="question", reference="answer").wanted == "a"


def test_a_reference_can_be_learned_where_the_recipe_says_so():
    assert read({"prompt": "p", "target": "t"}, completion="target").reference == "t"
    assert read({"prompt": "p", "target": "t"}, completion="target").prompt == (Message("user", "p"),)


def test_messages_without_a_reference_are_prompts_if_something_else_is_there_to_grade_by():
    example = read({"messages": [user()], "compliant": "yes"})
    assert (example.wanted, example.fields) == ("", {"compliant": "yes"})


def test_prompts_alone_are_read_where_the_recipe_says_so():
    assert read({"messages": [user()]}, shape="prompts").messages == (Message("user", "u"),)
    assert read({"prompt": "p", "completion": "c"}, shape="prompts").fields == {"completion": "c"}
    assert read({"prompt": "p", "reference": "r"}, shape="prompts").wanted == "r"
    assert read({"instruction": "p", "input": "x"}, shape="prompts").messages[0].content == "p\n\nx"


def test_a_prompt_may_end_with_what_a_tool_gave():
    turns = [user(), assistant(None, tool_calls=[call()]), tool()]
    assert read({"messages": turns, "answer": "a"}).messages[-1] == Message("tool", "r", call="1")


def test_earlier_answers_are_not_learned():
    turns = [user(), assistant("no"), user("go on")]
    for row in ({"messages": turns, "answer": "a"}, {"prompt": turns, "solution": "a"}):
        assert [turn.weight for turn in read(row).messages] == [1, 0, 1]


FIRST = {"messages": [user()], "answer": "a"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**FIRST, "answer": None}, "empty reference: 'answer' is null. Write the text, or remove the row."),
        ({**FIRST, "answer": " "}, "empty reference: 'answer' is ' '. Write the text, or remove the row."),
        (
            {**FIRST, "messages": [user(), assistant()]},
            "wrong role order: the last turn, 2, is assistant. "
            "End a prompt with the turn that is to be answered: the user's, or a tool's.",
        ),
        (
            {**FIRST, "messages": []},
            "no messages: an empty list. Write at least a user turn and an assistant turn.",
        ),
        (
            {"messages": [user()]},
            "missing field: no column 'answer', only 'messages'. Give every row the same",
        ),
    ],
)
def test_a_row_that_does_not_wait_for_an_answer_is_named(row, message):
    assert refusal(row, first=FIRST).startswith(message)


def test_two_references_leave_a_doubt():
    for row in (
        {"prompt": "p", "target": "t", "solution": "s"},
        {"messages": [user()], "target": 1, "solution": 2},
    ):
        assert refusal(row) == (
            "columns not recognised: 'target', 'solution'. "
            "Say which one the answer is held against: data.source.columns.reference=..."
        )
        assert read(row, reference="target").wanted in ("t", "1")
