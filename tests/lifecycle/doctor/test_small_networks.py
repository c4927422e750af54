import pytest
import torch

from tunesmith.lifecycle.doctor.small_networks import ADAPTED, CONTEXT, NETWORKS, build, rows


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_the_same_every_time(name: str) -> None:
    first, second = (dict(build(name).network.named_parameters()) for _ in range(2))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_networks_are_of_different_architectures() -> None:
    assert len({build(name).network.config.model_type for name in NETWORKS if name != ADAPTED}) >= 5


def test_an_adapter_counts_from_the_start() -> None:
    model = build(ADAPTED)
    ids = torch.tensor([list(rows()[0].ids)])
    with torch.no_grad():
        adapted = model.network(input_ids=ids).logits
        with model.network.disable_adapter():  # type: ignore[operator]  # it is peft's wrapping
            base = model.network(input_ids=ids).logits
    assert float((adapted - base).abs().max()) > 0.1
    assert all(("lora_" in name) == p.requires_grad for name, p in model.network.named_parameters())


def test_rows_begin_alike_repeat_and_fit() -> None:
    made = rows()
    ids = [tuple(row.ids) for row in made]
    assert len(ids) == 12
    assert len(set(ids)) == 11
    assert len({row[:40] for row in ids[:4]}) == 1
    assert max(map(len, ids)) <= CONTEXT
    assert all(row.weights[0] == 0 and row.weights[-1] == 1 for row in made)
    assert {weight for row in made for weight in row.weights} == {0.0, 0.5, 1.0}
