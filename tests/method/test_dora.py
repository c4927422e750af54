from typing import Any

import torch

from method_trials import Folders, Trial
from tunesmith.method.dora import DoRA


def trial(folders: Folders, architecture: str, **options: Any) -> Trial:
    return Trial(DoRA(rank=4, **options), folders[architecture])


def test_lengths_start_as_those_of_the_weights(folders: Folders) -> None:
    network = trial(folders, "llama").start().network
    layer = network.get_submodule("base_model.model.model.layers.0.mlp.up_proj")
    lengths = layer.lora_magnitude_vector["default"].weight
    assert torch.allclose(lengths, layer.get_base_layer().weight.norm(dim=1))
