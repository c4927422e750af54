from collections.abc import Callable
from typing import Any
from warnings import catch_warnings, filterwarnings

import pytest
import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora.layer import Linear
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from tiny_networks import Products, network_of, with_adapter
from tunesmith.engine.forward import inner
from tunesmith.engine.projection import Group, Projection, find_groups, together

INPUTS, RANK = 12, 3
OUTPUTS = {"q": 12, "k": 6, "v": 8}
DOUBLE = torch.float64


class Block(nn.Module):
    """Three layers that read one input, and one that reads what they make of it."""

    def __init__(self, bias: bool = False, transposed: bool = False) -> None:
        super().__init__()
        for name, size in OUTPUTS.items():
            self.add_module(name, Conv1D(size, INPUTS) if transposed else nn.Linear(INPUTS, size, bias=bias))
        read = sum(OUTPUTS.values())
        self.out = Conv1D(5, read) if transposed else nn.Linear(read, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.cat([self.q(x), self.k(x).tanh(), self.v(x)], -1))


def adapted(block: nn.Module, **options: Any) -> Any:
    """Put LoRA beside every layer, all of it drawn, in float64."""
    settings = {"r": RANK, "lora_alpha": 2, "target_modules": [*OUTPUTS, "out"]} | options
    transposed = isinstance(block.get_submodule("q"), Conv1D)
    block.requires_grad_(False)
    inject_adapter_in_model(LoraConfig(**settings, fan_in_fan_out=transposed), block)
    for name, parameter in block.double().named_parameters():
        if "lora_" in name:
            nn.init.normal_(parameter)
    return block.train()


def probe(block: nn.Module) -> list[Group]:
    return find_groups(block, lambda: block(torch.zeros(1, INPUTS, dtype=DOUBLE)), DOUBLE)


def outcome(block: nn.Module, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Give what comes out, and the gradients of everything that has one."""
    block.zero_grad()
    x.grad = None
    out = block(x)
    (out * torch.arange(out.numel(), dtype=out.dtype).view_as(out).cos()).sum().backward()
    gradients = {name: p.grad for name, p in block.named_parameters() if p.grad is not None}
    return out.detach(), gradients | ({} if x.grad is None else {"x": x.grad})


def some(*shape: int) -> Tensor:
    return torch.randn(*shape, INPUTS, dtype=DOUBLE, requires_grad=True)


BLOCKS: dict[str, Callable[[], Any]] = {
    "plain": lambda: adapted(Block()),
    "biased": lambda: adapted(Block(bias=True)),
    "transposed": lambda: adapted(Block(transposed=True)),
    "root scaled": lambda: adapted(Block(), use_rslora=True),
    "ranks": lambda: adapted(Block(), rank_pattern={"k": 1, "v": 7}, alpha_pattern={"k": 5}),
    "some layers": lambda: adapted(Block(), target_modules=["q", "v"]),
}


def test_a_group_gives_what_the_base_gives_while_adapters_are_off() -> None:
    network, ids = with_adapter(network_of("llama")), torch.tensor([[1, 2, 3]])
    with network.disable_adapter():  # type: ignore[operator]  # peft's
        wanted = network(input_ids=ids).logits
    groups = find_groups(network, lambda: inner(network).base_model(input_ids=ids), torch.float32)
    with together(groups):
        adapted = network(input_ids=ids).logits
        with network.disable_adapter():  # type: ignore[operator]
            assert torch.equal(network(input_ids=ids).logits, wanted)
        assert torch.equal(network(input_ids=ids).logits, adapted)
    assert not torch.allclose(adapted, wanted)


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
def test_a_group_computes_what_peft_computes(kind: str, shape: tuple[int, ...]) -> None:
    block, x = BLOCKS[kind](), some(*shape)
    wanted, plain = outcome(block, x)
    with together(probe(block)):
        found, mine = outcome(block, x)
    torch.testing.assert_close(found, wanted, atol=1e-12, rtol=0)
    assert mine.keys() == plain.keys()
    assert {name for name in mine if "lora_" in name} | {"x"} == mine.keys()
    for name, gradient in plain.items():
        assert mine[name].dtype is gradient.dtype
        torch.testing.assert_close(mine[name], gradient, atol=1e-11, rtol=0)


@pytest.mark.parametrize("kind", BLOCKS)
def test_its_gradient_is_that_of_small_differences(kind: str) -> None:
    block, x = BLOCKS[kind](), some(3)
    parameters = [p for p in block.parameters() if p.requires_grad]
    with together(probe(block)):
        assert torch.autograd.gradcheck(lambda x, *_: block(x), (x, *parameters), fast_mode=True)


def test_layers_that_read_one_input_are_one_group() -> None:
    block = adapted(Block())
    names = {module: name for name, module in block.named_modules()}
    groups = [[names[projection.layer] for projection in group.projections] for group in probe(block)]
    assert sorted(map(sorted, groups)) == [["k", "q", "v"], ["out"]]


@pytest.mark.parametrize(
    ("architecture", "wanted"),
    [
        ("llama", [{"down_proj"}, {"gate_proj", "up_proj"}, {"k_proj", "q_proj", "v_proj"}, {"o_proj"}]),
        ("gpt2", [{"c_attn"}, {"c_fc"}, {"c_proj"}, {"c_proj"}]),
        ("phi", [{"dense"}, {"fc1", "k_proj", "q_proj", "v_proj"}, {"fc2"}]),
    ],
)
def test_a_networks_layers_are_grouped_by_what_they_read(architecture: str, wanted: list[set[str]]) -> None:
    network = with_adapter(network_of(architecture))
    ids = torch.ones(1, 2, dtype=torch.long)
    groups = find_groups(network, lambda: inner(network).base_model(input_ids=ids), torch.float32)
    names = {module: name.rsplit(".", 1)[-1] for name, module in network.named_modules()}
    found = [{names[projection.layer] for projection in group.projections} for group in groups]
    assert sorted(map(sorted, found)) == sorted(map(sorted, 2 * wanted))  # the same in both layers
    adapters = [module for module in network.modules() if isinstance(module, Linear)]
    assert sum(map(len, found)) == len(adapters)


def train_base(block: Any) -> None:
    block.q.get_base_layer().weight.requires_grad_()


def merge(block: Any) -> None:
    block.q.merge()


def disable(block: Any) -> None:
    block.q.enable_adapters(False)


def add_another(block: Any) -> None:
    with catch_warnings():
        filterwarnings("ignore", "Already found a `peft_config`")
        inject_adapter_in_model(LoraConfig(r=2, target_modules=["q"]), block, adapter_name="second")
    block.q.set_adapter(["default", "second"])


def leave_none(block: Any) -> None:
    block.q.set_adapter([])


OTHERS: dict[str, tuple[dict[str, Any], Callable[[Any], None] | None]] = {
    "dropout": ({"lora_dropout": 0.1}, None),
    "DoRA": ({"use_dora": True}, None),
    "a bias of the change": ({"lora_bias": True}, None),
    "a base that learns": ({}, train_base),
    "a merged adapter": ({}, merge),
    "a disabled adapter": ({}, disable),
    "two adapters": ({}, add_another),
    "no adapter": ({}, leave_none),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_layer_that_computes_anything_else_is_left_to_peft(kind: str) -> None:
    options, change = OTHERS[kind]
    block = adapted(Block(bias=True), **options)
    if change is not None:
        assert Projection.of(block.q, DOUBLE) is not None
        change(block)
    assert Projection.of(block.q, DOUBLE) is None
    taken = [projection.layer for group in probe(block) for projection in group.projections]
    assert block.q not in taken
    assert len(taken) == (3 if change in (train_base, merge, disable, leave_none) else 0)


def test_a_layer_that_is_no_lora_layer_is_no_projection() -> None:
    assert Projection.of(nn.Linear(2, 3), DOUBLE) is None
    assert probe(Block().double()) == []


def test_afterwards_the_layers_are_as_they_were() -> None:
    block, x = adapted(Block()), some(2)
    before = {name: dict(vars(module)) for name, module in block.named_modules()}
    groups = probe(block)
    with together(groups):
        outcome(block, x)
        assert "forward" in vars(block.q)
    with pytest.raises(KeyError), together(groups):
        raise KeyError
    block.zero_grad(set_to_none=True)
    assert {name: vars(module).keys() for name, module in block.named_modules()} == {
        name: values.keys() for name, values in before.items()
    }
    for name, module in block.named_modules():
        assert not module._forward_pre_hooks, name
        assert vars(module)["training"] == before[name]["training"]


def test_what_is_waiting_is_never_given_for_another_input() -> None:
    block = adapted(Block())
    first, second = some(2), some(2)
    turns = [("q", first), ("k", first), ("q", second), ("v", first), ("k", second), ("q", second)]
    wanted = [block.get_submodule(name)(x) for name, x in turns]
    with together(probe(block)):
        found = [block.get_submodule(name)(x) for name, x in turns]
    for mine, plain in zip(found, wanted, strict=True):
        torch.testing.assert_close(mine, plain, atol=1e-12, rtol=0)


def test_a_layer_called_twice_with_one_input_gives_its_output_twice() -> None:
    block, x = adapted(Block()), some(2)
    with together(probe(block)):
        first, second = block.q(x), block.q(x)
    assert torch.equal(first, second)


def test_nothing_waits_once_every_layer_has_been_called() -> None:
    block = adapted(Block())
    groups = probe(block)
    with together(groups):
        block(some(2))
    assert all(group.source is None and not group.waiting for group in groups)


def products_of_the_way_back(block: Any, x: Tensor) -> list[tuple[int, ...]]:
    out = block.q(x).sum() + block.k(x).sum() + block.v(x).sum()
    with Products() as products:
        out.backward()
    return products.shapes


def test_no_gradient_is_computed_for_an_input_that_needs_none() -> None:
    tokens = 7
    block = adapted(Block())
    with together(probe(block)):
        needed = products_of_the_way_back(block, some(tokens))
        spared = products_of_the_way_back(block, some(tokens).detach())
    into_inputs = (tokens, INPUTS)
    assert needed.count(into_inputs) == len(OUTPUTS) + 1  # through each weight, and once through the changes
    assert sorted(spared) == sorted(shape for shape in needed if shape != into_inputs)


def test_what_comes_out_may_be_changed_in_place() -> None:
    block, x = adapted(Block()), some(2, 3)

    def clipped() -> tuple[Tensor, Tensor]:
        out = block.q(x).clamp_(-1, 1)
        return out, torch.autograd.grad(out.sum(), x)[0]

    wanted = clipped()
    with together(probe(block)):
        found = clipped()
    for mine, plain in zip(found, wanted, strict=True):
        torch.testing.assert_close(mine, plain, atol=1e-12, rtol=0)


def test_weights_of_another_type_are_read_in_the_type_that_is_computed_in() -> None:
    block = adapted(Block(bias=True))
    x = some(4)
    wanted, plain = outcome(block, x)
    groups = find_groups(block, lambda: block(torch.zeros(1, INPUTS, dtype=DOUBLE)), torch.float32)
    with together(groups):
        assert block.q(x).dtype is torch.float32
        found = block(x)
        found.sum().backward()
    assert found.dtype is torch.float32
    torch.testing.assert_close(found.double(), wanted, atol=1e-4, rtol=0)
    assert block.q.lora_A["default"].weight.grad.dtype is DOUBLE
    assert plain.keys()
