import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.example import Message
from tunesmith.data.source._columns import UNSET, recognise
from written_rows import conversations, openai, read, refusal, texts

FIRST = {"prompt": "p", "completion": "c"}
RATED = {**FIRST, "score": 5}


@given(
    conversations(tools=True, reasoning=True),
    st.sampled_from([("prompt", "completion"), ("query", "answer")]),
)
def test_prompt_and_completion_are_read_as_they_were_written(turns, names):
    prompt, completion = names
    rows = openai(turns)
    row = {prompt: rows[:-1], completion: rows[-1:]}
    assert read(row, first=dict.fromkeys(names, "")).messages == turns


@given(texts, texts)
def test_two_texts_are_a_question_and_its_answer(prompt, completion):
    example = read({"prompt": prompt, "completion": completion})
    assert example.messages == (Message("user", prompt), Message("assistant", completion))


@given(conversations(weight=0.0), st.data())
def test_alpaca_rows_are_read_as_they_were_written(turns, data):
    *before, question, answer = turns
    system = before.pop(0).content if before and before[0].role == "system" else ""
    history = [[ask.content, say.content] for ask, say in zip(before[::2], before[1::2], strict=True)]
    more = data.draw(texts | st.just(""))
    row = {
        "instruction": question.content,
        "input": more,
        "output": answer.content,
        "system": system,
        "history": history,
    }
    wanted = f"{question.content}\n\n{more}" if more else question.content
    example = read(row)
    assert recognise(row, UNSET).layout.name == "alpaca"
    assert example.messages == (*turns[:-2], Message("user", wanted), answer)
    assert example.fields == {}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {**FIRST, "completion": None},
            "empty answer: 'completion' is null. Write the text, or remove the row.",
        ),
        ({**FIRST, "completion": ""}, "empty answer: 'completion' is ''. Write the text, or remove the row."),
        ({**FIRST, "prompt": "\n"}, "empty prompt: 'prompt' is '\\n'. Write the text, or remove the row."),
        ({**FIRST, "prompt": 3}, "wrong type: 'prompt' is a number: 3. Write it as one text in quotes."),
        (
            {**FIRST, "completion": {"text": "c"}},
            "wrong type: 'completion' is an object: {'text': 'c'}. Write it as one text in quotes.",
        ),
        ({"prompt": [], "completion": []}, "no messages: an empty list. Write at least a user turn and an"),
        (
            {**FIRST, "completion": [{"role": "user", "content": "u"}]},
            "wrong role order: turn 2 is user, not assistant. Order the turns: system (optional), user,",
        ),
    ],
)
def test_a_side_that_cannot_be_read_is_named(row, message):
    assert refusal(row, first=FIRST).startswith(message)


@pytest.mark.parametrize(
    ("rating", "value"), [(5, 5.0), (0.25, 0.25), ("4.5", 4.5), (True, 1.0), ("false", 0.0)]
)
def test_a_rating_is_the_value_of_the_answer(rating, value):
    example = read({**FIRST, "score": rating, "id": 7}, first=RATED)
    assert (example.value, example.reference, example.fields) == (value, "c", {"id": 7})


def test_a_label_that_is_true_or_false_is_a_rating():
    first = {**FIRST, "label": True}
    assert recognise(first, UNSET).kind == "ratings"
    assert [read({**FIRST, "label": label}, first).value for label in (True, False)] == [1.0, 0.0]
    assert read({**FIRST, "label": "good"}).fields == {"label": "good"}


def test_a_whole_conversation_may_have_a_rating_where_the_recipe_says_so():
    turns = (Message("user", "u"), Message("assistant", "a"))
    row = {"messages": openai(turns), "stars": 4}
    assert read(row).fields == {"stars": 4}
    for options in ({"shape": "ratings"}, {"rating": "stars"}):
        example = read(row, **options)
        assert (example.messages, example.value, example.fields) == (turns, 4.0, {})


@pytest.mark.parametrize(
    ("rating", "message"),
    [
        (None, "not a number: 'score' is null: None. Write a number."),
        ("good", "not a number: 'score' is text: 'good'. Write a number."),
        ("", "not a number: 'score' is text: ''. Write a number."),
    ],
)
def test_a_row_without_a_rating_is_refused(rating, message):
    assert refusal({**FIRST, "score": rating}, first=RATED) == message


@pytest.mark.parametrize("name", ["label", "kto_tag", "KTO_Tag"])
@pytest.mark.parametrize("names", [("prompt", "completion"), ("instruction", "output")])
def test_a_column_that_says_whether_an_answer_is_good_is_a_rating(name, names):
    first = {**dict.fromkeys(names, "a"), name: True}
    assert [read({**first, name: truth}, first=first).value for truth in (True, False)] == [1.0, 0.0]
