from typing import Any

import pytest
import torch

from method_trials import Folders, Trial
from tunesmith.core.errors import BadOption
from tunesmith.method.oft import OFT


def trial(folders: Folders, architecture: str, **options: Any) -> Trial:
    return Trial(OFT(block=8, **options), folders[architecture])


def test_rotations_keep_the_angles_between_neurons(folders: Folders) -> None:
    name = "model.layers.1.mlp.up_proj"
    before = trial(folders, "llama").base().network.get_submodule(name).weight

    def rotated(terms: int | None) -> torch.Tensor:
        tried = trial(folders, "llama", terms=terms)
        model = tried.start()
        drawn = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in model.network.parameters():
                if parameter.requires_grad:  # far from where it starts, a short series is no rotation
                    parameter.copy_(torch.randn(parameter.shape, generator=drawn) * 0.3)
        return tried.method.merge(model).network.get_submodule(name).weight

    solved, short = rotated(None), rotated(2)
    assert torch.allclose(solved @ solved.T, before @ before.T, atol=1e-4)
    assert not torch.allclose(solved, before, atol=1e-2)
    assert not torch.allclose(short @ short.T, before @ before.T, atol=1e-2)


def test_a_block_that_does_not_divide_what_a_layer_reads_is_refused(folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"q_proj reads 64 numbers: write a block that divides them, not 48"):
        Trial(OFT(block=48), folders["llama"]).start()


def test_transposed_weights_are_refused(folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"transposed, and peft does not rotate those\. Try `method: lora`"):
        trial(folders, "gpt2").start()
