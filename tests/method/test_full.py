import pytest
import torch

from method_trials import CLASSES, FOUR, VECTOR, Folders, Trial, check_training, every
from trained_models import train_two_steps
from tunesmith.core.cards import Model
from tunesmith.core.errors import BadOption
from tunesmith.core.task import Task
from tunesmith.method.full import Full


def test_every_weight_may_change_and_does(tiny_model: Model) -> None:
    tiny_model.network.requires_grad_(False)
    model = Full().apply(tiny_model, 7)
    before = {name: parameter.detach().clone() for name, parameter in model.network.named_parameters()}
    train_two_steps(model)
    assert len(before) == 21
    assert not [name for name, p in model.network.named_parameters() if torch.equal(p, before[name])]


@every(*FOUR, ("bert", VECTOR))
def test_every_family_learns_all_that_is_read(folders: Folders, architecture: str, task: Task) -> None:
    model = Trial(Full(), folders[architecture], task).start()
    left = {name.split(".")[0] for name, each in model.network.named_parameters() if not each.requires_grad}
    assert left == ({"pooler"} if task == VECTOR else set())


def test_all_that_says_a_vector_changes(folders: Folders) -> None:
    check_training(Trial(Full(), folders["bert"], VECTOR))


def test_what_is_to_be_frozen_is_left_out_by_name(tiny_model: Model) -> None:
    model = Full(frozen=("norm", r"layers\.0\.")).apply(tiny_model, 7)
    left = [name for name, each in model.network.named_parameters() if not each.requires_grad]
    assert left
    assert all("norm" in name or "layers.0." in name for name in left)
    assert "model.layers.1.mlp.up_proj.weight" not in left


def test_a_pattern_that_freezes_nothing_is_refused_with_the_names_there_are(tiny_model: Model) -> None:
    with pytest.raises(BadOption, match=r"full\.frozen: .*No weight's name fits 'router'"):
        Full(frozen=("router",)).apply(tiny_model, 7)


@pytest.mark.parametrize(
    ("frozen", "reason"),
    [(("classifier",), r"classifier\.weight is new for its task"), ((".",), "is new for its task")],
)
def test_a_new_head_is_not_frozen(frozen: tuple[str, ...], reason: str, folders: Folders) -> None:
    with pytest.raises(BadOption, match=reason):
        Trial(Full(frozen=frozen), folders["bert"], CLASSES).start()


def test_freezing_everything_is_refused(tiny_model: Model) -> None:
    with pytest.raises(BadOption, match="Nothing would learn"):
        Full(frozen=(".",)).apply(tiny_model, 7)
