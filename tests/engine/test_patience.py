import json
import math

import pytest

from tunesmith.core.cards import Validation
from tunesmith.engine.patience import Patience


def after(patience: Patience, *losses: float) -> Patience:
    for loss in losses:
        step = (patience.best_step or 0) + patience.without_gain + 1
        patience = patience.observe(Validation(step, loss, 0.5, 10))
    return patience


def test_a_fresh_patience_is_not_exhausted() -> None:
    assert not Patience(1).is_exhausted


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_it_ends_after_exactly_as_many_validations_without_gain(limit: int) -> None:
    patience = after(Patience(limit), 2.0, 1.0, *[1.5] * (limit - 1))
    assert not patience.is_exhausted
    assert after(patience, 1.5).is_exhausted


def test_a_gain_starts_the_count_anew() -> None:
    patience = after(Patience(2), 2.0, 2.5, 1.9, 2.5)
    assert not patience.is_exhausted
    assert (patience.best_loss, patience.best_step, patience.without_gain) == (1.9, 3, 1)


def test_an_equal_loss_is_no_gain() -> None:
    patience = after(Patience(1), 2.0, 2.0)
    assert patience.is_exhausted
    assert patience.best_step == 1


def test_without_a_limit_it_never_ends_but_still_knows_the_best() -> None:
    patience = after(Patience(None), 1.0, *[2.0] * 100)
    assert not patience.is_exhausted
    assert patience.best_step == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_number_is_never_the_best(bad: float) -> None:
    first = after(Patience(3), bad)
    assert (first.best_loss, first.best_step, first.without_gain) == (None, None, 1)
    later = after(Patience(3), bad, 2.0, bad)
    assert (later.best_loss, later.best_step, later.without_gain) == (2.0, 2, 1)


def test_it_survives_a_checkpoint() -> None:
    patience = after(Patience(3), 2.0, 1.7320508075688772, 3.0)
    assert Patience(**json.loads(json.dumps(patience.to_json()))) == patience


def test_observing_changes_no_earlier_state() -> None:
    before = after(Patience(3), 2.0)
    after(before, 1.0)
    assert before.best_loss == 2.0
