import pytest

from tunesmith.core.example import Message, Place
from tunesmith.data.source._columns import Columns, recognise
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._rows import example

PLACE = Place("rows.jsonl", 1, 0)
FIRST = {"prompt": "p", "completion": "c", "id": 1}


def read(row, first=FIRST, **options):
    return example(recognise(first, Columns(**options)), row, PLACE)


def test_a_new_column_without_meaning_is_ignored():
    assert read({**FIRST, "note": "n"}).messages == (Message("user", "p"), Message("assistant", "c"))


@pytest.mark.parametrize("name", ["label", "text", "messages", "Input", "question"])
def test_a_new_column_that_changes_what_is_learned_is_refused(name):
    with pytest.raises(Refused, match="unexpected column"):
        read({**FIRST, name: "x"})


@pytest.mark.parametrize("empty", [None, "", []])
def test_an_empty_unsupported_column_holds_nothing(empty):
    assert read({**FIRST, "tools": empty}).reference == "c"


def test_options_choose_among_columns_of_any_meaning():
    row = {"prompt": "p", "chosen": "c", "rejected": "r"}
    assert read(row, first=row, prompt="prompt", completion="rejected").reference == "r"


def test_context_cannot_continue_a_prompt_of_several_turns():
    turns = [{"role": "user", "content": "u"}]
    first = {"prompt": "p", "context": "x", "completion": "c"}
    assert read({**first, "prompt": turns, "context": " "}, first).prompt == (Message("user", "u"),)
    three = [*turns, {"role": "assistant", "content": "a"}, *turns]
    with pytest.raises(Refused, match="wrong type"):
        read({**first, "prompt": three}, first)


def test_a_missing_field_names_what_is_there():
    with pytest.raises(Refused) as caught:
        read({"prompt": "p", "id": 2})
    assert caught.value.found == "no column 'completion', only 'prompt', 'id'"
