"""Tokenise rendered conversations piece by piece, from special token to special token, each piece once.

What stands behind a special token becomes the same ids whatever stands before it. So a prompt, its answer and
the turns that follow share their pieces, as do rows with the same system turn or the same label.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tunesmith.core.errors import BadData

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

MOST_CHARACTERS = 4_000_000
"""How much text is remembered: about 16 MB with its ids."""

_OVERHEAD = 100
"""What a piece costs besides its letters, in letters."""


@dataclass
class Pieces:
    """Turns text into ids, special tokens included and none added; `sample` is a rendered conversation."""

    tokenizer: PreTrainedTokenizerFast
    sample: str
    _known: dict[str, array[int]] = field(default_factory=dict, repr=False)
    _characters: int = 0

    def encode(self, text: str) -> array[int]:
        """Give the ids that the tokenizer gives for the whole text."""
        ids = array("i")
        for place, part in enumerate(self._split.split(text)):
            if place % 2:
                ids.append(self._borders[part])
            elif part:
                ids.extend(self._piece(self._lead + part if place else part, bool(place)))
        return ids

    def encode_behind(self, text: str, before: str, prompt: array[int]) -> array[int]:
        """Give the ids of a text that follows `before`, whose ids are `prompt` and stay so.

        Raises BadData where a tokenizer joins the two so that no ids say the text alone.
        """
        together = self.encode(before + text)
        if together[: len(prompt)] == prompt:
            return together[len(prompt) :]
        said = self._decode(together)
        # Many tokenizers put a space before a text that stands alone; one behind something else has none.
        for lead in ("", str(self.tokenizer.eos_token), "\n", ":"):
            start, found = self.encode(lead), self.encode(lead + text)
            if found[: len(start)] == start and self._decode(prompt + found[len(start) :]) == said:
                return found[len(start) :]
        raise BadData(
            f"The tokenizer joins the end of the prompt and the beginning of the answer {text[:40]!r}. "
            "Use a chat template that ends its prompts with a special token."
        )

    @cached_property
    def backend(self) -> Any:
        """The tokenizer itself, set to keep all of a text and to add nothing."""
        backend = self.tokenizer.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        backend.encode_special_tokens = self.tokenizer.split_special_tokens
        return backend

    def _piece(self, text: str, is_inside: bool) -> array[int]:
        ids = self._known.get(text)
        if ids is None:
            (found,) = self.backend.encode_batch_fast([text], add_special_tokens=False)
            ids = array("i", found.ids[1:] if is_inside and self._lead else found.ids)
            self._characters += len(text) + _OVERHEAD
            if self._characters > MOST_CHARACTERS:
                self._known.clear()
                self._characters = len(text) + _OVERHEAD
            self._known[text] = ids
        return ids

    @cached_property
    def _borders(self) -> dict[str, int]:
        if self.tokenizer.split_special_tokens:
            return {}
        added = self.tokenizer.added_tokens_decoder
        names = [token.content for token in added.values()]
        return {
            token.content: number
            for number, token in added.items()
            if token.content in self.sample and _stands_alone(token) and not _is_hidden(token.content, names)
        }

    @cached_property
    def _split(self) -> re.Pattern[str]:
        longest_first = sorted(self._borders, key=len, reverse=True)
        return re.compile("({})".format("|".join(map(re.escape, longest_first)) or r"(?!)"))

    @cached_property
    def _lead(self) -> str:
        """A special token to stand before a piece, if the first piece of a text is tokenised otherwise."""
        border = next(iter(self._borders), "")
        first, behind = (
            [self.backend.encode(f"{lead}{text}", add_special_tokens=False).ids for text in ("x", " x")]
            for lead in ("", border)
        )
        return border if border and [ids[1:] for ids in behind] != first else ""

    def _decode(self, ids: array[int]) -> str:
        return self.backend.decode(list(ids), skip_special_tokens=False)


def _stands_alone(token: Any) -> bool:
    """Is the token found wherever its letters stand, and does it take none of its neighbours'?"""
    return not (token.lstrip or token.rstrip or token.single_word or token.normalized)


def _is_hidden(token: str, names: list[str]) -> bool:
    """Could another token take a part of this one's letters?"""
    heads = tuple(token[:length] for length in range(1, len(token)))
    return any(name != token and (token in name or name.endswith(heads)) for name in names)
