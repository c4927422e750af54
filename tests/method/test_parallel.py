from typing import Any

import pytest
import torch

from method_trials import WIDTH, Folders, Trial
from tunesmith.method.parallel import Parallel


def trial(folders: Folders, architecture: str, **options: Any) -> Trial:
    return Trial(Parallel(size=8, **options), folders[architecture])


@pytest.mark.parametrize(("scale", "activation"), [(1.0, "relu"), (4.0, "gelu")])
def test_small_layers_read_what_the_feed_forward_reads_and_add_to_what_it_gives(
    folders: Folders, scale: float, activation: str
) -> None:
    tried = trial(folders, "llama", scale=scale, activation=activation)
    changed = tried.start().network.get_submodule("model.layers.0.mlp")
    plain = tried.base().network.get_submodule("model.layers.0.mlp")
    small = changed.down_proj.small
    torch.nn.init.normal_(small.up_DR)
    x = torch.randn(2, 3, WIDTH)
    inner = getattr(torch.nn.functional, activation)(x @ small.down_RD.T + small.down_R)
    assert torch.allclose(changed(x), plain(x) + scale * (inner @ small.up_DR.T), atol=1e-4)
