from collections import Counter
from dataclasses import replace

import pytest

from natural_rows import labelled
from planted_rows import raw, row
from tunesmith.core.audit import Given
from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import Message
from tunesmith.data.cleaner.balance import Balance

GIVEN = Given((), None, None)  # type: ignore[arg-type]  # neither vectors nor a model are needed
COUNTS = {"a": 80, "b": 20, "c": 5}
ROWS = [
    labelled(f"text {label} {number}", label, line=line)
    for line, (label, number) in enumerate(
        ((label, n) for label, many in COUNTS.items() for n in range(many)), 1
    )
]


def clean(rows, **options):
    return list(Balance(**options).clean(rows, GIVEN))


def times(cleaned):
    """Add up how often an epoch shows each label."""
    shown = Counter()
    for after in cleaned:
        if after.row:
            shown[after.row.label] += after.row.times
    return dict(shown)


def weights(cleaned):
    """Add up what the answers of each label are worth."""
    worth = Counter()
    for after in cleaned:
        worth[after.row.label] += after.row.messages[-1].weight
    return dict(worth)


def test_it_works_on_training_rows_only():
    assert Balance.after_split


def test_rare_labels_are_shown_as_often_as_the_most_frequent():
    cleaned = clean(ROWS, most=100)
    assert times(cleaned) == pytest.approx({"a": 80, "b": 80, "c": 80})
    assert [after.row.times for after in cleaned] == [1] * 80 + [4] * 20 + [16] * 5
    assert cleaned[0].reason == ""
    assert (cleaned[80].reason, cleaned[80].detail) == ("shown more often", "times 4.00: b")


def test_no_row_is_shown_more_often_than_allowed():
    assert times(clean(ROWS)) == pytest.approx({"a": 80, "b": 80, "c": 50})


def test_a_power_leaves_some_of_the_differences():
    shown = times(clean(ROWS, power=0.5))
    assert shown == pytest.approx({"a": 80, "b": 40, "c": 20})  # as their square roots: 8.9, 4.5, 2.2
    assert all(after.reason == "" for after in clean(ROWS, power=1))


def test_rows_that_are_shown_several_times_already_keep_their_share():
    doubled = [replace(row, times=2.0) for row in ROWS]
    assert times(clean(doubled, most=100)) == pytest.approx({"a": 160, "b": 160, "c": 160})


def test_frequent_labels_are_capped_at_the_rarest():
    cleaned = clean(ROWS, how="cap", most=100)
    assert times(cleaned) == {"a": 5, "b": 5, "c": 5}
    dropped = [after for after in cleaned if after.row is None]
    assert Counter(after.detail for after in dropped) == {"a": 75, "b": 15}
    assert {after.reason for after in dropped} == {"too many of the same label"}
    assert all(after.row in (None, before) for before, after in zip(ROWS, cleaned, strict=True))


def test_a_cap_takes_no_more_than_allowed_and_may_leave_differences():
    assert times(clean(ROWS, how="cap")) == {"a": 8, "b": 5, "c": 5}
    assert times(clean(ROWS, how="cap", power=0.5)) == {"a": 20, "b": 10, "c": 5}


def test_weights_are_evened_out_and_stay_the_same_in_all():
    worth = weights(clean(ROWS, how="weight"))
    assert worth == pytest.approx({"a": 35, "b": 35, "c": 35})
    cleaned = clean(ROWS, how="weight")
    assert (cleaned[0].reason, cleaned[0].detail) == ("given another weight", "times 0.44: a")
    assert all(after.row.times == 1 for after in cleaned)


def test_answers_that_are_not_learned_stay_so():
    turns = (Message("user", "?"), Message("assistant", "!", 0.0), *ROWS[-1].messages)
    cleaned = clean([*ROWS[:-1], replace(ROWS[-1], messages=turns)], how="weight")
    assert [turn.weight for turn in cleaned[-1].row.messages] == [1, 0, 1, pytest.approx(7)]


def test_a_row_with_several_labels_is_treated_as_its_rarest():
    both = labelled("both", "a", "c", line=200)
    cleaned = clean([*ROWS, both], most=100)
    assert cleaned[-1].row.times == pytest.approx(81 / 6)
    assert cleaned[-1].detail.endswith(": c")


def test_a_column_is_evened_out_and_rows_without_it_stay():
    rows = [replace(row, labels=(), fields={"shop": row.label}) for row in ROWS]
    cleaned = clean([*rows, row("?", "!")], by="column", column="shop")
    assert [after.row.times for after in cleaned] == [1] * 80 + [4] * 20 + [10] * 5 + [1]
    (dropped, *_) = [after for after in clean(rows, how="cap", by="column", column="shop") if not after.row]
    assert dropped.reason == "too many of the same shop"


def test_raw_text_has_no_answers_to_weight():
    rows = [replace(row, fields={"shop": "ab"[number > 2]}) for number, row in enumerate(raw(*"vwxyz"))]
    with pytest.raises(
        BadData, match=r"rows.jsonl:1: .* weights answers, and this row has none. Use how=repeat"
    ):
        clean(rows, how="weight", by="column", column="shop")
    assert len(clean(rows, by="column", column="shop")) == 5


def test_what_cannot_be_evened_out_is_refused_and_nothing_is_no_error():
    with pytest.raises(BadData, match=r"data.clean.balance: no row has a label"):
        clean([row("?", "!")])
    with pytest.raises(BadOption, match=r"cleaner\.balance\.column: by=column needs the name"):
        Balance(by="column")
    for how in ("repeat", "cap", "weight"):
        assert clean([], how=how) == []
