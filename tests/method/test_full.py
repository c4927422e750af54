import torch

from trained_models import train_two_steps
from tunesmith.core.cards import Model
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
