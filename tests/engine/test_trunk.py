from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

from engine_parts import random_rows
from tiny_networks import network_of
from tunesmith.core.cache import Cache
from tunesmith.core.errors import Stopped
from tunesmith.engine.fit import fit
from tunesmith.engine.forward import Forward
from tunesmith.engine.network import layers_of
from tunesmith.engine.trunk import with_trunk

ROWS = random_rows(12)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


def frozen(architecture: str, top: int) -> PreTrainedModel:
    """Freeze all but the top layers and what comes after them."""
    network = network_of(architecture)
    network.requires_grad_(False)
    layers = layers_of(network)
    for layer in layers[len(layers) - top :]:
        layer.requires_grad_(True)
    output = network.get_output_embeddings()
    if output.weight is not network.get_input_embeddings().weight:
        output.requires_grad_(True)
    return network


def learned(forward: Forward) -> tuple[float, dict[str, torch.Tensor]]:
    forward.network.zero_grad()
    total = 0.0
    for batch in forward.passes(ROWS, 100):
        loss = -(forward.logprobs(batch) * batch.weights_C).sum()
        loss.backward()
        total += float(loss.detach())
    named = forward.network.named_parameters()
    return total, {name: p.grad.clone() for name, p in named if p.grad is not None}


@pytest.mark.parametrize(
    "architecture", ["llama", "gemma2", "gpt2", "gpt_neox", "opt", "phi", "mixtral", "qwen3"]
)
@pytest.mark.parametrize("top", [0, 1])
def test_what_is_read_is_what_would_be_computed(architecture: str, top: int, cache: Cache) -> None:
    network = frozen(architecture, top)
    if not any(p.requires_grad for p in network.parameters()):
        pytest.skip("nothing but the tied head would be left to learn")
    with fit(network) as plain:
        reading = with_trunk(plain, ROWS, cache, "base")
        assert reading.trunk is not None, reading.refused
        assert reading.trunk.depth == len(layers_of(network)) - top
        (total, gradients), (expected, wanted) = learned(reading), learned(plain)
    assert total == pytest.approx(expected, rel=1e-5)
    assert gradients.keys() == wanted.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-4, atol=1e-5)


def test_frozen_layers_are_not_run(cache: Cache) -> None:
    network = frozen("llama", top=1)
    with fit(network) as plain:
        reading = with_trunk(plain, ROWS, cache, "base")
        counted: list[int] = []
        layers = layers_of(network)
        hooks = [
            layer.mlp.register_forward_hook(lambda *_, number=number: counted.append(number))  # type: ignore[union-attr]
            for number, layer in enumerate(layers)
        ]
        learned(reading)
        for hook in hooks:
            hook.remove()
    assert set(counted) == {len(layers) - 1}


def test_the_network_is_as_it_was_afterwards(cache: Cache) -> None:
    network = frozen("llama", top=1)
    with fit(network) as plain:
        learned(with_trunk(plain, ROWS, cache, "base"))
        assert not any("forward" in vars(layer) for layer in layers_of(network))


def test_the_same_rows_and_weights_hit_in_any_order_of_passes(cache: Cache) -> None:
    with fit(frozen("llama", top=1)) as plain:
        first = with_trunk(plain, ROWS, cache, "base")
        again = with_trunk(plain, ROWS, cache, "base")
    assert first.trunk is not None
    assert again.trunk is not None
    assert (first.trunk.was_cached, again.trunk.was_cached) == (False, True)
    assert "found in the cache" in " ".join(again.describe())


@pytest.mark.parametrize("change", ["base", "rows", "depth", "compute"])
def test_whatever_changes_misses(change: str, cache: Cache) -> None:
    with fit(frozen("llama", top=1)) as plain:
        with_trunk(plain, ROWS, cache, "base")
    other = frozen("llama", top=0 if change == "depth" else 1)
    rows = [*ROWS[:-1], replace(ROWS[-1], ids=ROWS[-1].ids[::-1])] if change == "rows" else ROWS
    compute = torch.bfloat16 if change == "compute" else None
    with fit(other, compute=compute) as plain:
        found = with_trunk(plain, rows, cache, "other base" if change == "base" else "base")
    assert found.trunk is not None, found.refused
    assert not found.trunk.was_cached


def test_states_of_other_weights_are_not_believed(cache: Cache) -> None:
    with fit(frozen("llama", top=1)) as plain:
        with_trunk(plain, ROWS, cache, "base")
    network = frozen("llama", top=1)
    with torch.no_grad():
        network.get_input_embeddings().weight.mul_(3)
    with fit(network) as plain:
        wrong = with_trunk(plain, ROWS, cache, "base")
    assert wrong.trunk is None
    assert "differ by" in wrong.refused[-1]


def test_a_torn_entry_is_computed_again(cache: Cache, tmp_path: Path) -> None:
    with fit(frozen("llama", top=1)) as plain:
        with_trunk(plain, ROWS, cache, "base")
        (entry,) = (tmp_path / "trunk").iterdir()
        entry.write_bytes(entry.read_bytes()[:-4])
        again = with_trunk(plain, ROWS, cache, "base")
    assert again.trunk is not None
    assert not again.trunk.was_cached


def test_where_everything_learns_nothing_is_cached(cache: Cache, tmp_path: Path) -> None:
    with fit(network_of("llama")) as plain:
        assert with_trunk(plain, ROWS, cache, "base") is plain
    assert list(tmp_path.iterdir()) == []


def test_too_little_room_is_said(tmp_path: Path) -> None:
    with fit(frozen("llama", top=1)) as plain:
        refused = with_trunk(plain, ROWS, Cache(tmp_path, most_bytes=1000), "base")
    assert refused.trunk is None
    assert "too much for the disk" in refused.refused[-1]


def test_layers_that_drop_values_are_computed_anew(cache: Cache) -> None:
    network = network_of("gpt2", resid_pdrop=0.1)
    network.requires_grad_(False)
    layers_of(network)[-1].requires_grad_(True)
    with fit(network) as plain:
        state = torch.get_rng_state()
        refused = with_trunk(plain, ROWS, cache, "base")
        assert torch.equal(torch.get_rng_state(), state)
    assert refused.trunk is None
    assert "drops values at random" in refused.refused[-1]


def test_a_stop_is_heard_while_states_are_computed_and_leaves_nothing(cache: Cache, tmp_path: Path) -> None:
    with fit(frozen("llama", top=1)) as plain, pytest.raises(Stopped, match="frozen layers"):
        with_trunk(plain, ROWS, cache, "base", lambda: True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_is_there_needs_no_room(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    with fit(frozen("llama", top=1)) as plain:
        with_trunk(plain, ROWS, cache, "base")
        monkeypatch.setattr(Cache, "has_room_for", lambda *_: False)
        again = with_trunk(plain, ROWS, cache, "base")
    assert again.trunk is not None
    assert again.trunk.was_cached


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "trunk").write_text("no folder")
    with fit(frozen("llama", top=1)) as plain:
        refused = with_trunk(plain, ROWS, Cache(tmp_path), "base")
    assert refused.trunk is None
    assert "the disk refuses: " in refused.refused[-1]
