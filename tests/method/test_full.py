import torch

from method_trials import FOUR, VECTOR, Folders, Trial, check_training, every
from trained_models import train_two_steps
from tunesmith.core.cards import Model
from tunesmith.core.task import Task
from tunesmith.method.full import Full


def test_every_weight_may_change_and_does(tiny_model: Model) -> None:
    tiny_model.network.requires_grad_(False)
    model = Full().apply(tiny_model, 7)
    before = {name: parameter.detach().clone() for name, parameter in model.network.named_parameters()}
    train_two_steps(model)
    assert len(before) == 21
    assert not [name for name, p in model.network.named_parameters() if torch.equal(p, before[name])]


def test_merging_gives_back_the_same_model(tiny_model: Model) -> None:
    assert Full().merge(tiny_model) is tiny_model


@every(*FOUR, ("bert", VECTOR))
def test_every_family_learns_all_that_is_read(folders: Folders, architecture: str, task: Task) -> None:
    tried = Trial(Full(), folders[architecture], task)
    names = check_training(tried)
    everything = dict(tried.base().network.named_parameters()).keys()
    assert {name.split(".")[0] for name in everything - names} == ({"pooler"} if task == VECTOR else set())
