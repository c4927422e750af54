from pathlib import Path

import pytest
import torch

from tunesmith.lifecycle.doctor.ceilings import Ceilings, bandwidth, measure, try_disk


def test_products_and_memory_are_measured() -> None:
    found = measure()
    assert found.products.keys() == {"float32", "bfloat16"}
    assert min(found.products.values()) > 0
    assert found.device in ("cpu", "cuda")
    assert len(found.describe()) == 2


def test_what_is_copied_counts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(100))
    monkeypatch.setattr("tunesmith.lifecycle.doctor.ceilings.perf_counter", lambda: float(next(ticks)))
    assert bandwidth(torch.device("cpu"), 4000) == 8000 / 1e9  # each copy takes a second


def test_figures_are_said_with_their_units() -> None:
    lines = Ceilings("cpu", {"float32": 209.4, "bfloat16": 930.0}, 31.25).describe()
    assert lines == [
        "products on the processor: 209 GFLOP/s in float32, 930 GFLOP/s in bfloat16",
        "memory of the processor: 31.2 GB/s read and written",
    ]


def test_a_disk_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    found = try_disk("cache", tmp_path / "cache", size=2**20)
    assert found.megabytes_per_second is not None
    assert found.megabytes_per_second > 0
    assert found.free > 0
    assert list((tmp_path / "cache").iterdir()) == []
    assert found.describe().startswith(f"cache, {tmp_path / 'cache'}: ")


def test_a_folder_that_cannot_be_written_to_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = try_disk("cache", tmp_path / "file" / "below")
    assert (found.free, found.megabytes_per_second) == (0, None)
    assert "it cannot be written to (Not a directory)" in found.describe()
