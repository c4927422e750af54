import pytest

from tunesmith.core.errors import BadOption
from tunesmith.data.source._columns import Columns, recognise
from tunesmith.data.source._refused import Refused

UNSET = Columns()

RECOGNISED = [
    ({"messages": []}, "messages", ("messages",)),
    ({"prompt": "", "messages": []}, "messages", ("messages",)),
    ({"prompt": "", "completion": ""}, "prompt and completion", ("prompt", "completion")),
    ({"completion": "", "prompt": ""}, "prompt and completion", ("prompt", "completion")),
    ({"Question ": "", "Answer": ""}, "prompt and completion", ("Question ", "Answer")),
    ({"instruction": "", "output": ""}, "prompt and completion", ("instruction", "output")),
    ({"instruction": "", "response": ""}, "prompt and completion", ("instruction", "response")),
    ({"input": "", "output": ""}, "prompt and completion", ("input", "output")),
    (
        {"instruction": "", "input": "", "output": ""},
        "prompt and completion",
        ("instruction", "output", "input"),
    ),
    (
        {"id": "", "question": "", "answer": "", "category": ""},
        "prompt and completion",
        ("question", "answer"),
    ),
    ({"prompt": None, "completion": None}, "prompt and completion", ("prompt", "completion")),
    ({"mr": "", "ref": ""}, "prompt and completion", ("mr", "ref")),
    ({"id": "", "mr": "", "n": 1, "ref": ""}, "prompt and completion", ("mr", "ref")),
    ({"context": "", "response": ""}, "prompt and completion", ("context", "response")),
    ({"question": "", "summary": ""}, "prompt and completion", ("question", "summary")),
    ({"text": "", "label": ""}, "text and label", ("text", "label")),
    ({"category": "", "text": "", "title": ""}, "text and label", ("text", "category")),
    ({"sentence": "", "label": 1}, "text and label", ("sentence", "label")),
    ({"text": ""}, "text", ("text",)),
    ({"text": "", "url": "", "score": 0.5}, "text", ("text",)),
]

DOUBTFUL = [
    {},
    {"foo": ""},
    {"a": "", "b": "", "c": ""},
    {"text": "", "summary": ""},
    {"prompt": ""},
    {"id": "", "prompt": ""},
    {"name": "", "instruction": ""},
    {"answer": "", "summary": ""},
    {"instruction": "", "name": "", "instances": []},
    {"prompt": "", "question": "", "answer": ""},
    {"prompt": "", "Prompt": "", "answer": ""},
    {"prompt": "", "answer": "", "response": ""},
    {"prompt": "", "completion": "", "text": "", "label": ""},
    {"question": "", "foo": "", "label": ""},
    {"sentence1": "", "sentence2": "", "label": ""},
    {"chosen": "", "rejected": ""},
    {"chosen": "a", "rejected": "b"},
    {"conversations": [{"from": "human", "value": "u"}]},
    {"prompt": "p", "completion": "c", "tools": ["f"]},
]


@pytest.mark.parametrize(("row", "layout", "columns"), RECOGNISED)
def test_clear_columns_are_recognised(row, layout, columns):
    shape = recognise(row, UNSET)
    assert (shape.layout, shape.columns) == (layout, columns)
    assert set(shape.ignored) == row.keys() - set(columns)


@pytest.mark.parametrize("row", DOUBTFUL)
def test_doubtful_columns_are_refused_with_the_options_that_settle_them(row):
    with pytest.raises(Refused) as caught:
        recognise(row, UNSET)
    assert caught.value.reason in ("columns not recognised", "not supported yet")
    assert "data.source.prompt=... data.source.completion=..." in caught.value.remedy


@pytest.mark.parametrize(
    ("options", "layout", "columns"),
    [
        ({"prompt": "c", "completion": "a"}, "prompt and completion", ("c", "a")),
        ({"text": "c", "label": "a"}, "text and label", ("c", "a")),
        ({"text": "c"}, "text", ("c",)),
        ({"prompt": "input"}, "prompt and completion", ("input", "output")),
        ({"completion": "a"}, "prompt and completion", ("input", "a")),
    ],
)
def test_options_settle_any_doubt(options, layout, columns):
    row = {"a": "", "b": "", "c": "", "input": "", "output": "", "messages": []}
    shape = recognise(row, Columns(**options))
    assert (shape.layout, shape.columns, shape.why) == (layout, columns, "as the options say")


def test_one_option_may_leave_one_column():
    assert recognise({"a": "", "b": ""}, Columns(prompt="b")).columns == ("b", "a")
    assert recognise({"a": "", "b": ""}, Columns(label="a")).columns == ("b", "a")


@pytest.mark.parametrize("options", [{"prompt": "a", "label": "b"}, {"prompt": "a", "completion": "a"}])
def test_options_that_contradict_each_other_are_refused(options):
    with pytest.raises(BadOption, match=r"data\.source"):
        recognise({"a": "", "b": ""}, Columns(**options))


def test_the_sentence_says_what_is_read_and_what_is_ignored():
    sentence = recognise({"id": 1, "instruction": "", "input": "", "output": ""}, UNSET).sentence("JSONL")
    assert sentence == (
        "JSONL with columns 'instruction', 'output' and 'input', read as prompt and completion "
        "(by their names, 'input' continues the prompt); "
        "override with data.source.prompt=... data.source.completion=...; ignored columns: 'id'"
    )
