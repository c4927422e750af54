import pytest

from tunesmith.data.source._columns import LAYOUTS, UNSET, Columns, recognise
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._shape import MOST_VARIANTS
from written_rows import assistant, read, user

ALPACA = {"id": 1, "instruction": "i", "input": "x", "output": "o", "system": ""}


def test_a_shape_knows_what_is_read_and_what_is_not():
    shape = recognise(ALPACA, UNSET)
    assert shape.kind == "conversations"
    assert shape.columns == ("instruction", "output", "system", "input")
    assert shape.others == ("id",)
    assert shape.known == ALPACA.keys()
    assert shape.quoted["prompt"] == "'instruction'"
    assert not shape.is_plain
    assert recognise({"prompt": "", "completion": ""}, UNSET).is_plain


def test_one_column_is_a_column():
    said = recognise({"text": ""}, UNSET).sentence("CSV")
    assert said.startswith("CSV with column 'text', read as text (by its name); override with ")
    assert "not learned from" not in said


def test_what_must_be_empty_is_watched_unless_options_were_given():
    row = {"text": "t", "label": "l", "images": None, "chosen": None, "score": 5}
    assert recognise(row, UNSET).watched == ("images", "chosen")
    assert recognise(row, Columns(text="text", label="label")).watched == ()


def test_prompts_keep_every_column_but_what_they_would_read():
    row = {"messages": [user()], "chosen": "x", "functions": None, "tools": None, "images": None, "k": 1}
    assert recognise(row, UNSET).watched == ("tools", "images")
    assert read({**row, "label": "l", "answer": "a"}, first=row).fields["answer"] == "a"


def test_a_row_with_fewer_columns_fits_if_the_layout_can_do_without_them():
    shape = recognise(ALPACA, UNSET)
    fewer = shape.fitted({"instruction": "i", "output": "o"})
    assert (fewer.columns, fewer.others) == (("instruction", "output"), ())
    assert fewer.layout is shape.layout


def test_a_row_with_more_columns_has_them_read_or_kept():
    first = {"messages": [user(), assistant()]}
    row = {**first, "functions": None, "Tools": [], "note": "n"}
    more = recognise(first, UNSET).fitted(row | {"Tools": [1]})
    assert more.others == ("functions", "note")
    more = recognise(first, UNSET).fitted({**first, "Tools": [], "note": "n"})
    assert (more.roles, more.others) == ({"messages": "messages", "tools": "Tools"}, ("note",))


def test_the_columns_that_only_a_later_row_has_and_that_are_not_read_are_listed():
    first = {"messages": [user(), assistant()], "id": 1}
    shape = recognise(first, UNSET)
    assert shape.unread({**first, "tools": [], "note": "n", "more": 1}) == ["note", "more"]
    assert shape.unread(first) == []


def test_layouts_only_win_over_layouts_that_there_are():
    names = {layout.name for layout in LAYOUTS}
    assert set().union(*(layout.over for layout in LAYOUTS)) < names
    assert all(layout.name not in layout.over for layout in LAYOUTS)


def test_rows_with_the_same_columns_share_a_shape():
    first = {"prompt": "p", "completion": "c"}
    shape = recognise(first, UNSET)
    assert shape.fitted({**first, "note": 1}) is shape.fitted({**first, "note": 2})
    assert shape.fitted({**first, "note": 1}) is not shape.fitted({**first, "more": 1})


def test_a_new_column_that_was_empty_once_is_looked_at_again():
    first = {"prompt": "p", "completion": "c"}
    shape = recognise(first, UNSET)
    assert shape.fitted({**first, "label": ""}).others == ("label",)
    with pytest.raises(Refused, match="unexpected column"):
        shape.fitted({**first, "label": "l"})
    assert shape.fitted({**first, "label": ""}).others == ("label",)


def test_not_more_shapes_are_remembered_than_fit_into_memory():
    first = {"prompt": "p", "completion": "c"}
    shape = recognise(first, UNSET)
    for number in range(MOST_VARIANTS + 3):
        assert shape.fitted({**first, f"n{number}": 1}).others == (f"n{number}",)
    assert len(shape.variants) == MOST_VARIANTS
