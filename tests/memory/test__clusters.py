import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tunesmith.core.errors import MissingExtra
from tunesmith.memory._clusters import FEWEST, INDEX, Clustered, build
from tunesmith.memory._search import Apart, Exact, distances

faiss = pytest.importorskip("faiss")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    faiss.omp_set_num_threads(1)


@pytest.fixture(scope="module")
def keys() -> NDArray[np.float16]:
    draw = np.random.default_rng(0)
    centres = draw.normal(size=(50, 8))[draw.integers(50, size=FEWEST)]
    return (centres + 0.3 * draw.normal(size=centres.shape)).astype(np.float16)


@pytest.fixture(scope="module")
def folder(keys: NDArray[np.float16], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clusters")
    build(keys, folder / INDEX)
    return folder


@pytest.fixture
def clustered(keys: NDArray[np.float16], folder: Path) -> Clustered:
    return Clustered.read(keys, folder / INDEX, probes=16)


def nearest(keys: NDArray[np.float16], states: torch.Tensor, apart: Apart) -> torch.Tensor:
    return Exact(keys, np.square(keys.astype(np.float32)).sum(-1)).nearest(states, 10, apart)[1]


def shared(one: torch.Tensor, other: torch.Tensor) -> float:
    found = [len(set(a) & set(b)) / len(a) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    return sum(found) / len(found)


def test_nearly_all_of_the_nearest_are_found(keys: NDArray[np.float16], clustered: Clustered) -> None:
    states = torch.from_numpy(keys[::100].astype(np.float32)) + 0.05 * torch.randn(100, 8)
    squared, found = clustered.nearest(states, 10, Apart.nothing(100))
    assert shared(nearest(keys, states, Apart.nothing(100)), found) > 0.95
    assert torch.equal(squared, distances(torch.from_numpy(keys), states, found))
    assert (squared[:, 1:] >= squared[:, :-1]).all()  # by the keys themselves, not by their codes


def test_more_probes_find_more(keys: NDArray[np.float16], folder: Path) -> None:
    states = torch.randn(100, 8)
    right = nearest(keys, states, Apart.nothing(100))
    few, many = (
        shared(right, Clustered.read(keys, folder / INDEX, probes).nearest(states, 10, Apart.nothing(100))[1])
        for probes in (1, 64)
    )
    assert few < many - 0.1


def test_what_is_apart_from_a_state_is_not_found_and_others_are(
    keys: NDArray[np.float16], clustered: Clustered
) -> None:
    states = torch.from_numpy(keys[:60].astype(np.float32))
    apart = Apart(np.repeat([0, -1, 1], 20), (((0, 30), (40, 5000)), ((30, 60),)))
    _, found = clustered.nearest(states, 10, apart)
    assert not set(found[:20].flatten().tolist()) & {*range(30), *range(40, 5000)}
    assert not set(found[40:].flatten().tolist()) & set(range(30, 60))
    assert found[20:40, 0].tolist() == list(range(20, 40))
    assert shared(nearest(keys, states, apart), found) > 0.9


def test_the_same_keys_give_the_same_index_and_nothing_is_said(
    keys: NDArray[np.float16], folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    build(keys, tmp_path / INDEX)
    assert (tmp_path / INDEX).read_bytes() == (folder / INDEX).read_bytes()
    assert capfd.readouterr() == ("", "")


def test_without_faiss_the_extra_is_named(
    keys: NDArray[np.float16], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtra, match=r"tunesmith\[memory\]"):
        build(keys, tmp_path / INDEX)
