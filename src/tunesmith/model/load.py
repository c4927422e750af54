"""Load weights, tokenizer and chat template from a folder, always together."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tunesmith.core.cards import Model
from tunesmith.core.errors import BadBase
from tunesmith.core.hashing import hash_files
from tunesmith.model.chat import PLAIN_TEMPLATE, ChatTokenizer
from tunesmith.model.find import check_weights, read_config

if TYPE_CHECKING:
    import torch
    from transformers import PretrainedConfig, PreTrainedModel

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "special_tokens_map.json",
)


Storage = Literal["float32", "stored"]


def load(
    name: str,
    folder: Path,
    weights: Literal["pretrained", "random"] = "pretrained",
    storage: Storage = "float32",
) -> Model:
    """Load a causal language model that computes in float32, on the GPU if there is one.

    `weights="random"` builds the architecture only; its folder needs no weights. `storage="stored"` keeps
    matrices in the 16 bits of their file (`model/_narrow.py`); they cannot be trained then. Raises BadBase
    where the folder has no safetensors weights, an unknown architecture, no fast tokenizer, or one with more
    tokens than the model has embedding rows.
    """
    chat = load_chat(folder)
    context = read_context(folder, chat)
    network = _network(folder, weights, storage)
    vocabulary = len(chat.tokenizer)
    (rows, _) = network.get_input_embeddings().weight.shape  # type: ignore[misc]  # every embedding is a matrix
    if vocabulary > rows:
        raise BadBase(
            f"{folder}: the tokenizer knows {vocabulary} tokens, the model only {rows}; they do not fit."
        )
    return Model(
        name=name,
        folder=folder,
        network=network,
        chat=chat,
        context=context,
        fingerprint=fingerprint(folder),
        licence=_licence(folder),
    )


def load_chat(folder: Path) -> ChatTokenizer:
    """Load tokenizer and template only; a base without a template gets a plain one."""
    from transformers import AutoTokenizer

    if not (folder / "adapter_config.json").is_file():  # an adapter comes with a tokenizer, but has no config
        read_config(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, use_fast=True)
    except (OSError, ValueError, ImportError) as error:
        raise BadBase(f"{folder} has no tokenizer that can be used: {str(error).splitlines()[0]}") from None
    if not tokenizer.is_fast:
        raise BadBase(f"{folder} has no fast tokenizer (tokenizer.json); convert it first.")
    if tokenizer.eos_token_id is None:
        raise BadBase(f"{folder}: the tokenizer names no end token (eos_token), so answers would never stop.")
    if not tokenizer.chat_template:
        tokenizer.chat_template = PLAIN_TEMPLATE
    return ChatTokenizer(tokenizer)


def read_context(folder: Path, chat: ChatTokenizer) -> int:
    """Give the longest sequence in tokens that model and tokenizer take; raises BadBase if neither says."""
    config = read_config(folder)
    known = [config.get(key) for key in ("max_position_embeddings", "n_positions", "n_ctx")]
    stated = [
        size for size in (*known, chat.tokenizer.model_max_length) if isinstance(size, int) and size < 10**9
    ]
    if not stated:
        raise BadBase(f"{folder} does not state its context length (max_position_embeddings).")
    return min(stated)


def stored_type(folder: Path) -> tuple[str, int]:
    """Give the number type of a base's file and how many numbers it holds; `mixed` for more than one type."""
    from safetensors import safe_open

    kinds: set[str] = set()
    numbers = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  # not a dict
                part = file.get_slice(name)
                kinds.add(part.get_dtype())
                numbers += prod(part.get_shape())
    names = {"BF16": "bfloat16", "F16": "float16", "F32": "float32"}
    return names.get(kinds.pop(), "mixed") if len(kinds) == 1 else "mixed", numbers


def device() -> torch.device:
    """Give the device that models are loaded to: the GPU if there is one."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fingerprint(folder: Path) -> str:
    """Fingerprint what decides the answers: weights, configuration, tokenizer and template."""
    weights = folder.glob("*.safetensors")
    named = (folder / name for name in ("config.json", *TOKENIZER_FILES))
    return hash_files([*weights, *(path for path in named if path.is_file())])


def _network(folder: Path, weights: str, storage: Storage) -> PreTrainedModel:
    import torch
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    from tunesmith.model._narrow import narrow

    disable_progress_bar()
    kind = stored_type(folder)[0] if storage == "stored" else "float32"
    if weights == "pretrained":
        check_weights(folder)
    if kind == "mixed":
        raise BadBase(f"{folder} holds more than one number type. Load it with training.storage: float32.")
    try:
        if weights == "random":
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
            network, missing = AutoModelForCausalLM.from_config(config, dtype=torch.float32), set[str]()
        else:
            network, found = AutoModelForCausalLM.from_pretrained(  # type: ignore[misc]  # a pair where asked for
                folder,
                dtype=getattr(torch, kind),
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
            missing = found["missing_keys"]
    except (ValueError, KeyError, OSError, RuntimeError, SafetensorError) as error:
        raise BadBase(
            f"{folder} cannot be loaded as a causal language model: {str(error).splitlines()[0]}"
        ) from None
    if missing:  # transformers fills them with random numbers and goes on
        raise BadBase(f"{folder}: its weights lack {len(missing)} tensors, such as {sorted(missing)[:3]}.")
    if storage == "stored":
        narrow(network, _buffers(network.config))
    return network.to(device()).eval()  # type: ignore[arg-type]  # transformers types `to` for its own mixin only


def _buffers(config: PretrainedConfig) -> dict[str, torch.Tensor]:
    """Compute a network's constants, such as rotary frequencies, in float32; its weights are not made."""
    import torch
    from accelerate import init_empty_weights
    from transformers import AutoModelForCausalLM

    with init_empty_weights(include_buffers=False):
        skeleton = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    return dict(skeleton.named_buffers())


def _licence(folder: Path) -> str:
    card = folder / "README.md"
    lines = card.read_text(encoding="utf-8").splitlines() if card.is_file() else []
    stated = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("license:", "licence:"))]
    if stated:
        return stated[0]
    for name in ("LICENSE", "LICENSE.txt", "LICENSE.md"):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8").strip().splitlines()[0].strip()
    return "not stated by the base"
