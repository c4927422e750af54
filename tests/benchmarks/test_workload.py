"""Rows have the lengths, masks and beginnings that their workload promises, and are always the same."""

from statistics import median

import pytest
from benchmarks.workload import PAD, WORKLOADS, minibatches

VOCABULARY = 500


@pytest.mark.parametrize("name", WORKLOADS)
def test_rows_are_always_the_same_and_more_of_them_begin_with_the_same_ones(name: str) -> None:
    rows = WORKLOADS[name].rows(12, VOCABULARY)
    assert rows == WORKLOADS[name].rows(12, VOCABULARY)
    assert rows[:5] == WORKLOADS[name].rows(5, VOCABULARY)


@pytest.mark.parametrize("name", WORKLOADS)
def test_rows_can_be_trained_on(name: str) -> None:
    for row in WORKLOADS[name].rows(20, VOCABULARY):
        assert PAD not in row.ids
        assert max(row.ids) < VOCABULARY
        assert row.weights[0] == 0
        assert row.weights[-1] == 1


def test_short_answers_are_short() -> None:
    rows = WORKLOADS["short"].rows(400, VOCABULARY)
    assert median(map(len, rows)) == pytest.approx(110, abs=10)
    shares = [row.trained / len(row) for row in rows if len(row) >= 50]
    assert len(shares) >= 300
    assert 0.23 < min(shares) < max(shares) < 0.37


def test_conversations_share_their_first_150_tokens_and_not_the_next() -> None:
    rows = WORKLOADS["chat"].rows(20, VOCABULARY)
    assert len({tuple(row.ids[:150]) for row in rows}) == 1
    assert len({row.ids[150] for row in rows}) > 10
    assert not any(any(row.weights[:150]) for row in rows)


def test_long_documents_are_wanted_from_their_second_token_on() -> None:
    rows = WORKLOADS["long"].rows(20, VOCABULARY)
    assert all(1024 <= len(row) <= 2048 for row in rows)
    assert all(row.trained == len(row) - 1 for row in rows)


def test_minibatches_keep_the_order_of_rows_in_every_epoch() -> None:
    rows = WORKLOADS["quick"].rows(7, VOCABULARY)
    plans = minibatches(rows, rows_per_step=3, epochs=2)
    assert [(plan.step, plan.epoch, len(plan.sequences)) for plan in plans] == [
        (1, 1, 3), (2, 1, 3), (3, 1, 1), (4, 2, 3), (5, 2, 3), (6, 2, 1)
    ]  # fmt: skip
    assert [row for plan in plans for row in plan.sequences] == [*rows, *rows]
