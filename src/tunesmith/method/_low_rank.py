"""What all low-rank changes share: their options, where they are put, how they start, and how they end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.registry import did_you_mean
from tunesmith.method import _peft
from tunesmith.method._network import check, family, inside, kinds, last_names, linear

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

Rank = Annotated[int, Field(ge=1, le=1024, description="Size of the change.")]
Alpha = Annotated[float, Field(gt=0, description="The change is scaled by alpha / rank.")]
Dropout = Annotated[float, Field(ge=0, lt=1, description="Share of inputs dropped while training.")]
Targets = Annotated[
    Literal["all-linear"] | tuple[str, ...],
    Field(description="Names of the changed layers, or all linear ones."),
]
Ranks = Annotated[
    Mapping[str, Annotated[int, Field(ge=1, le=1024)]],
    Field(description="Other ranks by the end of a layer's name, a regular expression; the scale stays."),
]
Alphas = Annotated[
    Mapping[str, Annotated[float, Field(gt=0)]],
    Field(description="Other alphas by the end of a layer's name, where the scale must not stay."),
]
Parameters = Annotated[
    tuple[str, ...],
    Field(description="Ends of names of weights that are no layers, such as those of experts."),
]
Embeddings = Annotated[bool, Field(description="Change the input embeddings, too.")]


class LowRank(Protocol):
    """The options that every low-rank method has."""

    @property
    def rank(self) -> int: ...
    @property
    def alpha(self) -> float: ...
    @property
    def dropout(self) -> float: ...
    @property
    def targets(self) -> Literal["all-linear"] | tuple[str, ...]: ...
    @property
    def ranks(self) -> Mapping[str, int]: ...
    @property
    def alphas(self) -> Mapping[str, float]: ...
    @property
    def embeddings(self) -> bool: ...
    @property
    def parameters(self) -> tuple[str, ...]: ...
    def refuses(self, network: PreTrainedModel) -> str: ...


def wrap(method: LowRank, model: Model, seed: int, name: str, more: Mapping[str, Any]) -> Model:
    """Wrap a network with peft's layers: A drawn from the seed, B zero, so that nothing changes yet.

    `more` are further settings of peft's LoraConfig. Raises BadOption where the network does not take it.
    """
    from peft import LoraConfig

    check(method.refuses(model.network), model, name)
    is_root = bool(more.get("use_rslora"))
    alphas = {
        pattern: method.alpha * (rank / method.rank) ** (0.5 if is_root else 1)
        for pattern, rank in method.ranks.items()
    }
    configuration = LoraConfig(
        r=method.rank,
        lora_alpha=method.alpha,  # type: ignore[arg-type]  # peft divides it; a float is as good as an int
        lora_dropout=method.dropout,
        target_modules=targets(method, model.network),
        target_parameters=list(method.parameters) or None,
        rank_pattern=dict(method.ranks),
        alpha_pattern=alphas | dict(method.alphas),  # type: ignore[arg-type]  # as above
        **more,
    )
    wrapped = _peft.wrap(model, configuration, seed, name)
    if configuration.init_lora_weights is True:
        _draw(wrapped.network, seed)
    return wrapped


def targets(method: LowRank, network: PreTrainedModel) -> list[str]:
    """Name the kinds of layers that are changed."""
    chosen = kinds(network) if method.targets == "all-linear" else inside(network, method.targets)
    if method.embeddings:
        chosen.append(_embedding(network))
    return list(dict.fromkeys(chosen))


def refuses(method: LowRank, network: PreTrainedModel) -> str:
    """Say what a network does not have that a low-rank method is asked to change."""
    if method.targets != "all-linear" and (fault := _missing(method.targets, network)):
        return fault
    weights = [name for name, _ in network.named_parameters()]
    for parameter in method.parameters:
        if not any(f".{name}".endswith(f".{parameter}") for name in weights):
            return f"It has no weight called {parameter!r}.{did_you_mean(parameter, last_names(weights))}"
    if method.parameters and method.dropout:
        return "Weights that are no layers take no dropout: write `dropout: 0`."
    if method.embeddings and family(network) == "encoder-decoder":
        return "Its encoder and decoder share their embeddings: write `embeddings: false`."
    return next(_patterns(method, network), "")


def merge(model: Model) -> Model:
    """Add the change to the weights it stands beside (Hu et al., 2021, section 4.1) and drop peft's layers.

    Where one end of the network changes and the other shares its matrix, the output gets one of its own.
    """
    from peft.tuners.lora import LoraLayer

    network: Any = model.network
    first, last = network.get_input_embeddings(), network.get_output_embeddings()
    changes = isinstance(first, LoraLayer) or isinstance(last, LoraLayer)
    if changes and last is not None and first.weight is last.weight:
        plain: Any = last.get_base_layer() if isinstance(last, LoraLayer) else last
        for name, parameter in list(plain.named_parameters(recurse=False)):  # a bias may be shared, too
            setattr(plain, name, type(parameter)(parameter.detach().clone(), requires_grad=False))
        network.config.tie_word_embeddings = False
    return _peft.merge(model)


def layers(network: nn.Module) -> Iterator[Any]:
    """Give peft's layers that stand beside linear ones, in order."""
    return (layer for _, layer in named_layers(network))


def named_layers(network: nn.Module) -> Iterator[tuple[str, Any]]:
    """Give peft's layers that stand beside linear ones, in order, with their names."""
    from peft.tuners.lora.layer import LoraLayer

    for name, layer in network.named_modules():
        if isinstance(layer, LoraLayer) and "default" in layer.lora_A:
            yield name, layer


def factors(layer: Any) -> tuple[Tensor, Tensor]:
    """Give A [rank, inputs] and B [outputs, rank] of one of peft's layers, with its scale in B."""
    a, b = (part["default"].weight.detach().clone() for part in (layer.lora_A, layer.lora_B))
    return a, b * layer.scaling["default"]


def change_of(layer: Any) -> Tensor:
    """Give what one of peft's layers adds to its weight."""
    return layer.get_delta_weight("default")


def is_second(parameter: str) -> bool:
    """Is this the B of a change, the factor that starts at zero, by its name?"""
    return ".lora_B." in parameter or ".lora_embedding_A." in parameter


def _missing(targets: Sequence[str], network: PreTrainedModel) -> str:
    """Name the first target that is not there, or that no low-rank change can stand beside."""
    from torch.nn import Embedding

    known = linear(network)
    tables = [name for name, layer in network.named_modules() if isinstance(layer, Embedding)]
    for target in inside(network, targets):
        places = [name for name, _ in network.named_modules() if f".{name}".endswith(f".{target}")]
        if not places:
            return f"It has no layer called {target!r}.{did_you_mean(target, last_names(known))}"
        if not {*places} & {*known, *tables, _output(network)}:
            return f"{places[0]} is no layer of the body that multiplies with a matrix, or looks up rows."
    return ""


def _output(network: PreTrainedModel) -> str:
    last = network.get_output_embeddings()
    return next((name for name, layer in network.named_modules() if layer is last), "")


def _patterns(method: LowRank, network: PreTrainedModel) -> Iterator[str]:
    """Say what is wrong with patterns: peft would leave those out that fit nothing."""
    names = [name for name, _ in (*network.named_modules(), *network.named_parameters())]
    for pattern in (*method.ranks, *method.alphas):
        try:
            found = any(re.match(rf"(.*\.)?({pattern})$", name) for name in names)
        except re.error as error:
            yield f"The pattern {pattern!r} cannot be read: {error}."
            return
        if not found:
            known = last_names(linear(network))
            yield f"No layer's name ends like {pattern!r}.{did_you_mean(pattern, known)}"


def _embedding(network: PreTrainedModel) -> str:
    first = network.get_input_embeddings()
    return next(name for name, layer in network.named_modules() if layer is first)


def _draw(network: nn.Module, seed: int) -> None:
    """Draw the A of linear layers in float32, as peft does beside a base in float32; others it rounds."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for layer in layers(network):
            weight: Any = layer.lora_A["default"].weight
            weight.data.copy_(torch.nn.init.kaiming_uniform_(torch.empty(weight.shape), a=5**0.5))
