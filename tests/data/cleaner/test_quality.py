"""Each rule leaves out the text that breaks it, by name, and keeps plain prose."""

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from tunesmith.core.audit import Given
from tunesmith.core.example import Cleaned, Example, Message, Place
from tunesmith.data.cleaner.quality import Quality

GIVEN = Given((), None, None)  # type: ignore[arg-type]  # nothing is embedded or written here
PROSE = (
    "the river rose in spring and took the wooden bridge that people of both villages had built with their "
    "own hands some forty years before so that for weeks nobody could cross to market or school until a "
    "ferry made of barrels was tied to ropes between two old willows and children were paid for pulling it"
)
WORDS = PROSE.split()
FIRST_TWICE = f"{PROSE} {' '.join(WORDS[:12])}"
LIST = "\n".join(f"- {word}ing {word[::-1]}ers" for word in WORDS)
SHORT_WORDS = " ".join(word[:2] for word in WORDS)
LONG_WORDS = " ".join(word * 3 for word in WORDS)


def clean(text: str, **options: object) -> Cleaned:
    (cleaned,) = Quality(**options).clean([Example(Place("r", 1), text=text)], GIVEN)  # type: ignore[arg-type]
    return cleaned


def test_plain_prose_is_kept_as_it_is() -> None:
    assert len(WORDS) >= 55
    assert clean(PROSE, letters=0.8, bullets=0.9, stop_words=2).reason == ""
    assert clean(PROSE).row is not None


BREAKS = [
    ({}, SHORT_WORDS, "mean word length below 3", "1.98"),
    ({}, LONG_WORDS, "mean word length above 10", "12.9"),
    ({}, PROSE.replace(" ", " # ", 9), "hash signs per word above 0.1", "0.1"),
    ({}, PROSE.replace(" ", "... ", 9), "ellipses per word above 0.1", "0.1"),
    (
        {"letters": 0.8},
        f"{PROSE} {' '.join(map(str, range(100, 120)))}",
        "share of words with a letter below 0.8",
        "0.7",
    ),
    ({"bullets": 0.9}, LIST, "share of lines with a bullet above 0.9", "1"),
    (
        {},
        "\n".join(["wait\u2026"] * 2 + ["go"] * 2 + [PROSE]),
        "share of lines with an ellipsis above 0.3",
        "0.4",
    ),
    ({}, "\n".join([*WORDS, *["once more, again"] * 40]), "share of repeated lines above 0.3", "0.4"),
    (
        {},
        " ".join(f"{word} green grass" for word in WORDS),
        "share of the commonest two words above 0.2",
        "0.7",
    ),
    (
        {"top_pair": None},
        PROSE + " over the green hills" * 6,
        "share of the commonest four words above 0.16",
        "0.2",
    ),
    ({}, FIRST_TWICE, "share of repeated ten words above 0.1", "0.3"),
    ({"stop_words": 7}, PROSE, "English function words below 7", "6"),
]


@pytest.mark.parametrize(
    ("options", "text", "rule", "detail"), BREAKS, ids=[rule for _, _, rule, _ in BREAKS]
)
def test_a_text_that_breaks_a_rule_is_left_out_by_its_name(
    options: dict[str, object], text: str, rule: str, detail: str
) -> None:
    cleaned = clean(text, **options)
    assert (cleaned.row, cleaned.reason) == (None, f"quality: {rule}")
    assert cleaned.detail.startswith(detail)


@pytest.mark.parametrize(
    ("text", "off"),
    [
        (SHORT_WORDS, "word_length_at_least"),
        (LONG_WORDS, "word_length_at_most"),
        (PROSE.replace(" ", " # ", 9), "symbols"),
        (PROSE.replace(" ", "... ", 9), "symbols"),
        ("\n".join(["wait\u2026", "stay\u2026", "go", "run", PROSE]), "ellipses"),
        (FIRST_TWICE, "repeated_phrases"),
    ],
)
def test_each_rule_can_be_turned_off(text: str, off: str) -> None:
    assert clean(text).reason
    assert clean(text, **{off: None}).reason == ""


def test_lists_and_calculations_are_kept_unless_asked_for() -> None:
    assert clean(LIST).reason == ""
    assert clean(" ".join(f"{number}+1={number + 1}" for number in range(60))).reason == ""


def test_short_texts_are_not_judged() -> None:
    assert clean("spam " * 49).reason == ""
    assert clean("spam " * 50).reason != ""
    assert clean("spam " * 12, judged_from=10).reason != ""


@pytest.mark.parametrize("words", [1, 2, 3, 9])
def test_few_words_can_be_judged(words: int) -> None:
    assert clean(" ".join(WORDS[:words]), judged_from=1).reason == ""


def test_scripts_without_spaces_are_not_judged() -> None:
    assert clean("天気がよい " * 60).reason == ""


def test_the_answer_is_judged_unless_the_row_is_asked_for() -> None:
    row = Example(Place("r", 1), (Message("user", "spam " * 60), Message("assistant", PROSE)))
    (answer,) = Quality().clean([row], GIVEN)
    (whole,) = Quality(part="row").clean([row], GIVEN)
    assert answer == Cleaned(row)
    assert whole.row is None


@any_of(st.lists(st.text(max_size=60), max_size=5))
def test_every_row_gets_exactly_one_decision(texts: list[str]) -> None:
    rows = [Example(Place("r", number), text=text) for number, text in enumerate(texts, 1)]
    decisions = list(Quality(judged_from=1).clean(rows, GIVEN))
    assert len(decisions) == len(rows)
    assert all(decision.row is row or decision.reason for decision, row in zip(decisions, rows, strict=True))
