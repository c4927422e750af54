"""Wrap a network with peft's layers, for what the network says, and fold them in again."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, filterwarnings

from tunesmith.core.cards import Model
from tunesmith.core.errors import BadOption
from tunesmith.method._network import family, head, is_transposed, says

if TYPE_CHECKING:
    from peft import PeftConfig
    from torch import nn
    from transformers import PreTrainedModel


def wrap(model: Model, configuration: PeftConfig, seed: int, method: str) -> Model:
    """Freeze a model and put peft's layers beside its weights; a new head learns, too.

    What is random follows from the seed alone. Raises BadOption for what peft refuses.
    """
    import torch
    from peft import get_peft_model

    network = model.network
    settings: Any = configuration
    settings.task_type = task_type(network)
    if parts := list(head(network)):
        settings.modules_to_save = parts
    if "fan_in_fan_out" in vars(settings):
        settings.fan_in_fan_out = is_transposed(network)
    with torch.random.fork_rng(), without_chatter():
        torch.manual_seed(seed)
        try:
            wrapped = get_peft_model(network, configuration)
        except (ValueError, TypeError, NotImplementedError) as error:
            raise BadOption(f"method.{method}: {str(error).splitlines()[0]}") from None
    # Vectors that are read before every text take places of the context.
    room = settings.num_virtual_tokens if settings.is_prompt_learning else 0
    return replace(model, network=wrapped.train(network.training), context=model.context - room)


def merge(model: Model) -> Model:
    """Fold peft's layers into the weights they stand beside, and give the plain network."""
    place_heads(model.network)
    with without_chatter():
        plain = model.network.merge_and_unload(safe_merge=True)  # type: ignore[operator]  # of peft's class
    return replace(model, network=plain)


def task_type(network: PreTrainedModel) -> str | None:
    """Give peft's word for what a network is used for; None where it has none."""
    kinds = {"classes": "SEQ_CLS", "tags": "TOKEN_CLS", "vector": "FEATURE_EXTRACTION"}
    languages = {"decoder": "CAUSAL_LM", "encoder-decoder": "SEQ_2_SEQ_LM"}
    said = says(network)
    return languages.get(family(network)) if said == "language" else kinds[said]


@contextmanager
def without_chatter() -> Generator[None]:
    """Keep what peft says on the side from the user: none of it is about something to decide."""
    with catch_warnings():
        # peft asks transformers for it by a name that transformers is about to drop.
        filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        filterwarnings("ignore", "Unsupported layer type", UserWarning)  # of norms, which all have a weight
        filterwarnings("ignore", "Model has `tie_word_embeddings=True`", UserWarning)  # merging sees to that
        filterwarnings(
            "ignore", "fan_in_fan_out is set to", UserWarning
        )  # a head is stored the other way round
        yield


def place_heads(network: nn.Module) -> None:
    """Put trained heads in the places of the untrained ones; peft fails on those made of several layers."""
    from peft.utils import ModulesToSaveWrapper

    for name, part in list(network.named_modules()):
        if isinstance(part, ModulesToSaveWrapper):
            network.set_submodule(name, part.modules_to_save["default"])
