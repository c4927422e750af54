from typing import Any

import torch

from method_trials import CLASSES, Folders, Trial, learning
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.layer_norm import LayerNorm


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(LayerNorm(**options), folders[architecture], task)


def test_every_norm_learns_and_a_new_head(folders: Folders) -> None:
    names = learning(trial(folders, "t5", LANGUAGE).start())
    assert len(names) == 12  # two layers of two and of three, and two last ones
    assert all("norm" in name for name in names)
    heads = learning(trial(folders, "t5", CLASSES).start()).keys() - names.keys()
    assert {name.split(".")[2] for name in heads if "norm" not in name} == {"classification_head"}


def test_a_network_whose_norms_have_no_weights_is_refused(folders: Folders) -> None:
    model = trial(folders, "llama", LANGUAGE).base()
    for name, layer in list(model.network.named_modules()):
        if type(layer).__name__ == "LlamaRMSNorm":
            model.network.set_submodule(name, torch.nn.Identity())
    assert LayerNorm().refuses(model.network) == "None of its norms has a weight. Try `method: bitfit`."
