"""How a base's weights are held in memory: in float32, or as their file has them where that is too much."""

from __future__ import annotations

from pathlib import Path

from tunesmith.core.cards import Model
from tunesmith.core.task import LANGUAGE, Storage, Task
from tunesmith.engine.memory import room_for
from tunesmith.model.load import load
from tunesmith.model.network import device
from tunesmith.model.weights import stored_type

COPIES = 1.5
"""Products in 16 bits need a copy of each matrix beside the one in float32."""


def fitting(folder: Path) -> Storage:
    """Choose float32 where it fits into the memory that is free now, or where the file has no other type."""
    kind, numbers = stored_type(folder)
    if kind not in ("bfloat16", "float16") or 4 * COPIES * numbers <= room_for(device()):
        return "float32"
    return "stored"


def load_fitting(name: str, folder: Path, task: Task = LANGUAGE) -> Model:
    """Load a base for a task, the way that fits into memory."""
    return load(name, folder, storage=fitting(folder), task=task)
