"""The machine: what it is, as far as speed depends on it, and what one matrix product attains on it."""

from __future__ import annotations

import os
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tunesmith.core.hashing import hash_files

ROOT = Path(__file__).parents[1]
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16", "sve")
"""What decides how fast which type is."""
LIBRARIES = ("torch", "transformers", "peft", "trl")
PRODUCTS = {"cpu": (512, 1024, 1024), "cuda": (8192, 8192, 8192)}
"""Sizes that no cache or launch limits."""


def cores() -> int:
    """Count the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe() -> dict[str, Any]:
    """Describe the machine without saying whose it is."""
    import torch

    cpu = Path("/proc/cpuinfo")
    flags = set(re.findall(r"[\w]+", cpu.read_text(encoding="utf-8"))) if cpu.is_file() else set[str]()
    return {
        "cores": cores(),
        "instructions": [name for name in INSTRUCTIONS if name in flags],
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "engine": hash_files((ROOT / "src" / "tunesmith" / "engine").glob("*.py"))[:12],
        "libraries": {name: version(name) for name in LIBRARIES},
        "products": {
            device: {dtype: attained(device, dtype) for dtype in ("float32", "bfloat16")}
            for device in PRODUCTS
            if device == "cpu" or torch.cuda.is_available()
        },
    }


def attained(device: str, dtype: str, times: int = 20) -> float:
    """Multiply two matrices, and give the operations per second of the fastest of `times` trials."""
    import torch

    from benchmarks.gauge import now

    rows, inner, columns = PRODUCTS[device]
    left, right = (
        torch.randn(size, device=device).to(getattr(torch, dtype))
        for size in ((rows, inner), (inner, columns))
    )
    shortest = float("inf")
    for _ in range(times):
        started = now(device)
        torch.mm(left, right)
        shortest = min(shortest, now(device) - started)
    return 2 * rows * inner * columns / shortest
