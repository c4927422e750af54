from dataclasses import replace

import pytest

from natural_rows import labelled
from planted_rows import raw, row
from tunesmith.core.audit import Given
from tunesmith.core.errors import BadData
from tunesmith.core.example import Cleaned, Message
from tunesmith.data.cleaner.relabel import Relabel

GIVEN = Given((), None, None)  # type: ignore[arg-type]  # neither vectors nor a model are needed


def clean(rows, **names):
    return list(Relabel(names=names).clean(rows, GIVEN))


def test_a_label_gets_its_new_name_in_the_answer_too():
    (first, second) = clean([labelled("x", "Refund"), labelled("y", "order")], Refund="refund")
    assert first == Cleaned(labelled("x", "refund"), "relabelled", "Refund is now refund")
    assert second == Cleaned(labelled("y", "order"))


def test_several_labels_keep_their_order_and_what_parts_them():
    both = replace(labelled("x", "a", "b"), messages=(Message("user", "x"), Message("assistant", "a | b")))
    (cleaned,) = clean([both], b="c")
    assert cleaned.row.labels == ("a", "c")
    assert cleaned.row.reference == "a | c"
    assert labelled("x", "a", "b", "c") != clean([labelled("x", "a", "b", "c")], b="d")[0].row
    assert clean([labelled("x", "a", "b", "c")], b="d")[0].row == labelled("x", "a", "d", "c")


def test_labels_that_become_one_are_given_once():
    assert clean([labelled("x", "a", "b")], b="a")[0].row == labelled("x", "a")


def test_names_are_given_at_once_not_one_after_the_other():
    cleaned = clean([labelled("x", "a"), labelled("y", "b")], a="b", b="a")
    assert [after.row.label for after in cleaned] == ["b", "a"]


@pytest.mark.parametrize("answer", ["It is a.", "b", "A"])
def test_an_answer_that_says_something_else_stays(answer):
    turns = (Message("user", "x"), Message("assistant", answer))
    (cleaned,) = clean([replace(labelled("x", "a"), messages=turns)], a="b")
    assert (cleaned.row.labels, cleaned.row.messages) == (("b",), turns)


def test_rows_without_an_answer_get_the_label_alone():
    text = replace(raw("x")[0], labels=("a",))
    prompt = replace(row("x", "y"), messages=(Message("user", "x"),), labels=("a",))
    cleaned = clean([text, prompt], a="b")
    assert [after.row for after in cleaned] == [replace(text, labels=("b",)), replace(prompt, labels=("b",))]


def test_a_label_that_no_row_has_is_named_with_the_closest():
    with pytest.raises(BadData, match=r"relabel: no row has the label 'refnud'\. Did you mean 'refund'\?"):
        clean([labelled("x", "refund")], refnud="order")
