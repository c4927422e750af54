"""Where bottlenecks belong in a network, told from what its blocks are made of, and how they get there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.errors import BadOption
from tunesmith.method._network import learn, linear

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

    from tunesmith.method._small_layers import Small

Size = Annotated[int, Field(ge=1, le=8192, description="Width of the small layers.")]
Activation = Annotated[
    Literal["relu", "gelu", "silu", "tanh"], Field(description="What stands between the two small layers.")
]


@dataclass(frozen=True)
class Block:
    """Layers of one block by their names: what ends its attention, what begins and ends its feed-forward.

    A block that also reads another text has two attentions.
    """

    attentions: tuple[str, ...]
    first: str
    last: str


def refuses(network: PreTrainedModel) -> str:
    """Say why bottlenecks cannot be put into a network; empty where they can."""
    try:
        blocks(network)
    except LookupError as error:
        return f"Where bottlenecks belong is not known: {error.args[0]}. Try `method: lora`."
    return ""


def blocks(network: PreTrainedModel) -> list[Block]:
    """Find what ends the attention and the feed-forward of every block; raises LookupError with a reason."""
    names = linear(network)
    lists = _outermost(network.base_model, lambda _, module: type(module).__name__ == "ModuleList")
    prefix = "" if network.base_model is network else f"{network.base_model_prefix}."
    places = [f"{prefix}{name}.{number}." for name, module in lists for number in range(len(module))]  # type: ignore[arg-type]  # a list
    found = [_block(network, place, names) for place in places]
    if not found:
        raise LookupError("it has no list of blocks")
    return found


def wrap(model: Model, seed: int, put: Callable[[], Iterator[str]], more: Sequence[str] = ()) -> Model:
    """Put small layers into a network, drawn from the seed; they learn, and so do `more` and a new head.

    `put` does it, layer by layer, and names what it put there.
    """
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        placed = tuple(f"{name}.small." for name in put())
    names = [name for name, _ in model.network.named_parameters()]
    learn(model.network, [*(name for name in names if name.startswith(placed)), *more])
    return model


def put_after(network: PreTrainedModel, name: str, size: int, activation: str) -> str:
    """Let the output of a layer go through a bottleneck; gives the layer's name."""
    from tunesmith.method._small_layers import After

    base = network.get_submodule(name)
    network.set_submodule(name, After(base, small(base, size, activation)))
    return name


def small(layer: Any, size: int, activation: str) -> Small:
    """Make a bottleneck as wide as what a layer gives, where the layer is."""
    from tunesmith.method._small_layers import Small

    return Small(_sides(layer)[1], size, activation).to(layer.weight.device)


def cannot_merge(method: str) -> BadOption:
    """Say that what a bottleneck computes is no weight."""
    return BadOption(f"method.{method}: bottlenecks cannot become weights. Write `export: adapter`.")


def _outermost(network: nn.Module, fits: Callable[[str, nn.Module], bool]) -> list[tuple[str, nn.Module]]:
    """Give the modules that fit and are not inside another that does, in order."""
    found: list[tuple[str, nn.Module]] = []
    for name, module in network.named_modules():
        if fits(name, module) and not any(name.startswith(f"{outer}.") for outer, _ in found):
            found.append((name, module))
    return found


def _block(network: PreTrainedModel, place: str, names: Sequence[str]) -> Block:
    inside = [name for name in names if name.startswith(place)]

    def attends(name: str, _: nn.Module) -> bool:
        last = name.rsplit(".", 1)[-1]
        return bool(re.search("att", last, re.IGNORECASE)) and any(
            each.startswith(f"{place}{name}.") for each in inside
        )

    block = network.get_submodule(place.removesuffix("."))
    roots = [f"{place}{name}." for name, _ in _outermost(block, attends)]
    forward = [name for name in inside if not name.startswith((*roots, "\n"))]
    if not roots or not forward:
        missing = "feed-forward of its own" if roots else "attention"
        raise LookupError(f"{place.removesuffix('.')} has no {missing} that is made of linear layers")
    attentions = tuple([name for name in inside if name.startswith(root)][-1] for root in roots)
    found = Block(attentions, forward[0], forward[-1])
    _check_sides(network, found)
    return found


def _check_sides(network: PreTrainedModel, block: Block) -> None:
    """Raise LookupError unless attention and feed-forward read and give what the network is wide."""
    width = network.config.get_text_config().hidden_size
    for name, side in (*((name, 1) for name in block.attentions), (block.first, 0), (block.last, 1)):
        found = _sides(network.get_submodule(name))[side]
        if found != width:
            raise LookupError(f"{name} has {found} {'outputs' if side else 'inputs'} and not {width}")


def _sides(layer: Any) -> tuple[int, int]:
    """Give how many numbers a layer reads and gives."""
    from transformers.pytorch_utils import Conv1D

    rows, columns = layer.weight.shape
    return (rows, columns) if isinstance(layer, Conv1D) else (columns, rows)
