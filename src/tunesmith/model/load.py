"""Load weights, tokenizer and chat template from a folder, always together."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tunesmith.core.cards import Chat, Model
from tunesmith.core.errors import BadBase
from tunesmith.core.hashing import hash_files
from tunesmith.core.task import LANGUAGE, Storage, Task
from tunesmith.model.chat import PLAIN_TEMPLATE, ChatTokenizer
from tunesmith.model.find import read_config
from tunesmith.model.network import family_of, load_network
from tunesmith.model.plain import PlainTokenizer

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "special_tokens_map.json",
)


def load(
    name: str,
    folder: Path,
    weights: Literal["pretrained", "random"] = "pretrained",
    storage: Storage = "float32",
    task: Task = LANGUAGE,
    seed: int = 0,
) -> Model:
    """Load a model for a task, computing in float32, on the GPU if there is one; its head follows the seed.

    `weights="random"` builds the architecture only; its folder needs no weights. For `storage` see
    `load_network`. Raises BadBase where the folder has no safetensors weights, an unknown architecture, no
    fast tokenizer, or one with more tokens than the model has embedding rows.
    """
    chat = load_chat(folder)
    context = read_context(folder, chat)
    network = load_network(folder, task, weights, storage, seed)
    vocabulary = chat.size
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
        family=family_of(folder),
        task=task,
    )


def load_chat(folder: Path) -> ChatTokenizer | PlainTokenizer:
    """Load tokenizer and template only; a decoder without a template gets a plain one, others need none."""
    from transformers import AutoTokenizer

    # What was trained beside a base comes with the tokenizer of one that chats, but without its config.
    is_beside = any((folder / name).is_file() for name in ("adapter_config.json", "package.json"))
    family = "decoder" if is_beside and not (folder / "config.json").is_file() else family_of(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, use_fast=True)
    except (OSError, ValueError, ImportError) as error:
        raise BadBase(f"{folder} has no tokenizer that can be used: {str(error).splitlines()[0]}") from None
    if not tokenizer.is_fast:
        raise BadBase(f"{folder} has no fast tokenizer (tokenizer.json); convert it first.")
    if family != "decoder":
        return PlainTokenizer.of(tokenizer, read_config(folder))
    if tokenizer.eos_token_id is None:
        raise BadBase(f"{folder}: the tokenizer names no end token (eos_token), so answers would never stop.")
    if not tokenizer.chat_template:
        tokenizer.chat_template = PLAIN_TEMPLATE
    return ChatTokenizer(tokenizer)


def read_context(folder: Path, chat: Chat) -> int:
    """Give the longest sequence in tokens that model and tokenizer take; raises BadBase if neither says."""
    config = read_config(folder)
    known = [config.get(key) for key in ("max_position_embeddings", "n_positions", "n_ctx")]
    stated = [size for size in (*known, chat.longest) if isinstance(size, int) and size < 10**9]
    if not stated:
        raise BadBase(f"{folder} does not state its context length (max_position_embeddings).")
    return min(stated)


def fingerprint(folder: Path) -> str:
    """Fingerprint what decides the answers: weights, configuration, tokenizer and template."""
    weights = folder.glob("*.safetensors")
    named = (folder / name for name in ("config.json", *TOKENIZER_FILES))
    return hash_files([*weights, *(path for path in named if path.is_file())])


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
