"""Rows are drawn by their own hash: the same ones wherever they stand, and no more than asked for."""

from dataclasses import replace

import pytest

from tunesmith.core.example import Example, Message, Place
from tunesmith.data.augmenter._draw import asked, asking, drawn


def names(rows: list[Example], share: float, most: int = 10**6, seed: int = 1) -> list[str]:
    return [f"{row.name}: {made_by}" for row, _, made_by in drawn(rows, share, most, "noise", seed)]


def test_the_share_is_drawn_and_a_smaller_one_is_part_of_it(rows: list[Example]) -> None:
    assert len(names(rows, 0.5)) == pytest.approx(100, abs=30)
    assert set(names(rows, 0.2)) < set(names(rows, 0.6)) < set(names(rows, 1.0))
    assert len(names(rows, 2.0)) == 400 == len(set(names(rows, 2.0)))
    assert 450 < len(names(rows, 2.5)) < 550


def test_order_does_not_matter_but_the_seed_does(rows: list[Example]) -> None:
    assert sorted(names(rows[::-1], 0.3)) == sorted(names(rows, 0.3))
    assert names(rows, 0.3) != names(rows, 0.3, seed=2)
    states = [random.random() for _, random, _ in drawn(rows, 2, 99, "noise", 1)]
    assert states == [random.random() for _, random, _ in drawn(rows, 2, 99, "noise", 1)]
    assert len(set(states)) == 99


def test_there_are_never_more_than_the_most_and_made_rows_are_not_drawn(rows: list[Example]) -> None:
    assert len(names(rows, 1.0, most=7)) == 7
    assert names([replace(row, made_by="swap 1") for row in rows], 1.0) == []


def test_only_what_users_asked_is_changed(rows: list[Example]) -> None:
    row = rows[0]
    new = asking(row, ["New?"], "noise 1")
    assert asked(new) == ["New?"]
    assert (new.messages[0], new.messages[2], new.labels) == (row.messages[0], row.messages[2], row.labels)
    assert new.name == f"{row.name}, noise 1"
    turns = (Message("user", "a"), Message("assistant", "b"), Message("user", "c"), Message("assistant", "d"))
    talk = replace(row, messages=turns)
    assert asked(talk) == ["a", "c"]
    assert [turn.content for turn in asking(talk, ["x", "y"], "z").messages] == ["x", "b", "y", "d"]
    text = Example(Place("a.txt", 1), text="old")
    assert asking(text, ["new"], "z").text == "new"
