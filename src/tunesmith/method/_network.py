"""What a network says and where its parts are, told from its class, with weights or without."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from tunesmith.core.cards import Model
from tunesmith.core.errors import BadOption
from tunesmith.core.registry import did_you_mean
from tunesmith.core.task import Family

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel


def check(reason: str, model: Model, method: str) -> None:
    """Raise BadOption where there is a reason why a model cannot be changed by a method."""
    if reason:
        raise BadOption(f"method.{method}: {model.name} cannot be changed this way. {reason}")


def family(network: PreTrainedModel) -> Family:
    """Say how a network reads."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    # A part of such a network says of itself that it is no such network.
    if network.config.is_encoder_decoder or type(network.config)().is_encoder_decoder:
        return "encoder-decoder"
    return "encoder" if network.config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES else "decoder"


def says(network: PreTrainedModel) -> Literal["language", "classes", "tags", "vector"]:
    """Say what a network gives: without a head, vectors; a number is told by what tells classes."""
    kind = type(network).__name__
    if "ForSequenceClassification" in kind:
        return "classes"
    if "ForTokenClassification" in kind:
        return "tags"
    return "vector" if network.get_output_embeddings() is None else "language"


def head(network: PreTrainedModel) -> dict[str, nn.Module]:
    """Give the parts of a network that are new for its task, by name: those with weights, beside the body.

    A body's own pooling layer counts, where it is read: many bases come without, and then it is new, too. A
    language model has no head: what it ends with is as old as the rest.
    """
    said, body = says(network), network.base_model
    if said in ("language", "vector"):
        return {}
    parts = {name: part for name, part in network.named_children() if part is not body}
    if said == "classes":
        prefix = network.base_model_prefix
        parts |= {f"{prefix}.{name}": part for name, part in body.named_children() if name == "pooler"}
    return {name: part for name, part in parts.items() if list(part.parameters())}


def unread(network: PreTrainedModel) -> frozenset[str]:
    """Name the parameters that nothing reads: the pooling layer of a network that gives vectors per word."""
    names = (name for name, _ in network.named_parameters()) if says(network) == "vector" else ()
    return frozenset(name for name in names if "pooler." in name)


def is_transposed(network: nn.Module) -> bool:
    """Are the network's matrices stored the other way round, as those of GPT-2 are?"""
    from transformers.pytorch_utils import Conv1D

    return any(isinstance(layer, Conv1D) for layer in network.modules())


def linear(network: PreTrainedModel) -> list[str]:
    """Name all layers of the body that multiply with a matrix, in order."""
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D

    last, beside = network.get_output_embeddings(), tuple(f"{name}." for name in head(network))
    return [
        name
        for name, layer in network.named_modules()
        if isinstance(layer, Linear | Conv1D)
        and layer is not last
        and f"{name}.weight" not in unread(network)
        and not f"{name}.".startswith(beside or ("\n",))
    ]


def last_names(names: Iterable[str]) -> list[str]:
    """Give the last parts of dotted names, each once, sorted: what layers of one kind are called."""
    return sorted({name.rsplit(".", 1)[-1] for name in names})


def kinds(network: PreTrainedModel) -> list[str]:
    """Give names by which peft finds all linear layers of the body and no others: short ones if they do."""
    names, beside = linear(network), tuple(f"{name}." for name in head(network))
    short = set(last_names(names))
    others = {name for name, _ in network.named_modules() if name.rsplit(".", 1)[-1] in short} - {*names}
    return names if any(not name.startswith(beside or ("\n",)) for name in others) else sorted(short)


def inside(network: PreTrainedModel, chosen: Iterable[str]) -> list[str]:
    """Give layers' names as they are now: some may be inside one that another method put around them."""
    names = linear(network)
    found: list[str] = []
    for end in chosen:
        moved = any(f".{name}".endswith(f".{end}.base") for name in names)
        ends = (f".{end}", f".{end}.base")
        found += [name for name in names if f".{name}".endswith(ends)] if moved else [end]
    return found


def norms(network: PreTrainedModel) -> list[str]:
    """Name all layers that normalise and have weights, but those of a head."""
    beside = tuple(f"{name}." for name in head(network))
    return [
        name
        for name, layer in network.named_modules()
        if "norm" in type(layer).__name__.lower()
        and any(parameter.dim() == 1 for parameter in layer.parameters(recurse=False))
        and not f"{name}.".startswith(beside or ("\n",))
    ]


def is_wide(network: PreTrainedModel) -> bool:
    """Are all weights held in float32?"""
    import torch

    return all(p.dtype == torch.float32 for p in network.parameters() if p.is_floating_point())


def learn(network: PreTrainedModel, names: Iterable[str]) -> None:
    """Make the named parameters and the head trainable, all others frozen.

    What learns is widened to float32 where the base is held in 16 bits: small steps would be lost in those.
    """
    chosen, beside = set(names), tuple(f"{name}." for name in head(network))
    for name, parameter in network.named_parameters():
        parameter.requires_grad = name in chosen or name.startswith(beside or ("\n",))
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def unfit(patterns: Sequence[str], network: PreTrainedModel) -> str:
    """Say which pattern cannot be read, or fits no weight's name; empty where all do."""
    names = [name for name, _ in network.named_parameters()]
    for pattern in patterns:
        try:
            found = any(re.search(pattern, name) for name in names)
        except re.error as error:
            return f"The pattern {pattern!r} cannot be read: {error}."
        if not found:
            kinds = last_names(name.removesuffix(".weight").removesuffix(".bias") for name in names)
            return f"No weight's name fits {pattern!r}.{did_you_mean(pattern, kinds)}"
    return ""
