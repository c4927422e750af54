from pathlib import Path

import numpy as np
import pytest
import torch

from engine_parts import encoded
from kept_memories import DISK, Lines, blank, drawn, keep, pieces, read, share_of
from tiny_networks import network_of
from tunesmith.core.errors import BadOption, NonFinite
from tunesmith.core.memory import Remembered
from tunesmith.engine.fit import fit
from tunesmith.memory import _datastore, _store
from tunesmith.memory._datastore import Datastore, digest
from tunesmith.memory._mixture import of_vocabulary
from tunesmith.memory._search import Apart

ROWS = drawn()


@pytest.fixture
def datastore(tmp_path: Path) -> Datastore:
    return Datastore.of(keep(tmp_path, ROWS), most=6, probes=1)


def test_what_neighbours_say_is_what_the_formula_says(datastore: Datastore) -> None:
    states = torch.randn(30, 8)
    squared, tokens = datastore.neighbours(states, Apart.nothing(30))
    shares = of_vocabulary(squared.double(), tokens, 4.0, 20).exp()
    for state, found in zip(states, shares.tolist(), strict=True):
        expected = share_of(ROWS, state.numpy(), 6, 4.0)
        assert found == pytest.approx([expected.get(token, 0.0) for token in range(20)], abs=1e-6)


def test_a_row_is_known_by_its_name_or_by_what_it_says(tmp_path: Path) -> None:
    row, same = encoded([1, 2, 3], [0, 1, 1], "book:1"), encoded([1, 2, 3], [0, 0, 1], "other")
    assert digest(row) == digest(same) != digest(encoded([1, 2, 4], [0, 1, 1]))
    store = keep(tmp_path, ROWS)
    datastore = Datastore.of(store, most=4, probes=1)
    ends = store.ends.tolist()
    known = encoded([1, 2], [0, 1], ROWS[2].key)
    apart = datastore.apart([(row, 2), (known, 3), (row, 1)])
    assert apart.groups.tolist() == [-1, -1, 0, 0, 0, -1]
    assert apart.ranges == (((ends[2], ends[3]),),)
    alike = Datastore.of(store, 4, 1)
    object.__setattr__(alike, "by_digest", {digest(row): ((0, 3),)})
    assert alike.apart([(same, 1)]).ranges == (((0, 3),),)


def test_entries_of_a_row_that_stand_together_are_one_range(tmp_path: Path) -> None:
    one, two = drawn(2)
    parts = [Lines("a", one.states, one.tokens), Lines("b", two.states, two.tokens)]
    rows = [parts[0], parts[0], parts[1], parts[0]]
    _store.add(tmp_path, blank(), ["a", "b"], pieces(rows), _store.nothing_more, DISK)
    store = read(tmp_path)
    first, second = len(one.tokens), len(two.tokens)
    found = Datastore.of(store, 4, 1).by_key
    assert found["a"] == ((0, 2 * first), (2 * first + second, 3 * first + second))
    assert found["b"] == ((2 * first, 2 * first + second),)


def test_an_empty_memory_has_no_neighbours(tmp_path: Path) -> None:
    empty = Datastore.of(keep(tmp_path, []), most=4, probes=1)
    squared, tokens = empty.neighbours(torch.randn(3, 8), Apart.nothing(3))
    assert squared.isinf().all()
    assert squared.shape == tokens.shape == (3, 1)


def test_what_rounding_moves_is_measured(tmp_path: Path) -> None:
    rows = [
        Remembered(f"row:{n}", sequences=(encoded(range(n, n + 9), [0, *[1] * 8], f"row:{n}"),))
        for n in range(10, 40)
    ]
    with fit(network_of("llama")) as forward:
        coarse, exact = (
            [arrays for _, arrays in _datastore.pieces(rows, forward, "output", precision)]
            for precision in ("float16", "float32")
        )
    for half, full in zip(coarse, exact, strict=True):
        moved = np.square(np.float64(full["keys"]) - np.float64(half["keys"])).sum()
        assert half["shifts"][0] == pytest.approx(moved, rel=1e-3)
        assert moved > 0 == full["shifts"][0]
        assert half["norms"] == pytest.approx(np.square(np.float64(half["keys"])).sum(-1), rel=1e-5)


def test_figures_say_how_far_neighbours_are_and_what_rounding_moves(tmp_path: Path) -> None:
    store = keep(
        tmp_path,
        [
            Lines(f"{place}", np.full((1, 4), 3.0 * place, np.float32), np.array([place]))
            for place in range(5)
        ],
    )
    store.arrays["shifts"][:] = 0.09
    found = _datastore.finish(store, 2, 1)
    assert found == pytest.approx({"nearest": 6.0, "rounding": 0.05})  # 4 * 3 ** 2, its root; and 0.3 of 6


def test_a_row_alone_has_no_neighbour_to_measure(tmp_path: Path) -> None:
    assert _datastore.finish(keep(tmp_path / "a", drawn(1)), 2, 1) == {}
    assert _datastore.finish(keep(tmp_path / "b", []), 2, 1) == {}


@pytest.mark.parametrize(("value", "error"), [(1e6, BadOption), (float("nan"), NonFinite)])
def test_states_that_cannot_be_kept_are_refused(value: float, error: type[Exception]) -> None:
    rows = [Remembered("row:1", sequences=(encoded([1, 2, 3], [0, 1, 1]),))]
    network = network_of("llama")
    with fit(network) as forward:
        network.model.norm.weight.data.fill_(value)  # type: ignore[union-attr]  # a Llama ends with a norm
        with pytest.raises(error, match="row:1"):
            list(_datastore.pieces(rows, forward, "output", "float16"))
