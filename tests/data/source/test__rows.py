import pytest

from tunesmith.core.example import Message
from tunesmith.data.source._columns import UNSET, recognise
from tunesmith.data.source._shape import Shape
from written_rows import assistant, read, refusal, user

FIRST = {"prompt": "p", "completion": "c", "id": 1}
CHAT = {"messages": [user(), assistant()]}


def test_columns_that_nothing_is_learned_from_are_kept_as_they_are():
    row = {**FIRST, "stars": [4, {"of": 5}], "note": None}
    assert read(row).fields == {"id": 1, "stars": [4, {"of": 5}], "note": None}
    assert read({"prompt": "p", "completion": "c"}).fields == {}


def test_a_column_that_only_a_later_row_has_is_kept_too():
    row = {**FIRST, "note": "n", "score": 5, "reference": "r"}
    example = read(row, first=FIRST)
    assert example.messages == (Message("user", "p"), Message("assistant", "c"))
    assert example.fields == {"id": 1, "note": "n", "score": 5, "reference": "r"}


def test_a_column_that_a_later_row_lacks_is_not_kept():
    assert read({"prompt": "p", "completion": "c"}, first=FIRST).fields == {}


@pytest.mark.parametrize("name", ["label", "text", "messages", "Input", "context", "question", "chosen"])
def test_a_new_column_that_changes_what_is_learned_is_refused(name):
    assert refusal({**FIRST, name: "x"}, first=FIRST) == (
        f"unexpected column: {name!r}. The first usable row has no such column. "
        "Give every row the same columns, or remove it."
    )
    assert read({**FIRST, name: ""}, first=FIRST).fields == {"id": 1, name: ""}


def test_what_may_be_there_or_not_is_read_where_it_is_there():
    tools = [{"type": "function", "function": {"name": "f"}}]
    later = read({**CHAT, "functions": [{"name": "f"}]}, first={**CHAT, "tools": tools})
    assert (
        later.tools
        == read({**CHAT, "tools": tools}, first=CHAT).tools
        == read({**CHAT, "tools": tools}).tools
    )
    assert read(CHAT, first={**CHAT, "tools": tools}).tools == ""
    with_system = read({**CHAT, "system": "s"}, first=CHAT)
    assert with_system.messages[0] == Message("system", "s")
    assert with_system.fields == {}


def test_a_form_and_its_forerunner_side_by_side_are_refused_where_both_are_filled():
    row = {**CHAT, "tools": [{"name": "f"}], "functions": None}
    assert read(row).fields == {"functions": None}
    both = {**row, "functions": [{"name": "g"}]}
    wanted = "column 'functions'. What is learned may depend on it. Remove the column, or choose others."
    assert refusal(both, first=row).startswith(f"not supported yet: {wanted}")


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_an_empty_column_of_what_cannot_be_read_holds_nothing(empty):
    assert read({**FIRST, "images": empty, "chosen": empty}).reference == "c"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("images", "not text"),
        ("Audio", "not text"),
        ("chosen", "not supported yet"),
        ("system", "not supported yet"),
    ],
)
def test_a_column_of_what_cannot_be_read_is_refused_in_any_row(name, reason):
    wanted = (
        f"{reason}: column {name!r}. What is learned may depend on it. Remove the column, or choose others."
    )
    row = {"text": "t", "label": "l", name: ["x"]}
    assert refusal(row).startswith(wanted)
    assert refusal(row, first={**row, name: []}).startswith(wanted)
    later = refusal(row, first={"text": "t", "label": "l"})
    assert later.startswith(wanted if name in ("images", "Audio") else f"unexpected column: {name!r}")


def test_options_choose_among_columns_of_any_meaning():
    row = {"prompt": "p", "chosen": "c", "rejected": "r", "images": ["i"]}
    example = read(row, prompt="prompt", completion="rejected")
    assert (example.reference, example.fields) == ("r", {"chosen": "c", "images": ["i"]})


def test_a_missing_column_is_named_with_those_that_are_there():
    remedy = "Give every row the same columns."
    assert refusal({"prompt": "p", "id": 2}, first=FIRST) == (
        f"missing field: no column 'completion', only 'prompt', 'id'. {remedy}"
    )
    assert refusal({}, first=FIRST) == f"missing field: no column 'prompt', only an empty object. {remedy}"


def test_a_row_with_other_columns_leaves_the_shape_of_the_others_alone():
    shape = recognise(FIRST, UNSET)
    before = dict(shape.roles), shape.others
    assert isinstance(shape.fitted({**FIRST, "system": "s"}), Shape)
    assert (dict(shape.roles), shape.others) == before


HALF = chr(0xD800)


@pytest.mark.parametrize(
    ("beside", "shown"),
    [
        ({"note": HALF}, r"'note': '\ud800'"),
        ({"note": [{"a": [f"é{HALF}"]}]}, r"'note': [{'a': ['é\ud800']}]"),
        ({"note": {HALF: 1}}, r"'note': {'\ud800': 1}"),
        ({f"n{HALF}": 1}, r"'n\ud800': 1"),
    ],
)
def test_what_no_file_can_hold_is_refused_also_where_nothing_is_learned_from_it(beside, shown):
    remedy = "Write the whole character, or both halves of its surrogate pair."
    assert refusal({**FIRST, **beside}) == f"lone surrogate: column {shown}. {remedy}"
    assert read({**FIRST, "note": ["é", {"\U0001f600": None}]}).fields["note"] == ["é", {"\U0001f600": None}]
