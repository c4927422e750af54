"""A base held in 16 bits gives what it gives in float32, in half the memory."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PreTrainedModel

from engine_parts import branching_rows
from tiny_models import build_tiny_llama
from tiny_networks import ARCHITECTURES, PADDED, at_once, network_of, one_at_a_time, with_adapter
from trained_models import build_tiny_gpt2
from tunesmith.core.errors import BadBase
from tunesmith.engine.fit import fit
from tunesmith.engine.projection import Projection
from tunesmith.method.lora import LoRA
from tunesmith.model._narrow import NarrowEmbedding, NarrowLinear, narrow
from tunesmith.model.load import load
from tunesmith.model.weights import stored_type

ROWS = branching_rows()
BUILDERS = {"llama": build_tiny_llama, "gpt2": build_tiny_gpt2}


@pytest.fixture(params=["bfloat16", "float16"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=BUILDERS)
def folder(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> Path:
    """Give a base whose file is in 16 bits."""
    folder = tmp_path / "base"
    BUILDERS[request.param](folder)
    rewrite(folder, kind)
    return folder


def rewrite(folder: Path, *kinds: str) -> None:
    """Store every tensor in one of the types, in turn."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    types = [getattr(torch, kinds[place % len(kinds)]) for place in range(len(tensors))]
    stored = {name: tensor.to(kind) for (name, tensor), kind in zip(tensors.items(), types, strict=True)}
    save_file(stored, path, metadata={"format": "pt"})


def outcome(network: Any) -> dict[str, Tensor]:
    """Give logits, and the gradients of the adapter."""
    network.zero_grad()
    logits = network(input_ids=torch.arange(3, 60)[None], use_cache=False).logits
    logits.square().mean().backward()
    gradients = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    return {"logits": logits.detach(), **gradients}


def in_16_bits(architecture: str) -> PreTrainedModel:
    """Give a network as it is loaded: weights in bfloat16, what is computed from the configuration not."""
    network = network_of(architecture)
    for parameter in network.parameters():
        parameter.data = parameter.data.to(torch.bfloat16)
    return network


def test_it_gives_the_bits_of_float32_and_its_gradients_up_to_the_order_of_sums(folder: Path) -> None:
    wide, held = (
        outcome(LoRA(rank=4).apply(load("base", folder, storage=storage), 1).network)
        for storage in ("float32", "stored")
    )
    assert wide.keys() == held.keys()
    assert len(wide) > 8
    for name, tensor in wide.items():
        assert held[name].dtype is torch.float32
        assert torch.allclose(held[name], tensor, rtol=1e-5, atol=1e-6 * float(tensor.abs().max())), name
    assert torch.equal(held["logits"], wide["logits"])


def test_only_matrices_are_held_in_16_bits(folder: Path, kind: str) -> None:
    network = load("base", folder, storage="stored").network
    for name, parameter in network.named_parameters():
        assert parameter.dtype is (getattr(torch, kind) if parameter.dim() > 1 else torch.float32), name
    wide = load("base", folder).network
    assert {p.dtype for p in wide.parameters()} == {torch.float32}
    assert _bytes(network) < 0.52 * _bytes(wide)


def _bytes(network: PreTrainedModel) -> int:
    return sum(parameter.nbytes for parameter in network.parameters())


def test_no_wide_copy_is_kept_for_the_backward_pass(folder: Path) -> None:
    network = LoRA(rank=4).apply(load("base", folder, storage="stored"), 1).network
    matrices = {tuple(p.shape) for p in network.parameters() if not p.requires_grad and p.dim() > 1}
    matrices |= {shape[::-1] for shape in matrices}
    kept: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor) or tensor, lambda x: x):
        outcome(network)
        plain = len(kept)
        with fit(network) as forward:
            at_once(forward, ROWS[:2], 1000)
    assert 0 < plain < len(kept)
    assert not [
        tensor.shape for tensor in kept if tuple(tensor.shape) in matrices and tensor.dtype is torch.float32
    ]


@pytest.mark.parametrize("compute", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_groups_keep_no_copy_that_is_wider_than_needed(folder: Path, compute: torch.dtype, kind: str) -> None:
    network = LoRA(rank=4).apply(load("base", folder, storage="stored"), 1).network
    found = [p for layer in network.modules() if (p := Projection.of(layer, compute)) is not None]
    assert len(found) > 4
    narrowest = compute if compute.itemsize == 2 else getattr(torch, kind)
    assert {projection.weight.dtype for projection in found} == {narrowest}


@pytest.mark.parametrize("adapter", [False, True], ids=["frozen", "lora"])
@pytest.mark.parametrize(
    "architecture", ["llama", "qwen2", "gemma3_text", "gpt2", "phi", "mixtral", "falcon"]
)
def test_every_lever_stays_exact(architecture: str, adapter: bool) -> None:
    network = in_16_bits(architecture)
    narrow(network, {})
    assert any(isinstance(module, NarrowLinear | NarrowEmbedding) for module in network.modules()) or (
        architecture == "gpt2"
    )
    network.requires_grad_(False)
    network = with_adapter(network) if adapter else _with_one_norm(network)
    alone = one_at_a_time(network, ROWS)
    with fit(network) as forward:
        assert forward.compute is torch.float32
        assert forward.levers.packing == ("padded" if architecture in PADDED else "forest")
        assert forward.levers.own_head
        found = at_once(forward, ROWS, 200)
    assert found.distance(alone) < 1e-5
    assert found.gradient_distance(alone) < 1e-4


def _with_one_norm(network: PreTrainedModel) -> PreTrainedModel:
    next(parameter for parameter in network.parameters() if parameter.dim() == 1).requires_grad_(True)
    return network


def test_it_learns_where_somebody_asks_it_to() -> None:
    layer = NarrowLinear(4, 3, dtype=torch.bfloat16)
    layer.bias.data = layer.bias.data.float()
    x = torch.randn(2, 4, requires_grad=True)
    layer(x).sum().backward()
    assert layer.weight.grad is not None
    assert torch.equal(layer.weight.grad, x.sum(0).to(torch.bfloat16).expand(3, 4))
    assert x.grad is not None
    assert torch.equal(x.grad, layer.weight.float().sum(0).expand(2, 4))
    x.grad = layer.bias.grad = None
    layer.weight.requires_grad_(False)
    layer(x).sum().backward()
    assert layer.bias.grad is not None
    assert torch.equal(layer.bias.grad, torch.full((3,), 2.0))
    assert torch.equal(x.grad, layer.weight.float().sum(0).expand(2, 4))


def test_every_architecture_computes_in_float32_afterwards() -> None:
    for architecture in ARCHITECTURES:
        if architecture in (
            "xlstm",
            "gpt_oss",
        ):  # theirs do not run on a CPU in less than float32, even before
            continue
        network, wanted = in_16_bits(architecture), in_16_bits(architecture).float()
        narrow(network, {})
        ids = torch.arange(3, 40)[None]
        assert torch.equal(network(input_ids=ids).logits, wanted(input_ids=ids).logits), architecture


def test_constants_are_not_those_of_a_network_in_16_bits(tmp_path: Path) -> None:
    folder = tmp_path / "gemma"
    build_tiny_llama(folder)  # for its tokenizer
    options = {"hidden_size": 40, "tie_word_embeddings": True}
    network_of("gemma3_text", **options).save_pretrained(folder)
    rewrite(folder, "bfloat16")
    wide, held = (load("base", folder, storage=storage).network for storage in ("float32", "stored"))
    ids = torch.arange(3, 40)[None]
    assert torch.equal(held(input_ids=ids).logits, wide(input_ids=ids).logits)
    scales = [dict(network.named_buffers())["model.embed_tokens.embed_scale"] for network in (wide, held)]
    assert torch.equal(*scales)
    assert scales[0] != scales[0].bfloat16()  # or nothing was tried


def test_the_type_of_a_file_is_read_from_its_header(tmp_path: Path, folder: Path, kind: str) -> None:
    name, numbers = stored_type(folder)
    network = load("base", folder).network
    tied = network.get_output_embeddings().weight.numel()  # type: ignore[union-attr,operator]
    assert name == kind
    assert numbers in (network.num_parameters(), network.num_parameters() + tied)
    rewrite(folder, "float32", kind)
    assert stored_type(folder)[0] == "mixed"
    with pytest.raises(BadBase, match=r"more than one number type. Load it with training.storage: float32"):
        load("base", folder, storage="stored")


def test_a_file_in_float32_is_held_as_it_is(tmp_path: Path) -> None:
    build_tiny_llama(tmp_path / "base")
    assert stored_type(tmp_path / "base")[0] == "float32"
    network = load("base", tmp_path / "base", storage="stored").network
    assert {p.dtype for p in network.parameters()} == {torch.float32}
