"""New rows are used only where they say something new, keep what matters, and give nothing away."""

from dataclasses import replace

import pytest

from tunesmith.core.example import Example, Message, Place
from tunesmith.data.guard import Change, guarded

LONG = (
    "The delivery of the parcel that I ordered in the shop of yours last week has still not come to my door"
)


def row(prompt: str, answer: str = "Soon.", line: int = 1, label: str = "") -> Example:
    turns = (Message("user", prompt), Message("assistant", answer))
    return Example(Place("a.jsonl", line), turns, labels=(label,) if label else ())


def changed(source: Example, prompt: str, keeps: bool = True) -> Change:
    turns = (Message("user", prompt), *source.messages[1:])
    return Change(source, replace(source, messages=turns, made_by="test 1"), keeps)


def reasons(
    *changes: Change, rows: list[Example] | None = None, held_out: list[Example] | None = None
) -> list[str]:
    known = rows if rows is not None else [change.source for change in changes]
    return [made.rejected for made in guarded(changes, known, held_out or [], check_labels=False)]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("Where is order 12?", "Whre is order 12?", ""),
        ("Where is order 12?", "WHERE is order 12?", ""),
        ("Where is order 12?", "Where is order 12?", "nothing changed"),
        ("Where is order 12?", "Where is order 21?", "a number, address or placeholder changed"),
        ("Where is order 12?", "Where is the order?", "a number, address or placeholder changed"),
        ("Hello {name}, hi", "Hello name, hi", "a number, address or placeholder changed"),
        ("Ask me@example.com", "Ask you@example.com", "a number, address or placeholder changed"),
        ("See https://a.example/b", "See http://a.example", "a number, address or placeholder changed"),
        ("Someone came", "S0meone came", ""),
        ("Where is it?", "Where is it? " * 9, "its length changed too much"),
        (LONG, "Where is it?", "its length changed too much"),
    ],
)
def test_what_matters_is_kept(before: str, after: str, reason: str) -> None:
    assert reasons(changed(row(before), after)) == [reason]


def test_a_swap_may_change_what_words_may_not() -> None:
    assert reasons(changed(row("Where is order 12?"), "Where is order 21?", keeps=False)) == [""]


def test_a_row_that_is_there_already_is_not_made_again() -> None:
    one, other = row("Where is it?"), row("Where is that?", line=2)
    change = changed(one, "Where  is THAT?")
    assert reasons(change, change, rows=[one, other]) == ["it repeats a row"] * 2
    new = changed(one, "Where was it?")
    assert reasons(new, new, rows=[one, other]) == ["", "it repeats a row"]


def test_nothing_written_is_nothing_made() -> None:
    source = Example(Place("a.txt", 1), text="Some text.")
    assert reasons(Change(source, replace(source, text=" ", made_by="test 1"))) == ["nothing was written"]


def test_a_row_like_one_that_is_held_out_is_not_used() -> None:
    held = row(LONG, line=9)
    near = changed(row(f"{LONG} today"), LONG.replace("parcel", "parcle"))
    far = changed(row("The weather is nice"), "The weather is very nice")
    assert reasons(near, far, held_out=[held]) == ["it is like a held-out row", ""]
    assert reasons(near, far) == ["", ""]


def test_a_label_that_is_no_longer_seen_is_not_trusted() -> None:
    rows = [
        row(f"{word} number {n} {other}", label=label, line=n)
        for n in range(40)
        for word, other, label in (("refund", "money back", "refunds"), ("card", "arrived yet", "cards"))
    ]
    kept = changed(rows[0], "refunds number 0 money back")
    turned = changed(rows[0], "card number 0 arrived yet")
    assert [made.rejected for made in guarded([kept, turned], rows[2:], [], check_labels=True)] == [
        "",
        "its label may have changed",
    ]
    assert [made.rejected for made in guarded([turned], rows[2:], [], check_labels=False)] == [""]
