import pytest

from tunesmith.core.recipe import Training
from tunesmith.engine.schedule import learning_rate


@pytest.mark.parametrize(
    ("schedule", "step", "share"),
    [
        ("constant", 1, 0.5),  # warm-up is ceil(0.15 * 10) = 2 steps: half, then all of the rate
        ("constant", 2, 1.0),
        ("constant", 3, 1.0),
        ("constant", 10, 1.0),
        ("linear", 1, 0.5),
        ("linear", 2, 1.0),
        ("linear", 3, 1.0),
        ("linear", 7, 0.5),  # 4 of the 8 steps after the warm-up are done
        ("linear", 10, 0.125),
        ("cosine", 1, 0.5),
        ("cosine", 3, 1.0),
        ("cosine", 5, 0.85355339059),  # (1 + cos 45 degrees) / 2
        ("cosine", 7, 0.5),
        ("cosine", 9, 0.14644660941),
        ("cosine", 10, 0.03806023374),
    ],
)
def test_the_rate_at_hand_computed_points(schedule: str, step: int, share: float) -> None:
    training = Training.model_validate({"learning_rate": 2e-3, "schedule": schedule, "warmup": 0.15})
    assert learning_rate(training, step, steps=10) == pytest.approx(2e-3 * share, rel=1e-9)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
@pytest.mark.parametrize("warmup", [0.0, 0.01, 0.5, 0.99])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_every_step_has_a_rate_above_zero_and_none_above_the_highest(
    schedule: str, warmup: float, steps: int
) -> None:
    training = Training.model_validate({"learning_rate": 2e-3, "schedule": schedule, "warmup": warmup})
    rates = [learning_rate(training, step, steps) for step in range(1, steps + 1)]
    assert min(rates) > 0
    assert max(rates) == 2e-3


def test_wsd_stays_at_the_top_until_the_cooldown_and_falls_as_one_minus_a_square_root() -> None:
    training = Training(learning_rate=1.0, schedule="wsd", warmup=0.1, cooldown=0.4)
    rates = [learning_rate(training, step, steps=10) for step in range(1, 11)]
    assert rates == pytest.approx([1, 1, 1, 1, 1, 1, 1, 1 - 0.25**0.5, 1 - 0.5**0.5, 1 - 0.75**0.5])
