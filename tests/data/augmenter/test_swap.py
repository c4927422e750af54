"""Order and names are swapped where the answer stays right."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tunesmith.core.audit import Given
from tunesmith.core.example import Example, Message, Place
from tunesmith.data.augmenter.swap import Swap


def row(prompt: str, answer: str, line: int) -> Example:
    return Example(Place("a.csv", line), (Message("user", prompt), Message("assistant", answer)))


def used(swap: Swap, rows: list[Example], given: Given) -> list[Example]:
    return [one.row for one in swap.augment(rows, given, 4) if not one.rejected]


def test_listed_items_change_places_and_nothing_is_lost(given: Callable[..., Given]) -> None:
    rows = [
        row(f"name[Mill {n}], food[Thai], price[low], near[Bar {n}]", f"Mill {n} is cheap.", n)
        for n in range(50)
    ]
    made = used(Swap(share=1.0), rows, given())
    assert len(made) > 40
    for new in made:
        old = rows[new.place.line]
        before, after = (one.messages[0].content.split(", ") for one in (old, new))
        assert before != after
        assert sorted(before) == sorted(after)
        assert new.messages[1] == old.messages[1]


@pytest.mark.parametrize("prompt", ["one, two", "no list at all"])
def test_short_lists_stay(given: Callable[..., Given], prompt: str) -> None:
    assert used(Swap(share=1.0), [row(prompt, "x", 1)], given()) == []


def test_a_name_is_exchanged_in_question_and_answer_alike(given: Callable[..., Given]) -> None:
    names = ["Anna Smith", "Otto", "Maria Lopez", "Chen"]
    rows = [row(f"Write to {name} about case {n}", f"Dear {name}, hello.", n) for n, name in enumerate(names)]
    made = used(Swap(what="names", share=1.0), rows, given())
    assert len(made) == 4
    for new in made:
        own = names[new.place.line]
        (other,) = [name for name in names if name in new.messages[1].content]
        assert other != own
        assert new.messages[0].content == f"Write to {other} about case {new.place.line}"
        assert new.messages[1].content == f"Dear {other}, hello."


def test_a_name_is_exchanged_in_whatever_the_row_says(given: Callable[..., Given]) -> None:
    liked = [
        row(f"Write to {name} about case {n}", f"Dear {name}.", n) for n, name in enumerate(("Anna", "Otto"))
    ]
    pairs = [replace(one, rejected=(Message("assistant", f"Hi {one.reference[5:]}"),)) for one in liked]
    made = used(Swap(what="names", share=1.0), pairs, given())
    assert [new.rejected[0].content for new in made] == ["Hi Otto.", "Hi Anna."]


def test_a_label_is_no_name(given: Callable[..., Given]) -> None:
    rows = [replace(row(f"It is a {name}", name, n), labels=(name,)) for n, name in enumerate(("Cat", "Dog"))]
    assert list(Swap(what="names", share=1.0).augment(rows, given(), 4)) == []


def test_without_a_common_name_nothing_is_made(given: Callable[..., Given]) -> None:
    rows = [row("Write to Anna now", "Hello.", 1), row("When will I come", "When will I see you?", 2)]
    assert list(Swap(what="names", share=1.0).augment(rows, given(), 1)) == []
