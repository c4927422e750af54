"""What this machine has: processor, memory, graphics cards, and what its control group allows; in bytes."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GROUPS = Path("/sys/fs/cgroup")
"""Where Linux says what a container may use (https://docs.kernel.org/admin-guide/cgroup-v2.html)."""
PROCESSOR = Path("/proc/cpuinfo")
DRIVER = Path("/proc/driver/nvidia/version")
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16", "sve")
"""What decides how fast products are, in the kernel's words for x86 and ARM."""


@dataclass(frozen=True)
class Gpu:
    """A graphics card that torch can use."""

    name: str
    memory: int
    free: int
    capability: str


@dataclass(frozen=True)
class Machine:
    """The hardware; `cores` are those that this process may use.

    `cores_allowed` and `limit` are what the control group says, `busy` how many cores work on average now.
    `driver` tells of a graphics card's driver, also where torch cannot use it.
    """

    system: str
    python: str
    processor: str
    instructions: tuple[str, ...]
    cores: int
    cores_allowed: float | None
    memory: int
    free: int
    limit: int | None
    gpus: tuple[Gpu, ...]
    driver: bool = False
    busy: float = 0.0

    def describe(self) -> list[str]:
        """Say what there is, a line each."""
        cores = f"{self.cores} core{'s' if self.cores != 1 else ''}"
        known = f" ({', '.join(self.instructions)})" if self.instructions else ""
        lines = [
            f"{self.system}, Python {self.python}",
            f"{self.processor}, {cores}{known}",
            f"{_gib(self.memory)} of memory, {_gib(self.free)} free",
        ]
        if self.limit is not None:
            lines.append(f"the control group allows {_gib(self.limit)} of memory")
        if self.cores_allowed is not None:
            lines.append(f"the control group allows {self.cores_allowed:g} cores' time")
        for gpu in self.gpus:
            sizes = f"{_gib(gpu.memory)}, {_gib(gpu.free)} free"
            lines.append(f"{gpu.name}, {sizes}, compute capability {gpu.capability}")
        return lines if self.gpus else [*lines, "no graphics card that torch can use"]


def look(groups: Path = GROUPS, processor: Path = PROCESSOR, driver: Path = DRIVER) -> Machine:
    """Look at the machine that this process runs on."""
    import psutil

    memory = psutil.virtual_memory()
    said = processor.read_text(encoding="utf-8", errors="replace") if processor.is_file() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", said, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", said, re.MULTILINE)
    known = set(flags[1].split()) if flags else set[str]()
    return Machine(
        system=f"{platform.system()} {platform.release()} ({platform.machine()})",
        python=platform.python_version(),
        processor=named[1].strip() if named else platform.processor() or platform.machine(),
        instructions=tuple(name for name in INSTRUCTIONS if name in known),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        cores_allowed=_cores_allowed(groups),
        memory=memory.total,
        free=memory.available,
        limit=_memory_allowed(groups, memory.total),
        gpus=_gpus(),
        driver=driver.is_file(),
        busy=os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
    )


def _cores_allowed(groups: Path) -> float | None:
    """Read how many cores' time a group may use: `cpu.max` holds microseconds, in each so many."""
    words = _read(groups / "cpu.max").split()
    return int(words[0]) / int(words[1]) if len(words) == 2 and words[0].isdigit() else None


def _memory_allowed(groups: Path, total: int) -> int | None:
    """Read a group's limit, in version 2 or 1 of control groups; version 1 says "none" by a huge number."""
    for file in (groups / "memory.max", groups / "memory" / "memory.limit_in_bytes"):
        said = _read(file)
        if said.isdigit() and int(said) < total:
            return int(said)
    return None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _gpus() -> tuple[Gpu, ...]:
    import torch

    if not torch.cuda.is_available():
        return ()
    cards = range(torch.cuda.device_count())
    return tuple(Gpu(torch.cuda.get_device_name(card), *_sizes(torch.cuda, card)) for card in cards)


def _sizes(cuda: Any, card: int) -> tuple[int, int, str]:
    free, total = cuda.mem_get_info(card)
    major, minor = cuda.get_device_capability(card)
    return total, free, f"{major}.{minor}"


def _gib(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB"
