from array import array
from dataclasses import replace
from typing import cast

import pytest

from planted_rows import row
from tunesmith.core.audit import Material
from tunesmith.core.cards import Chat, Encoded
from tunesmith.data.check.lengths import Lengths


def encoded(prompt, learned, lost=0):
    """Make a sequence of so many tokens that are read, then of so many that are learned."""
    ids = array("i", range(prompt + learned))
    return Encoded(ids, array("f", [0.0] * prompt + [1.0] * learned), lost=lost)


def look(train, *, test=(), kind="conversations", limit=100, **options):
    tokens = {"train": train, "validation": [], "test": test}
    rows = {
        split: [row("?", f"{split} answer {line}", line, f"{split}.jsonl") for line in range(1, len(own) + 1)]
        for split, own in tokens.items()
    }
    return Lengths(**options).look(Material(kind, rows, tokens, cast(Chat, None), limit))


def test_lengths_are_said_by_split_with_what_is_learned():
    train = [[encoded(length, 10)] for length in range(1, 41)]
    (finding,) = look(train, test=[[encoded(8, 24)]])
    assert (finding.check, finding.severity, finding.rows) == ("lengths", "note", 41)
    learned = 400 / (400 + sum(range(1, 41)))
    assert finding.sentence == (
        f"Train: 40 rows, in tokens median 31, 90 % 47, 99 % 50, longest 50; {learned:.1%} of all tokens are "
        "learned. Test: 1 row, in tokens median 32, 90 % 32, 99 % 32, longest 32; 75.0% of all tokens are "
        "learned."
    )


def test_the_chart_counts_training_rows_in_bars_that_double():
    (finding,) = look([[encoded(5, length)] for length in (4, 11, 12, 27, 28, 59, 60)])
    assert list(finding.chart.items()) == [("1 to 16", 2), ("17 to 32", 2), ("33 to 64", 2), ("65 to 128", 1)]
    assert sum(finding.chart.values()) == 7


def test_several_sequences_are_one_row():
    (finding,) = look([[encoded(1, 20), encoded(1, 30)]], kind="text")
    assert "longest 52; 96.2% of all tokens are learned" in finding.sentence


def test_rows_that_were_cut_are_warned_of_with_what_they_lost():
    cut, _ = look([[encoded(10, 90, lost=50)], [encoded(10, 40)], [encoded(10, 90, lost=10)]])
    assert (cut.severity, cut.rows) == ("warning", 2)
    share = 60 / (60 + 250)
    assert cut.sentence == (
        f"2 rows were cut at 100 tokens, and lost 60 ({share:.1%} of all tokens): "
        "their answers end in the middle."
    )
    assert cut.examples == (
        "train.jsonl:1: 50 tokens: train answer 1",
        "train.jsonl:3: 10 tokens: train answer 3",
    )
    assert "data.too_long=drop" in cut.remedy


def test_rows_over_the_limit_are_warned_of():
    over, _ = look([[encoded(10, 90)], [encoded(10, 91)]])
    assert (over.severity, over.rows) == ("warning", 1)
    assert over.sentence == "1 row is longer than the limit of 100 tokens."
    assert over.examples == ("train.jsonl:2: 101 tokens: train answer 2",)


def test_prompts_that_leave_little_room_are_warned_of():
    long, _ = look([[encoded(89, 10)], [encoded(90, 10)]], test=[[encoded(95, 5)]])
    assert (long.severity, long.rows) == ("warning", 2)
    assert long.sentence.startswith("2 rows have prompts of 90% of the limit of 100 tokens or more")
    assert long.examples == (
        "train.jsonl:2: 90 tokens: train answer 2",
        "test.jsonl:1: 95 tokens: test answer 1",
    )
    assert len(look([[encoded(90, 10)]], full=0.95)) == 1


def test_very_short_answers_are_noted():
    short, _ = look([[encoded(10, 3)], [encoded(10, 4)]])
    assert (short.severity, short.rows) == ("note", 1)
    assert short.sentence == "1 row has an answer of at most 3 tokens, the end included."
    assert short.examples == ("train.jsonl:1: 3 tokens: train answer 1",)
    assert look([[encoded(10, 4)]], short=4)[0].rows == 1


@pytest.mark.parametrize("kind", ["labels", "text", "prompts", "ratings"])
def test_where_answers_are_short_by_nature_they_are_not_looked_at(kind):
    assert len(look([[encoded(95, 2)]], kind=kind)) == 1


def test_at_most_ten_rows_are_shown_and_all_are_counted():
    short, _ = look([[encoded(10, 2)]] * 8, test=[[encoded(10, 2)]] * 8)
    assert (short.rows, len(short.examples)) == (16, 10)
    assert short.examples[-1].startswith("test.jsonl:2")


def test_without_tokens_nothing_is_said():
    assert look([]) == []
    assert Lengths().look(replace(Material("text", {}, {}, cast(Chat, None), 100))) == []
