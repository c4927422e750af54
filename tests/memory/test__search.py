import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tunesmith.memory import _search
from tunesmith.memory._search import Apart, Exact, distances


def drawn(count: int = 700, width: int = 16, dtype: str = "<f4") -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(count, width)).astype(dtype)


def exact(keys: NDArray[np.float32]) -> Exact:
    return Exact(keys, np.square(keys.astype(np.float32)).sum(-1))


def naive(keys: NDArray[np.float32], states: torch.Tensor) -> NDArray[np.float64]:
    """Give all squared distances in float64, [S, N]."""
    return np.square(np.float64(states.numpy())[:, None] - np.float64(keys)).sum(-1)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("KEYS_AT_ONCE", 64), ("STATES_AT_ONCE", 5), ("NUMBERS_AT_ONCE", 500)):
        monkeypatch.setattr(_search, name, size)


@pytest.mark.parametrize("dtype", ["<f4", "<f2"])
@pytest.mark.parametrize("most", [1, 10, 64, 100])
def test_the_nearest_of_all_keys_are_found(most: int, dtype: str) -> None:
    keys, states = drawn(dtype=dtype), torch.randn(17, 16)
    _, who = exact(keys).nearest(states, most, Apart.nothing(17))
    expected = np.argsort(naive(keys, states), axis=1)[:, :most]
    assert [set(row) for row in who.tolist()] == [set(row) for row in expected.tolist()]


def test_what_is_apart_from_a_state_is_not_found_and_all_else_is() -> None:
    keys, states = drawn(), torch.randn(12, 16)
    ranges = (((0, 100), (120, 130)), ((60, 65),))
    groups = np.array([-1, 0, 0, 0, -1, 1, 1, -1, 0, 1, 1, -1])
    _, who = exact(keys).nearest(states, 20, Apart(groups, ranges))
    squared = naive(keys, states)
    for row, group in enumerate(groups):
        for start, end in ranges[group] if group >= 0 else ():
            squared[row, start:end] = np.inf
    expected = np.argsort(squared, axis=1)[:, :20]
    assert [set(row) for row in who.tolist()] == [set(row) for row in expected.tolist()]


def test_where_fewer_are_left_than_asked_for_the_rest_is_nobody() -> None:
    keys, states = drawn(10), torch.randn(2, 16)
    _, who = exact(keys).nearest(states, 10, Apart(np.array([0, -1]), (((2, 10),),)))
    assert set(who[0].tolist()) == {0, 1, -1}
    assert sorted(who[1].tolist()) == list(range(10))
    squared = distances(torch.from_numpy(keys), states, who)
    assert squared[0].isinf().sum() == 8
    assert squared[1].isfinite().all()


def test_distances_are_as_exact_as_the_keys() -> None:
    keys, states = drawn() + 1000, torch.from_numpy(drawn(9) + 1000)
    who = torch.randint(0, 700, (9, 33))
    expected = np.take_along_axis(naive(keys, states), who.numpy(), 1)
    assert distances(torch.from_numpy(keys), states, who).numpy() == pytest.approx(expected, rel=1e-6)


def test_a_state_that_was_kept_is_at_no_distance() -> None:
    keys = drawn() + 1000
    _, who = exact(keys).nearest(torch.from_numpy(keys[5:6]), 1, Apart.nothing(1))
    assert (who.item(), distances(torch.from_numpy(keys), torch.from_numpy(keys[5:6]), who).item()) == (
        5,
        0.0,
    )


def test_no_states_have_no_neighbours() -> None:
    keys = drawn()
    _, who = exact(keys).nearest(torch.zeros(0, 16), 3, Apart.nothing(0))
    assert who.shape == distances(torch.from_numpy(keys), torch.zeros(0, 16), who).shape == (0, 3)
