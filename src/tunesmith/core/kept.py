"""What a folder keeps of a trained change: the names of its files, and whether tensors fit a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tunesmith.core.errors import DamagedFile

ADAPTER = "adapter_config.json"
ADAPTER_TENSORS = "adapter_model.safetensors"
CHANGES = "changes.safetensors"


class Shaped(Protocol):
    """A tensor, as far as its shape goes."""

    @property
    def shape(self) -> tuple[int, ...]:
        """How long it is in each direction."""
        ...


def check_fit(path: Path, wanted: Mapping[str, Shaped], stored: Mapping[str, Shaped]) -> None:
    """Raise DamagedFile, with both sides, unless a file holds what a network takes, and nothing else."""
    missing, unexpected = sorted(wanted.keys() - stored.keys()), sorted(stored.keys() - wanted.keys())
    if missing or unexpected:
        raise DamagedFile(
            f"{path} does not fit its base: missing {missing[:4]}, unexpected {unexpected[:4]}. "
            "Use the base it was made from, or export it again."
        )
    for name, tensor in wanted.items():
        found, taken = list(stored[name].shape), list(tensor.shape)
        if found != taken:
            raise DamagedFile(f"{path}: {name} has shape {found}, the base takes {taken}.")
