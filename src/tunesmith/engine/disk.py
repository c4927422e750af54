"""How tensors get onto the disk."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from tunesmith.core.disk import Disk


def write_tensors(path: Path, tensors: Mapping[str, Tensor], disk: Disk) -> None:
    """Write tensors as safetensors; raises OSError, with its number, where the disk takes no more."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    disk.write(path, lambda path: save_file(plain, path))
