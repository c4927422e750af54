"""What columns are recognised as, what is refused, and what options settle."""

import json
from typing import get_args

import pytest
from pydantic import TypeAdapter

from tunesmith import recipe as recipes
from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadOption
from tunesmith.core.registry import Registry
from tunesmith.data.source._columns import LAYOUTS, UNSET, Columns, ShapeName, recognise
from tunesmith.data.source._refused import Refused
from written_rows import assistant, call, refusal, tool, user

CHAT = [user(), assistant()]
TRANSCRIPT = "\n\nHuman: u\n\nAssistant: "
FROM = [{"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}]

RECOGNISED = [
    ({"messages": []}, "messages", ("messages",)),
    ({"messages": CHAT}, "messages", ("messages",)),
    ({"prompt": "", "messages": []}, "messages", ("messages",)),
    ({"prompt": "", "completion": "", "text": "", "messages": CHAT}, "messages", ("messages",)),
    ({"conversations": CHAT}, "messages", ("conversations",)),
    ({"system": "s", "messages": CHAT, "tools": []}, "messages", ("messages", "system", "tools")),
    ({"messages": CHAT, "functions": [{"name": "f"}]}, "messages", ("messages", "functions")),
    ({"messages": CHAT, "tools": None, "functions": [{}]}, "messages", ("messages", "functions")),
    ({"messages": CHAT, "score": 1}, "messages", ("messages",)),
    ({"messages": [user(), assistant(None, tool_calls=[call()])]}, "messages", ("messages",)),
    ({"conversations": FROM}, "sharegpt", ("conversations",)),
    ({"Conversation": FROM, "id": "x"}, "sharegpt", ("Conversation",)),
    ({"messages": FROM}, "sharegpt", ("messages",)),
    ({"conversation": "", "summary": ""}, "prompt_completion", ("conversation", "summary")),
    ({"instruction": "", "output": ""}, "alpaca", ("instruction", "output")),
    ({"instruction": "", "input": "", "output": ""}, "alpaca", ("instruction", "output", "input")),
    (
        {"instruction": "", "output": "", "system": "", "history": []},
        "alpaca",
        ("instruction", "output", "system", "history"),
    ),
    ({"prompt": "", "completion": ""}, "prompt_completion", ("prompt", "completion")),
    ({"completion": "", "prompt": ""}, "prompt_completion", ("prompt", "completion")),
    ({"Question ": "", "Answer": ""}, "prompt_completion", ("Question ", "Answer")),
    ({"instruction": "", "response": ""}, "prompt_completion", ("instruction", "response")),
    ({"input": "", "output": ""}, "prompt_completion", ("input", "output")),
    (
        {"id": "", "question": "", "answer": "", "category": ""},
        "prompt_completion",
        ("question", "answer"),
    ),
    ({"question": "", "answer": "", "ground_truth": ""}, "prompt_completion", ("question", "answer")),
    ({"prompt": None, "completion": None}, "prompt_completion", ("prompt", "completion")),
    (
        {"system_prompt": "", "question": "", "response": ""},
        "prompt_completion",
        ("question", "response", "system_prompt"),
    ),
    ({"mr": "", "ref": ""}, "prompt_completion", ("mr", "ref")),
    ({"id": "", "mr": "", "n": 1, "ref": ""}, "prompt_completion", ("mr", "ref")),
    ({"mr": "", "ref": "", "score": 0.5}, "prompt_completion", ("mr", "ref")),
    ({"context": "", "response": ""}, "prompt_completion", ("context", "response")),
    ({"question": "", "summary": ""}, "prompt_completion", ("question", "summary")),
    ({"prompt": "", "completion": "", "label": "good"}, "prompt_completion", ("prompt", "completion")),
    ({"prompt": "", "completion": "", "score": "good"}, "prompt_completion", ("prompt", "completion")),
    ({"prompt": "", "chosen": "", "rejected": ""}, "pairs", ("prompt", "chosen", "rejected")),
    ({"chosen": CHAT, "rejected": CHAT}, "pairs", ("chosen", "rejected")),
    (
        {"instruction": "", "input": "", "chosen": "", "rejected": ""},
        "pairs",
        ("instruction", "chosen", "rejected", "input"),
    ),
    (
        {"input": {}, "preferred_output": [], "non_preferred_output": []},
        "pairs",
        ("input", "preferred_output", "non_preferred_output"),
    ),
    (
        {"input": {}, "preferred_completion": [], "non_preferred_completion": []},
        "pairs",
        ("input", "preferred_completion", "non_preferred_completion"),
    ),
    ({"chosen": TRANSCRIPT, "rejected": TRANSCRIPT}, "transcripts", ("chosen", "rejected")),
    ({"prompt": "", "chosen": TRANSCRIPT, "rejected": TRANSCRIPT}, "transcripts", ("chosen", "rejected")),
    ({"prompt": "", "completion": "", "rating": 4}, "ratings", ("prompt", "completion", "rating")),
    ({"prompt": "", "completion": "", "stars": "4.5"}, "ratings", ("prompt", "completion", "stars")),
    ({"instruction": "", "output": "", "score": None}, "ratings", ("instruction", "output", "score")),
    ({"prompt": "", "completion": "", "label": True}, "ratings", ("prompt", "completion", "label")),
    ({"prompt": "", "completion": "", "label": "False"}, "ratings", ("prompt", "completion", "label")),
    ({"messages": [user()], "reference_answer": {}}, "prompts", ("messages", "reference_answer")),
    ({"messages": [user()], "answer": "x", "id": 1}, "prompts", ("messages", "answer")),
    ({"messages": [user()], "compliant": "yes"}, "prompts", ("messages",)),
    (
        {"messages": [*CHAT[:1], assistant(None, tool_calls=[call()]), tool()], "k": 1},
        "prompts",
        ("messages",),
    ),
    ({"prompt": "", "reference": ""}, "prompts", ("prompt", "reference")),
    ({"question": "", "context": "", "target": ""}, "prompts", ("question", "target", "context")),
    ({"text": "", "label": ""}, "labels", ("text", "label")),
    ({"text": "", "label": True}, "labels", ("text", "label")),
    ({"text": "", "labels": ["a", "b"]}, "labels", ("text", "labels")),
    ({"category": "", "text": "", "title": ""}, "labels", ("text", "category")),
    ({"sentence": "", "label": 1}, "labels", ("sentence", "label")),
    ({"text": "", "label": 0.5}, "numbers", ("text", "label")),
    ({"text": "", "label": "0.5"}, "numbers", ("text", "label")),
    ({"words": [], "tags": []}, "tags", ("words", "tags")),
    ({"id": 1, "tokens": [], "ner_tags": []}, "tags", ("tokens", "ner_tags")),
    ({"text": ""}, "text", ("text",)),
    ({"text": "", "url": "", "score": 0.5}, "text", ("text",)),
]

DOUBTFUL = [
    {},
    {"foo": ""},
    {"a": "", "b": "", "c": ""},
    {"text": "", "summary": ""},
    {"text": "", "target": ""},
    {"prompt": "", "text": ""},
    {"prompt": ""},
    {"id": "", "prompt": ""},
    {"name": "", "instruction": ""},
    {"answer": "", "summary": ""},
    {"instruction": "", "name": "", "instances": []},
    {"prompt": "", "question": "", "answer": ""},
    {"prompt": "", "Prompt": "", "answer": ""},
    {"prompt": "", "answer": "", "response": ""},
    {"question": "", "foo": "", "label": ""},
    {"mr": "", "ref": "", "label": 1},
    {"review": "", "stars": "5"},
    {"article": "", "target": ""},
    {"sentence1": "", "sentence2": "", "label": ""},
    {"chosen": "", "rejected": ""},
    {"chosen": "a", "rejected": "b"},
    {"chosen": TRANSCRIPT, "rejected": "b"},
    {"prompt": "", "question": "", "chosen": "a", "rejected": "b"},
    {"conversations": [], "id": 1},
    {"conversations": FROM, "messages": CHAT},
    {"messages": [user()]},
    {"messages": [user()], "id": 1, "tools": [], "parallel_tool_calls": True},
]

AMBIGUOUS = [
    ({"prompt": "", "reference": "", "text": "", "label": ""}, "prompts", "labels"),
    ({"messages": [user()], "question": "", "answer": ""}, "prompt_completion", "prompts"),
    ({"prompt": "", "completion": "", "text": "", "label": ""}, "prompt_completion", "labels"),
    ({"prompt": "", "completion": "", "chosen": "", "rejected": ""}, "prompt_completion", "pairs"),
    ({"prompt": "", "messages": CHAT, "chosen": CHAT, "rejected": CHAT}, "messages", "pairs"),
]

CHOICES = (
    "Say what they hold: data.source.columns.prompt=... data.source.columns.completion=..., "
    "or data.source.columns.text=... with or without data.source.columns.label=..., "
    "or what the rows are: data.source.columns.shape=..."
)


@pytest.mark.parametrize(("row", "name", "columns"), RECOGNISED)
def test_clear_columns_are_recognised(row, name, columns):
    shape = recognise(row, UNSET)
    assert (shape.layout.name, shape.columns) == (name, columns)
    assert set(shape.others) == row.keys() - set(columns)


def test_every_layout_is_recognised_and_has_its_name():
    names = [layout.name for layout in LAYOUTS]
    assert tuple(names) == get_args(ShapeName)
    assert {name for _, name, _ in RECOGNISED} == set(names)


@pytest.mark.parametrize("row", DOUBTFUL)
def test_doubtful_columns_are_refused_with_the_options_that_settle_them(row):
    with pytest.raises(Refused) as caught:
        recognise(row, UNSET)
    assert caught.value.reason == "columns not recognised"
    assert caught.value.remedy.startswith(CHOICES)


@pytest.mark.parametrize(("row", "one", "other"), AMBIGUOUS)
def test_columns_with_two_readings_are_refused_and_either_can_be_chosen(row, one, other):
    with pytest.raises(Refused) as caught:
        recognise(row, UNSET)
    options = f"Say which: data.source.columns.shape={one} or data.source.columns.shape={other}."
    assert caught.value.remedy.endswith(options)
    for name in (one, other):
        assert recognise(row, Columns(shape=name)).layout.name == name


def test_two_readings_are_told_in_words():
    assert refusal(AMBIGUOUS[3][0]) == (
        "columns not recognised: 'prompt', 'completion', 'chosen', 'rejected'. This could be prompt and "
        "completion or pairs of a preferred and a rejected answer. Say which: "
        "data.source.columns.shape=prompt_completion or data.source.columns.shape=pairs."
    )


@pytest.mark.parametrize("row", [{"prompt": "p"}, {"messages": [user()], "id": 1}])
def test_prompts_alone_are_read_only_where_the_recipe_says_so(row):
    hint = "For prompts without an answer: data.source.columns.shape=prompts."
    assert refusal(row).endswith(f"{CHOICES} {hint}")
    assert hint not in refusal({"foo": ""})
    shape = recognise(row, Columns(shape="prompts"))
    assert (shape.kind, shape.why) == ("prompts", "as the options say")


@pytest.mark.parametrize(
    ("options", "name", "columns"),
    [
        ({"prompt": "c", "completion": "a"}, "prompt_completion", ("c", "a")),
        ({"text": "c", "label": "a"}, "labels", ("c", "a")),
        ({"text": "c"}, "text", ("c",)),
        ({"prompt": "input"}, "prompt_completion", ("input", "output")),
        ({"completion": "a"}, "prompt_completion", ("input", "a")),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "pairs", ("a", "b", "c")),
        ({"prompt": "a", "completion": "b", "rating": "n"}, "ratings", ("a", "b", "n")),
        ({"rating": "n"}, "ratings", ("messages", "n")),
        ({"prompt": "a", "reference": "b"}, "prompts", ("a", "b")),
        ({"messages": "turns"}, "messages", ("turns",)),
        ({"prompt": "a", "completion": "b", "system": "c"}, "prompt_completion", ("a", "b", "c")),
        ({"shape": "alpaca"}, "alpaca", ("input", "output")),
        ({"shape": "messages", "messages": "turns"}, "messages", ("turns",)),
        ({"shape": "prompts", "prompt": "a"}, "prompts", ("a",)),
        ({"shape": "ratings", "rating": "n"}, "ratings", ("messages", "n")),
        ({"shape": "numbers", "text": "a", "label": "b"}, "numbers", ("a", "b")),
        ({"shape": "labels", "text": "a", "label": "n"}, "labels", ("a", "n")),
        ({"text": "a", "label": "n"}, "numbers", ("a", "n")),
    ],
)
def test_options_settle_any_doubt(options, name, columns):
    row = {"a": "", "b": "", "c": "", "input": "", "output": "", "messages": [], "turns": CHAT, "n": 0.5}
    shape = recognise(row, Columns(**options))
    assert (shape.layout.name, shape.columns, shape.why) == (name, columns, "as the options say")


def test_options_that_name_all_that_a_layout_needs_settle_that_it_is_meant():
    row = {"a": "", "b": "", "score": 5, "label": True}
    shape = recognise(row, Columns(prompt="a", completion="b"))
    assert (shape.layout.name, shape.others) == ("prompt_completion", ("score", "label"))
    assert recognise(row, Columns(prompt="a", completion="b", rating="score")).layout.name == "ratings"


def test_one_option_may_leave_one_column():
    assert recognise({"a": "", "b": ""}, Columns(prompt="b")).columns == ("b", "a")
    assert recognise({"a": "", "b": ""}, Columns(label="a")).columns == ("b", "a")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"prompt": "a", "label": "b"},
            f"data.source.columns: prompt and label exclude each other. {CHOICES}",
        ),
        (
            {"prompt": "x", "label": "y"},
            f"data.source.columns: prompt and label exclude each other. {CHOICES}",
        ),
        (
            {"prompt": "a", "completion": "a"},
            f"data.source.columns: prompt and completion name the same column. {CHOICES}",
        ),
        (
            {"shape": "text", "text": "a", "label": "b"},
            "data.source.columns.label: shape text has no use for it. Remove it.",
        ),
        (
            {"prompt": "a", "label_separator": ";"},
            "data.source.columns.label_separator: shape prompt_completion has no use for it. Remove it.",
        ),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, message):
    with pytest.raises(BadOption) as caught:
        recognise({"a": "", "b": ""}, Columns(**options))
    assert str(caught.value) == message


def test_a_shape_that_the_columns_do_not_fit_asks_for_their_names():
    row = {"a": "", "b": ""}
    name = "columns not recognised: 'a', 'b'. Name the columns of shape"
    assert refusal(row, shape="pairs") == (
        f"{name} pairs: data.source.columns.chosen=... data.source.columns.rejected=..."
    )
    assert refusal(row, shape="prompts") == f"{name} prompts: data.source.columns.prompt=..."
    assert refusal(row, shape="ratings").endswith(
        "data.source.columns.prompt=... data.source.columns.completion=... data.source.columns.rating=..."
    )


def test_an_option_that_names_no_column_is_answered_with_the_closest_one():
    assert refusal({"question": "", "b": ""}, prompt="qestion") == (
        "missing field: there is no column 'qestion'. Correct data.source.columns.prompt. "
        "Did you mean 'question'? Known: question, b."
    )


def test_the_sentence_says_what_is_read_and_what_is_not():
    row = {"id": 1, "instruction": "", "input": "", "output": "", "history": []}
    assert recognise(row, UNSET).sentence("JSONL") == (
        "JSONL with columns 'instruction', 'output', 'history' and 'input', read as prompt and completion in "
        "Alpaca's form (by their names, 'input' continues the prompt); "
        "the answers in 'history' are read, not learned; "
        "override with data.source.columns.prompt=... data.source.columns.completion=...; "
        "columns not learned from: 'id'"
    )


SENTENCES = [
    ({"messages": CHAT}, "messages (by its name); override with data.source.columns.shape=..., or"),
    (
        {"messages": [{"role": "developer", "content": "d"}, *CHAT]},
        "messages (by its name); turns of the developer are read as system turns; override with",
    ),
    (
        {"conversations": FROM},
        "turns in ShareGPT's form (by its name); override with data.source.columns.shape",
    ),
    ({"a": "", "b": ""}, "prompt and completion (the only two text columns); override with"),
    ({"a": "", "answer": ""}, "prompt and completion (by one name and the only other text column); override"),
    (
        {"prompt": "", "chosen": "", "rejected": ""},
        "pairs of a preferred and a rejected answer (by their names); override with data.source.columns",
    ),
    (
        {"input": {"messages": [{"role": "developer"}]}, "preferred_output": 1, "non_preferred_output": 1},
        "answer (by their names); turns of the developer are read as system turns; override with",
    ),
    (
        {"chosen": TRANSCRIPT, "rejected": TRANSCRIPT},
        "pairs of a preferred and a rejected transcript (by their names); override with",
    ),
    (
        {"prompt": "", "completion": "", "score": 1},
        "answers with a rating (by their names); override with "
        "data.source.columns.shape=prompt_completion, or messages, to learn every answer",
    ),
    (
        {"prompt": "", "solution": ""},
        "prompts that wait for an answer (by their names); an answer is held against 'solution'; "
        "override with data.source.columns.completion=... or data.source.columns.shape=messages, "
        "to learn answers that the rows hold",
    ),
    (
        {"messages": CHAT[:1], "topic": "t"},
        "prompts that wait for an answer (by its name); "
        "override with data.source.columns.completion=... or data.source.columns.shape=messages, "
        "to learn answers that the rows hold; columns not learned from: 'topic'",
    ),
    (
        {"text": "", "label": ""},
        "text and label (by their names); override with data.source.columns.text=...",
    ),
    (
        {"text": "", "label": 0.5},
        "text and number (by their names); override with data.source.columns.shape=l",
    ),
    ({"text": ""}, "read as text (by its name); override with data.source.columns.text=... data.source"),
]


@pytest.mark.parametrize(("row", "said"), SENTENCES)
def test_every_layout_says_how_it_is_read_and_how_to_override_it(row, said):
    assert said in recognise(row, UNSET).sentence("JSONL")


def test_every_role_can_be_named_and_is_read_somewhere():
    roles = set(Columns.__dataclass_fields__) - {"shape", "label_separator"}
    assert set().union(*(layout.roles for layout in LAYOUTS)) == roles
    assert Columns(**dict.fromkeys(roles, "c")).given == dict.fromkeys(roles, "c")


def test_columns_are_nested_in_a_recipe_and_on_the_command_line():
    page = "name: a\ngoal: b\ndata: {source: {name: jsonl, path: x.jsonl, columns: {prompt: q}}}\n"
    recipe = recipes.read_text(page, changes=["data.source.columns.completion=a"])
    assert recipes.build(recipe).source.columns == Columns(prompt="q", completion="a")
    resolved = recipes.resolve(recipe)
    assert resolved.data.source.options["columns"]["prompt"] == "q"
    assert recipes.resolve(recipes.read_text(recipes.write(resolved))) == resolved
    first = recipes.read_text(
        page.replace(", columns: {prompt: q}", ""), changes=["data.source.columns.label=y"]
    )
    assert recipes.build(first).source.columns == Columns(label="y")


def test_an_unknown_role_is_refused_with_the_closest_one():
    room = Registry("data.source", Source)
    with pytest.raises(BadOption) as caught:
        room.build("jsonl", {"path": "x", "columns": {"promt": "q"}})
    assert str(caught.value).startswith(
        "source.jsonl.columns: there is no 'promt'. Did you mean 'prompt'? Known: shape, prompt, completion, "
    )
    with pytest.raises(
        BadOption, match=r"source.jsonl.columns.shape: Input should be 'messages', 'sharegpt'"
    ):
        room.build("jsonl", {"path": "x", "columns": {"shape": "alpacca"}})


def test_the_schema_describes_the_columns_and_takes_no_others():
    parts = recipes.schema()["$defs"]
    columns = parts["data.source.jsonl.Columns"]
    assert columns["additionalProperties"] is False
    assert list(columns["properties"]) == list(Columns.__dataclass_fields__)
    assert all(option["description"].endswith(".") for option in columns["properties"].values())
    said = parts["data.source.jsonl"]["properties"]["columns"]["description"]
    assert all(name in said for name in columns["properties"])


def test_columns_survive_writing_and_reading():
    adapter = TypeAdapter(Columns)
    for columns in (UNSET, Columns(shape="labels", label_separator=";", text="t")):
        written = json.dumps(adapter.dump_python(columns, mode="json"))
        assert adapter.validate_json(written, strict=True) == columns
    assert repr(Columns(shape="labels", text="t")) == "Columns(shape='labels', text='t')"
    assert repr(UNSET) == "Columns()"
    with pytest.raises(TypeError):
        Columns("labels")
