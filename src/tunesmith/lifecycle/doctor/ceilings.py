"""What this machine attains at most, measured in about two seconds: products, memory, disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    import torch

COPIED = {"cpu": 2**27, "cuda": 2**30}
"""Bytes that are copied to measure memory: more than caches hold."""
WRITTEN = 2**26
"""Bytes that are written to measure a disk."""
TRIES, PRODUCTS = 10, 30
"""How often each is measured; the best counts, as other programs may be working."""


@dataclass(frozen=True)
class Ceilings:
    """The best that was measured: products in GFLOP/s by number type, and bytes moved in GB/s."""

    device: str
    products: Mapping[str, float]
    bandwidth: float

    def describe(self) -> list[str]:
        """Say what was attained, a line each."""
        where = {"cpu": "the processor", "cuda": "the graphics card"}[self.device]
        products = ", ".join(f"{speed:,.0f} GFLOP/s in {kind}" for kind, speed in self.products.items())
        return [
            f"products on {where}: {products}",
            f"memory of {where}: {self.bandwidth:,.1f} GB/s read and written",
        ]


def measure() -> Ceilings:
    """Measure the device that models are loaded to."""
    import torch

    from tunesmith.engine.precision import gemm_speed
    from tunesmith.model.network import device

    there = device()
    kinds = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    products = {name: gemm_speed(kind, there, PRODUCTS) for name, kind in kinds.items()}
    return Ceilings(there.type, products, bandwidth(there, COPIED[there.type]))


def bandwidth(device: torch.device, size: int) -> float:
    """Copy so many bytes a few times, and give the best speed in GB/s; reading and writing count."""
    import torch

    source = torch.ones(size // 4, device=device)
    target = torch.empty_like(source)
    best = float("inf")
    for _ in range(TRIES + 1):  # the first one has the system hand out the memory
        started = perf_counter()
        target.copy_(source)
        if source.is_cuda:
            torch.cuda.synchronize()
        best = min(best, perf_counter() - started)
    return 2 * source.nbytes / best / 1e9


@dataclass(frozen=True)
class Place:
    """A folder in which files will be kept; `megabytes_per_second` is None where nothing could be written."""

    purpose: str
    folder: str
    free: int
    megabytes_per_second: float | None
    trouble: str = ""

    def describe(self) -> str:
        """Say what the folder is for, how much room there is, and how fast it is."""
        if self.trouble:
            return f"{self.purpose}, {self.folder}: {self.trouble}"
        speed = f", written at {self.megabytes_per_second:,.0f} MB/s" if self.megabytes_per_second else ""
        return f"{self.purpose}, {self.folder}: {self.free / 1e9:,.1f} GB free{speed}"


def try_disk(purpose: str, folder: Path, size: int = WRITTEN) -> Place:
    """Write a file until it is on the medium, and remove it; folders that were made for it stay."""
    file = folder / f".measuring-{uuid4().hex}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        size = min(size, free // 4)
        content = os.urandom(min(size, 2**20))  # some disks are quick with zeros alone
        started = perf_counter()
        with file.open("wb") as writing:
            for _ in range(max(1, size // len(content)) if content else 0):
                writing.write(content)
            writing.flush()
            os.fsync(writing.fileno())
        seconds = perf_counter() - started
        written = file.stat().st_size
    except OSError as error:
        return Place(purpose, str(folder), 0, None, f"it cannot be written to ({error.strerror or error})")
    finally:
        with suppress(OSError):
            file.unlink()
    return Place(purpose, str(folder), free, written / seconds / 1e6 if written else None)
