"""Noise is what people and scanners make of words; what carries meaning stays."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from tunesmith.core.audit import Given
from tunesmith.core.example import Example, Message, Place
from tunesmith.data.augmenter._draw import asked
from tunesmith.data.augmenter.noise import Noise


def made(noise: Noise, rows: list[Example], given: Given, seed: int = 3) -> list[Example]:
    return [one.row for one in noise.augment(rows, given, seed) if not one.rejected]


@pytest.mark.parametrize("kind", ["typing", "case", "scanning"])
def test_every_copy_differs_in_words_and_keeps_all_else(
    rows: list[Example], given: Callable[..., Given], kind: str
) -> None:
    noise = Noise(share=1.0, rate=0.2, kinds=(kind,), check_labels=False)  # type: ignore[arg-type]
    found = made(noise, rows, given())
    assert len(found) > 150
    by_place = {row.place: row for row in rows}
    for new in found:
        old = by_place[new.place]
        assert asked(new) != asked(old)
        assert new.labels == old.labels
        assert new.messages[0] == old.messages[0]
        assert new.reference == old.reference
        assert re.findall(r"\b\d+\b", asked(new)[0]) == re.findall(r"\b\d+\b", asked(old)[0])
    if kind == "case":
        assert {new.whole.casefold() for new in found} <= {row.whole.casefold() for row in rows}
    assert found == made(noise, rows, given())
    assert found != made(noise, rows, given(), seed=4)


def test_the_rate_is_about_the_share_of_words(given: Callable[..., Given]) -> None:
    text = " ".join(["something"] * 400)
    row = Example(Place("a.txt", 1), text=text)
    (new,) = made(Noise(share=1.0, rate=0.25), [row], given())
    changed = sum(word != "something" for word in new.text.split())
    assert changed == pytest.approx(100, abs=35)


@for_all(st.text(st.characters(codec="utf-8"), max_size=60), st.integers(0, 99))
def test_protected_parts_are_never_touched(text: str, seed: int) -> None:
    row = Example(
        Place("a.txt", 1), text=f"{text} `some code` {{placeholder}} https://example.org/path a1b2c3 x"
    )
    noise = Noise(share=1.0, rate=1.0, kinds=("typing", "scanning", "case", "punctuation"))
    for one in noise.augment([row], Given((), None, None), seed):  # type: ignore[arg-type]
        if "`" not in text and "{" not in text and "[" not in text and "<" not in text:
            for part in ("`some code`", "{placeholder}", "https://example.org/path", "a1b2c3"):
                assert part in one.row.text


def test_punctuation_can_go(given: Callable[..., Given]) -> None:
    row = Example(Place("a.txt", 1), text="Yes, of course. No! Why? " * 20)
    (new,) = made(Noise(share=1.0, kinds=("punctuation",)), [row], given())
    assert 0 < sum(mark in ".,!?" for mark in new.text) < sum(mark in ".,!?" for mark in row.text)
    assert re.sub(r"[.,!?]", "", new.text) == re.sub(r"[.,!?]", "", row.text)


def test_a_text_without_words_says_that_nothing_changed(given: Callable[..., Given]) -> None:
    row = Example(Place("a.txt", 1), text="12 34 ab")
    assert [one.rejected for one in Noise(share=1.0).augment([row], given(), 1)] == ["nothing changed"]


def test_what_is_held_out_is_not_made(rows: list[Example], given: Callable[..., Given]) -> None:
    long = replace(
        rows[0], messages=(Message("user", "A long question about many things. " * 5), rows[0].messages[2])
    )
    held = replace(long, place=Place("test.csv", 1))
    assert made(Noise(share=1.0), [long], given([held])) == []
    assert len(made(Noise(share=1.0), [long], given())) == 1
