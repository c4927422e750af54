from typing import Any

import torch

from method_trials import WIDTH, Folders, Trial, learning
from tunesmith.method.pfeiffer import Pfeiffer


def trial(folders: Folders, architecture: str, **options: Any) -> Trial:
    return Trial(Pfeiffer(size=8, **options), folders[architecture])


def test_small_layers_are_after_the_feed_forward_only(folders: Folders) -> None:
    names = learning(trial(folders, "bert").start())
    assert {name.split(".small.")[0] for name in names} == {
        "bert.encoder.layer.0.output.dense",
        "bert.encoder.layer.1.output.dense",
    }


def test_what_leaves_goes_through_the_small_layers_and_straight_on(folders: Folders) -> None:
    layer = trial(folders, "llama").start().network.get_submodule("model.layers.0.mlp.down_proj")
    torch.nn.init.normal_(layer.small.up_DR)
    x = torch.randn(2, 3, 2 * WIDTH)
    inner = torch.relu(layer.base(x) @ layer.small.down_RD.T + layer.small.down_R)
    assert torch.allclose(layer(x), layer.base(x) + inner @ layer.small.up_DR.T + layer.small.up_D, atol=1e-5)
