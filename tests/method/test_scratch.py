from pathlib import Path

import pytest
import torch

from method_trials import FOUR, VECTOR, Folders, Trial, check_training, every
from trained_models import build_tiny_gpt2
from tunesmith.core.cards import Model
from tunesmith.core.task import Task
from tunesmith.method.scratch import Scratch
from tunesmith.model.load import load


@pytest.fixture(params=["llama", "gpt2"])
def folder(request: pytest.FixtureRequest, tiny_folder: Path, tmp_path: Path) -> Path:
    """Give one base after the other."""
    if request.param == "llama":
        return tiny_folder
    build_tiny_gpt2(tmp_path / "gpt2")
    return tmp_path / "gpt2"


def start(folder: Path, seed: int) -> dict[str, torch.Tensor]:
    network = Scratch().apply(load("base", folder), seed).network
    return {name: parameter.detach() for name, parameter in network.named_parameters()}


def test_the_seed_alone_decides_the_start(folder: Path) -> None:
    one, again, other = start(folder, 1), start(folder, 1), start(folder, 2)
    drawn = [name for name, tensor in one.items() if tensor.std() > 0]
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert len(drawn) >= 10
    assert not any(torch.equal(one[name], other[name]) for name in drawn)


def test_no_weight_of_the_base_is_left(folder: Path) -> None:
    base = dict(load("base", folder).network.named_parameters())
    fresh = start(folder, 1)
    drawn = [name for name, tensor in fresh.items() if tensor.std() > 0]
    assert not any(torch.equal(fresh[name], base[name]) for name in drawn)


def test_the_start_is_drawn_the_way_the_architecture_asks_for(folder: Path) -> None:
    matrices = {name: tensor for name, tensor in start(folder, 1).items() if tensor.ndim == 2}
    assert len(matrices) >= 10
    # Llama draws with 0.02; GPT-2 too, but its residual projections with 0.02 / sqrt(2 * layers)
    assert all(0.008 < float(tensor.std()) < 0.022 for tensor in matrices.values())


def test_embeddings_that_are_one_matrix_stay_one(tmp_path: Path) -> None:
    build_tiny_gpt2(tmp_path / "gpt2")
    network = Scratch().apply(load("base", tmp_path / "gpt2"), 1).network
    assert network.get_input_embeddings().weight is network.get_output_embeddings().weight


def test_everything_is_trained(tiny_model: Model) -> None:
    tiny_model.network.requires_grad_(False)
    network = Scratch().apply(tiny_model, 1).network
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_a_start_needs_no_weights(tiny_folder: Path) -> None:
    assert Scratch.starts_from == "random"
    expected = start(tiny_folder, 1)
    network = Scratch().apply(load("base", tiny_folder, "random"), 1).network
    assert all(torch.equal(parameter, expected[name]) for name, parameter in network.named_parameters())


@every(*FOUR, ("bert", VECTOR))
def test_every_family_learns_all_that_is_read(folders: Folders, architecture: str, task: Task) -> None:
    model = Trial(Scratch(), folders[architecture], task).start()
    left = {name.split(".")[0] for name, each in model.network.named_parameters() if not each.requires_grad}
    assert left == ({"pooler"} if task == VECTOR else set())


def test_all_that_says_a_vector_changes(folders: Folders) -> None:
    check_training(Trial(Scratch(), folders["bert"], VECTOR))
