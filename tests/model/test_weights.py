from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tunesmith.model.weights import stored_type


@pytest.mark.parametrize(
    ("types", "name"),
    [
        ((torch.bfloat16, torch.bfloat16), "bfloat16"),
        ((torch.float16,), "float16"),
        ((torch.float32, torch.float32), "float32"),
        ((torch.float32, torch.bfloat16), "mixed"),
        ((torch.int8,), "int8"),
    ],
)
def test_the_type_of_all_files_is_told_or_that_there_are_several(
    types: tuple[torch.dtype, ...], name: str, tmp_path: Path
) -> None:
    for number, dtype in enumerate(types):
        save_file({"a": torch.zeros(3, 4, dtype=dtype)}, tmp_path / f"part-{number}.safetensors")
    assert stored_type(tmp_path) == (name if name != "int8" else "mixed", 12 * len(types))
