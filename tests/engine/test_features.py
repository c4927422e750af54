from array import array
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tiny_readers import TASKS, reader_of
from tunesmith.core.cache import Cache
from tunesmith.core.cards import Encoded
from tunesmith.core.errors import Stopped
from tunesmith.engine.features import with_features
from tunesmith.engine.fit import fit
from tunesmith.engine.forward import Forward
from tunesmith.engine.rows import Reading

READING = Reading("encoder", TASKS["classes"])
ROWS = [
    Encoded(
        array("i", range(4 + n, 8 + 2 * n)), array("f", [1.0] + [0.0] * (3 + n)), targets=array("d", [n % 3])
    )
    for n in range(6)
]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def frozen() -> Any:
    network = reader_of("bert", TASKS["classes"])
    network.base_model.requires_grad_(False)
    return network


def costs(forward: Forward) -> list[float]:
    found = [0.0] * len(ROWS)
    with torch.no_grad():
        for batch in forward.passes(ROWS, 20):
            for number, cost in zip(batch.numbers, forward.logprobs(batch).tolist(), strict=True):
                found[number] = cost
    return found


class Products(TorchDispatchMode):
    """Counts products of matrices."""

    number = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.number += func.overloadpacket in (torch.ops.aten.mm, torch.ops.aten.addmm)
        return func(*args, **(kwargs or {}))


def test_what_is_read_is_what_would_be_computed_without_computing_the_body(cache: Cache) -> None:
    with fit(frozen(), reading=READING) as forward:
        wanted = costs(forward)
        with Products() as plain:
            costs(forward)
        reading = with_features(forward, ROWS, cache, "base")
        with Products() as read:
            assert costs(reading) == pytest.approx(wanted, abs=1e-5)
        assert read.number < plain.number / 5
        assert reading.describe()[1] == "only the head learns: features of 6 rows computed once"
        again = with_features(forward, ROWS[::-1], cache, "base")
        assert "computed once" in again.describe()[1]  # other rows stand at other places


def test_a_second_run_finds_them_and_another_base_does_not(cache: Cache) -> None:
    with fit(frozen(), reading=READING) as forward:
        with_features(forward, ROWS, cache, "base")
        assert "found in the cache" in with_features(forward, ROWS, cache, "base").describe()[1]
        assert "computed once" in with_features(forward, ROWS, cache, "other").describe()[1]


def test_a_cache_that_holds_something_else_is_not_used(cache: Cache) -> None:
    with fit(frozen(), reading=READING) as forward:
        with_features(forward, ROWS, cache, "base")
        (file,) = [path for path in cache.folder.rglob("*") if path.is_file()]
        file.write_bytes(bytes(file.stat().st_size))
        refused = with_features(forward, ROWS, cache, "base")
    assert refused.features is None
    assert "log-probabilities differ" in refused.describe()[-1]


def test_a_body_that_learns_or_drops_at_random_is_computed_every_time(cache: Cache) -> None:
    learning = reader_of("bert", TASKS["classes"])
    with fit(learning, reading=READING) as forward:
        assert "the body learns" in with_features(forward, ROWS, cache, "base").describe()[-1]
    dropping = reader_of("bert", TASKS["classes"], hidden_dropout_prob=0.5)
    dropping.base_model.requires_grad_(False)
    with fit(dropping, reading=READING) as forward:
        assert "at random" in with_features(forward, ROWS, cache, "base").describe()[-1]


def test_it_stops_when_asked_to(cache: Cache) -> None:
    with fit(frozen(), reading=READING) as forward, pytest.raises(Stopped, match="features"):
        with_features(forward, ROWS, cache, "base", lambda: True)
