"""A model of the training rows notices a text that asks for something else."""

from dataclasses import replace

from tunesmith.core.example import Example, Message, Place
from tunesmith.data.label_check import FEWEST_ROWS, LabelCheck


def row(prompt: str, label: str, line: int) -> Example:
    return Example(
        Place("a.csv", line), (Message("user", prompt), Message("assistant", label)), labels=(label,)
    )


ROWS = [row(f"my {what} is late {n}", what, n) for n in range(30) for what in ("card", "refund", "parcel")]


def other(source: Example, prompt: str) -> Example:
    return replace(source, messages=(Message("user", prompt), source.messages[1]))


def test_only_a_change_of_what_is_asked_is_noticed() -> None:
    check = LabelCheck.of(ROWS)
    assert check is not None
    card = ROWS[0]
    pairs = [
        (card, other(card, "my card is latte 0")),
        (card, other(card, "my refund is late 0")),
        (other(card, "my refund is late 0"), other(card, "my parcel is late 0")),  # it was wrong before
    ]
    assert check.differing(pairs) == {1}
    assert check.differing([]) == set()


def test_too_few_rows_or_labels_are_not_judged() -> None:
    assert LabelCheck.of(ROWS[: FEWEST_ROWS - 1]) is None
    assert LabelCheck.of([one for one in ROWS if one.label == "card"]) is None
    assert LabelCheck.of([replace(one, labels=()) for one in ROWS]) is None
    assert LabelCheck.of([replace(one, labels=("a", "b")) for one in ROWS]) is None
