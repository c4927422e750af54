import torch

from tunesmith.core.cards import Model
from tunesmith.method.none import Nothing


def test_nothing_learns_and_nothing_changes(tiny_model: Model) -> None:
    before = {name: parameter.clone() for name, parameter in tiny_model.network.named_parameters()}
    model = Nothing().apply(tiny_model, 7)
    assert not any(parameter.requires_grad for parameter in model.network.parameters())
    merged = Nothing().merge(Nothing().settle(model))
    assert all(torch.equal(p, before[name]) for name, p in merged.network.named_parameters())
