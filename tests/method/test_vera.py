from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from method_trials import Folders, Trial, keep, learning
from tunesmith.method.vera import VeRA


def trial(folders: Folders, architecture: str, **options: Any) -> Trial:
    return Trial(VeRA(rank=8, **options), folders[architecture])


def test_the_seed_decides_the_random_matrices_and_they_are_kept(folders: Folders, tmp_path: Path) -> None:
    tried = trial(folders, "llama")
    one, other = (tried.start(seed).network.base_model.vera_A["default"].clone() for seed in (1, 2))
    assert not torch.equal(one, other)
    keep(tried.start(1), tried.method, tmp_path)
    assert torch.equal(load_file(tmp_path / "adapter_model.safetensors")["base_model.vera_A"], one)


def test_two_vectors_per_layer_learn(folders: Folders) -> None:
    names = learning(trial(folders, "gpt2").start())
    assert len(names) == 16
    assert {name.split(".")[-2] for name in names} == {"vera_lambda_b", "vera_lambda_d"}
