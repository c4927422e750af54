from pathlib import Path

import pytest
import torch

from tunesmith.core.errors import DamagedFile
from tunesmith.core.kept import check_fit

PATH = Path("changes.safetensors")
WANTED = {"a": torch.ones(2, 3), "b": torch.ones(4)}


def test_what_fits_is_taken() -> None:
    check_fit(PATH, WANTED, {name: torch.zeros_like(tensor) for name, tensor in WANTED.items()})


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"a": torch.ones(2, 3)}, r"missing \['b'\], unexpected \[\]"),
        ({**WANTED, "c": torch.ones(1)}, r"missing \[\], unexpected \['c'\]"),
        ({**WANTED, "a": torch.ones(3, 2)}, r"a has shape \[3, 2\], the base takes \[2, 3\]"),
    ],
)
def test_what_does_not_fit_is_told_with_both_sides(stored: dict[str, torch.Tensor], said: str) -> None:
    with pytest.raises(DamagedFile, match=said):
        check_fit(PATH, WANTED, stored)
