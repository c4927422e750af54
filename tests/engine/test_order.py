from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_parts import encoded, random_rows
from tunesmith.core.cards import Encoded, Plan
from tunesmith.engine.order import count_steps, plans

ROWS = random_rows(50)


def keys(plan: Plan) -> list[str]:
    return [row.key for row in plan.sequences]


def of_lengths(lengths: list[int]) -> list[Encoded]:
    return [encoded([1] * n, [0.0] + [1.0] * (n - 1), str(place)) for place, n in enumerate(lengths)]


def test_every_row_comes_once_per_epoch() -> None:
    given_plans = list(plans(ROWS, seed=7, epochs=3, tokens_per_step=100))
    for epoch in (1, 2, 3):
        seen = [key for plan in given_plans if plan.epoch == epoch for key in keys(plan)]
        assert sorted(seen) == sorted(row.key for row in ROWS)


def test_steps_count_from_one_without_gaps_and_epochs_never_go_back() -> None:
    given_plans = list(plans(ROWS, seed=7, epochs=3, tokens_per_step=100))
    assert [plan.step for plan in given_plans] == list(range(1, len(given_plans) + 1))
    assert [plan.epoch for plan in given_plans] == sorted(plan.epoch for plan in given_plans)


def test_the_order_depends_on_seed_and_rows_alone() -> None:
    first = list(plans(ROWS, seed=7, epochs=2, tokens_per_step=100))
    assert first == list(plans(list(ROWS), seed=7, epochs=2, tokens_per_step=100))
    assert first != list(plans(ROWS, seed=8, epochs=2, tokens_per_step=100))


def test_the_order_is_the_same_on_every_machine() -> None:
    rows = of_lengths([4] * 6)
    order = [keys(plan)[0] for plan in plans(rows, seed=7, epochs=2, tokens_per_step=4)]
    assert order == ["2", "3", "5", "1", "4", "0", "0", "4", "1", "3", "2", "5"]


class Stored(list[Encoded]):
    def lengths(self) -> list[int]:
        return [3, 1, 2, 3, 1, 2]

    def __iter__(self) -> Iterator[Encoded]:
        raise AssertionError("rows are read though their lengths are known")


def test_rows_that_know_their_lengths_are_not_read_to_plan() -> None:
    rows = of_lengths([3, 1, 2, 3, 1, 2])
    assert count_steps(Stored(rows), seed=7, epochs=2, tokens_per_step=4) == count_steps(rows, 7, 2, 4)
    stored, plain = (list(plans(some, 7, 2, 4)) for some in (Stored(rows), rows))
    assert stored == plain


def test_an_epoch_does_not_depend_on_how_many_there_are() -> None:
    two = list(plans(ROWS, seed=7, epochs=2, tokens_per_step=100))
    assert two == list(islice(plans(ROWS, seed=7, epochs=5, tokens_per_step=100), len(two)))


def test_two_epochs_have_different_orders() -> None:
    first, second = (
        [key for plan in plans(ROWS, 7, 2, 100) if plan.epoch == epoch for key in keys(plan)]
        for epoch in (1, 2)
    )
    assert first != second


@pytest.mark.parametrize("done", range(0, 40, 5))
def test_going_on_after_any_step_gives_the_rest(done: int) -> None:
    every = list(plans(ROWS, seed=7, epochs=3, tokens_per_step=100))
    assert list(islice(plans(ROWS, 7, 3, 100), done, None)) == every[done:]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(2, 60), min_size=1, max_size=30), st.integers(1, 120), st.integers(0, 2**62))
def test_a_step_takes_whole_rows_until_the_next_would_be_too_much(
    lengths: list[int], tokens_per_step: int, seed: int
) -> None:
    rows = of_lengths(lengths)
    given_plans = list(plans(rows, seed, 1, tokens_per_step))
    for plan, following in zip(given_plans, [*given_plans[1:], None], strict=True):
        assert all(row is rows[int(row.key)] for row in plan.sequences)
        assert plan.tokens <= tokens_per_step or len(plan.sequences) == 1
        if following is not None:
            assert plan.tokens + len(following.sequences[0]) > tokens_per_step
    assert count_steps(rows, seed, 1, tokens_per_step) == len(given_plans)


@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_counted_steps_are_given_steps(epochs: int) -> None:
    assert count_steps(ROWS, 7, epochs, 100) == len(list(plans(ROWS, 7, epochs, 100)))


def test_no_rows_give_no_steps() -> None:
    assert list(plans([], seed=7, epochs=3, tokens_per_step=100)) == []
    assert count_steps([], 7, 3, 100) == 0
