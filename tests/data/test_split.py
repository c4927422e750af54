import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.recipe import Split
from tunesmith.data.split import key_of, side, sides

TENTHS = Split(validation=0.1, test=0.1)
KEYS = [f"question {number}" for number in range(10_000)]

shares = st.floats(0, 0.49)


def row(prompt: str, answer: str, line: int = 1) -> Example:
    return Example(Place("f", line, 0), (Message("user", prompt), Message("assistant", answer)))


def test_sides_never_change_between_versions():
    sides = [side(key, Split(validation=0.2, test=0.2)) for key in KEYS[:10]]
    assert sides == [
        "train",
        "test",
        "train",
        "validation",
        "train",
        "train",
        "validation",
        "validation",
        "train",
        "train",
    ]


def test_the_shares_are_kept():
    counts = {
        name: sum(side(key, TENTHS) == name for key in KEYS) for name in ("train", "validation", "test")
    }
    # Binomial with p = 0.1: three standard deviations are 90 rows.
    assert counts["test"] == pytest.approx(1000, abs=90)
    assert counts["validation"] == pytest.approx(1000, abs=90)


@given(st.lists(st.text(), unique=True), st.randoms(use_true_random=False), shares, shares)
def test_a_side_depends_on_nothing_but_the_key(keys, shuffler, validation, test):
    split = Split(validation=validation, test=test)
    alone = {key: side(key, split) for key in keys}
    grown = [*keys, *KEYS[:20]]
    shuffler.shuffle(grown)
    assert alone.items() <= {key: side(key, split) for key in grown}.items()


@given(st.text(), shares, shares, shares)
def test_one_share_moves_no_row_of_the_other(key, validation, test, other):
    before = side(key, Split(validation=validation, test=test))
    more_validation = side(key, Split(validation=other, test=test))
    more_test = side(key, Split(validation=validation, test=other))
    assert (before == "test") == (more_validation == "test")
    assert (before == "validation") == (more_test == "validation")


@given(st.text())
def test_a_share_of_nothing_holds_nothing(key):
    assert side(key, Split(validation=0, test=0)) == "train"


def test_the_answer_and_the_place_do_not_decide_the_side():
    assert key_of(row("q", "a")) == key_of(row("q", "b", line=9))
    assert key_of(row("q", "a")) != key_of(row("r", "a"))


def test_turns_cannot_be_confused_with_each_other():
    place, answer = Place("f", 1, 0), Message("assistant", "a")
    one = Example(place, (Message("user", 'x"], ["user", "y'), answer))
    two = Example(place, (Message("user", "x"), Message("user", "y"), answer))
    assert key_of(one) != key_of(two)


def test_raw_text_decides_by_itself():
    assert key_of(Example(Place("f", 1, 0), text="once")) == "once"


def test_python_randomness_plays_no_part():
    random.seed(1)
    first = [side(key, TENTHS) for key in KEYS[:100]]
    random.seed(2)
    assert first == [side(key, TENTHS) for key in KEYS[:100]]


def labelled(count: int, label: str = "a", start: int = 0) -> list[Example]:
    rows = range(start, start + count)
    return [replace(row(f"{label} question {n}", "a", n), labels=(label,)) for n in rows]


def with_field(name: str, values: Sequence[object]) -> list[Example]:
    return [replace(row(f"q {n}", "a", n), fields={name: value}) for n, value in enumerate(values)]


def by(rows: list[Example], way: str, **options: object) -> list[str]:
    return list(sides(rows, Split.model_validate({"by": way, **options})))


def test_by_content_each_row_goes_where_its_prompt_goes():
    rows = [row(f"q {n % 40}", f"answer {n}", n) for n in range(200)]
    assert by(rows, "content") == [side(key_of(one), TENTHS) for one in rows]


@pytest.mark.parametrize("count", [10, 30, 100, 1000])
def test_stratified_every_label_has_its_shares_within_one_row_or_two(count: int):
    rows = [one for pair in zip(labelled(count, "a"), labelled(count, "b"), strict=True) for one in pair]
    found = by(rows, "stratified", validation=0.2, test=0.1)
    for start in (0, 1):
        counts = Counter(found[start::2])
        assert counts["test"] == pytest.approx(count * 0.1, abs=1.5)
        assert counts["validation"] == pytest.approx(count * 0.2, abs=1.5)


@given(st.lists(st.sampled_from("abc"), max_size=60), st.lists(st.sampled_from("abc"), max_size=30))
def test_stratified_rows_that_are_added_behind_move_none(before: list[str], more: list[str]):
    rows = [labelled(1, label, n)[0] for n, label in enumerate([*before, *more])]
    assert by(rows[: len(before)], "stratified") == by(rows, "stratified")[: len(before)]


def test_stratified_rows_with_the_same_prompt_stay_together():
    rows = [replace(row(f"q {n % 50}", "a", n), labels=("ab"[n % 2],)) for n in range(500)]
    found = by(rows, "stratified", validation=0.3, test=0.3)
    assert len({(one.prompt, where) for one, where in zip(rows, found, strict=True)}) == 50


def test_stratified_needs_labels():
    with pytest.raises(BadData, match=r"by=stratified needs labels, this row has none. Use by=content"):
        by([row("q", "a")], "stratified")


def test_a_group_stays_together_and_the_shares_are_of_groups():
    rows = with_field("patient", [n % 400 for n in range(2000)])
    found = by(rows, "group", column="patient", validation=0.2, test=0.2)
    assert len({(one.fields["patient"], where) for one, where in zip(rows, found, strict=True)}) == 400
    assert Counter(found)["test"] == pytest.approx(400, abs=120)


def test_a_row_without_its_group_is_named_with_the_columns_there_are():
    rows = [*with_field("patient", [1]), *with_field("doctor", [2])]
    with pytest.raises(BadData, match=r"f:0 \(byte 0\): there is no value in column 'patient'.*: 'doctor'"):
        by(rows, "group", column="patient")


@pytest.mark.parametrize(
    "values",
    [
        ["2026-01-01", "2026-02-01T12:00:00", "2026-02-01T12:00:00Z", "2026-03-01", "2025-01-01"],
        [100, 200, 200.0, 300, -5],
        ["100", "200", "200", "300", "-5"],
    ],
)
def test_by_time_the_newest_rows_are_held_out(values: list[object]):
    options = {"column": "at", "validation_from": str(values[1]), "test_from": str(values[3])}
    found = by(with_field("at", values), "time", **options)
    assert found == ["train", "validation", "validation", "test", "train"]


def test_by_time_without_a_moment_the_one_for_the_shares_is_proposed():
    days = [f"2026-01-{day:02}" for day in range(1, 31)]
    with pytest.raises(BadOption, match=r"validation_from=2026-01-25 data\.split\.test_from=2026-01-28\."):
        by(with_field("at", days[::-1]), "time", column="at")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"by": "group"}, "needs a column"),
        (
            {"by": "time", "column": "at", "test_from": "2026-01-01", "validation_from": "2027-01-01"},
            "behind",
        ),
        ({"by": "content", "column": "at"}, "looks at no column"),
        ({"by": "group", "column": "at", "test_from": "2026"}, "are for data.split.by=time"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, object], said: str):
    with pytest.raises(BadOption, match=said):
        list(sides(with_field("at", ["2026-01-01"]), Split.model_validate(options)))


@pytest.mark.parametrize(("value", "border"), [("2026-01-01", "2025"), (2025, "2026-01-01")])
def test_a_date_is_not_held_against_a_number(value: object, border: str):
    with pytest.raises(BadData, match=r"f:0 \(byte 0\): .*one is a date, the other a number"):
        by(with_field("at", [value]), "time", column="at", test_from=border)


def test_what_is_no_number_at_all_falls_to_no_side():
    with pytest.raises(BadData, match="'nan' is no ISO 8601 date"):
        by(with_field("at", ["nan"]), "time", column="at", test_from="7")


def test_what_is_no_date_is_named_with_its_place():
    with pytest.raises(BadData, match=r"f:0 \(byte 0\): .*'yesterday' is no ISO 8601 date"):
        by(with_field("at", ["yesterday"]), "time", column="at", test_from="2026-01-01")


def test_given_sides_are_kept_and_a_side_that_is_not_given_gets_its_share_of_training():
    rows = with_field("split", ["train"] * 300 + ["Test"] * 50)
    found = by(rows, "given", validation=0.2, test=0.5)
    assert found[300:] == ["test"] * 50
    assert set(found[:300]) == {"train", "validation"}
    both = by([*rows, *with_field("split", ["dev"])], "given", validation=0.2)
    assert both == ["train"] * 300 + ["test"] * 50 + ["validation"]


def test_an_unknown_side_is_named():
    with pytest.raises(BadData, match=r"column 'part' says 'tset', which names no side. Known: train"):
        by(with_field("part", ["tset"]), "given", column="part")
