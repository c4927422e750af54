"""What methods with trained vectors before the text share: where they work, why they do not merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.errors import BadOption
from tunesmith.method._network import family, says

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Length = Annotated[int, Field(ge=1, le=4096, description="How many vectors stand before the text.")]


def refuses(network: PreTrainedModel) -> str:
    """Say why vectors cannot stand before the words that a network reads.

    A decoder that tells classes reads them off the last word, which it finds by its id; vectors have none.
    """
    kind, said = family(network), says(network)
    if kind == "encoder" and said == "language":
        return "peft puts no vectors before the text of masked language models. Try `method: lora`."
    if kind == "encoder-decoder" and said == "classes":
        return f"A {type(network).__name__} reads ids only, and no vectors before them. Try `method: lora`."
    if kind == "decoder" and said == "classes":
        return "It finds the last word of a padded text by its id only. Try `method: prefix`."
    return ""


def cannot_merge(method: str) -> BadOption:
    """Say that vectors beside the weights cannot become weights."""
    return BadOption(f"method.{method}: what it learns is read beside the weights. Write `export: adapter`.")
