"""A tokenizer without a chat template, for networks that read a text as it is, and say what it is."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import BadBase, BadData
from tunesmith.core.example import Message
from tunesmith.core.hashing import hash_value
from tunesmith.model.words import first_pieces

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

FORMAT = 1
"""Version of how texts become ids: raise it whenever one could become others."""


@dataclass(frozen=True)
class PlainTokenizer:
    """Turns texts into ids with the tokenizer's own special tokens around them; turns are joined by lines.

    `start_id` is what an answer begins with; None where the network only reads.
    """

    tokenizer: PreTrainedTokenizerFast
    start_id: int | None = None

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerFast, config: Mapping[str, Any]) -> PlainTokenizer:
        """Read from a base's configuration what answers begin with; raises BadBase where they never end."""
        if not config.get("is_encoder_decoder"):
            return cls(tokenizer)
        start = config.get("decoder_start_token_id")
        if start is None or tokenizer.eos_token_id is None:
            raise BadBase(
                "The base does not say what its answers begin and end with (decoder_start_token_id, "
                "eos_token)."
            )
        return cls(tokenizer, start)

    def encode_prompt(self, messages: Sequence[Message], tools: str = "") -> array[int]:
        """Give the ids of all turns, a line each, special tokens included; raises BadData for tools."""
        return self.encode_question(messages, tools=tools).ids

    def encode_question(self, messages: Sequence[Message], second: str = "", tools: str = "") -> Encoded:
        """Give the ids of all turns, and of a second text that is read beside them; nothing has weight."""
        if tools:
            raise BadData("This base calls no tools. Leave them out, or choose a base that chats.")
        text = "\n".join(message.content for message in messages)
        found = self._backend.encode(text, second or None)
        ids = array("i", found.ids)
        starts = [place for place, part in enumerate(found.type_ids) if part] if second else []
        return Encoded(ids, array("f", [0.0]) * len(ids), second=starts[0] if starts else 0)

    def encode_conversation(self, messages: Sequence[Message], tools: str = "") -> list[Encoded]:
        """Give one sequence per answer: its ids have weight, and all turns before it are its source.

        Raises BadData for a network that only reads.
        """
        if self.start_id is None:
            raise BadData("This base reads and does not answer. Choose objective: classify, or another base.")
        return [
            self._answer(messages[:place], message, tools)
            for place, message in enumerate(messages)
            if message.role == "assistant" and message.weight
        ]

    def encode_document(self, text: str) -> Encoded:
        """Give the ids of a text, special tokens included; all but those have weight."""
        found = self._backend.encode(text)
        weights = array("f", [float(not special) for special in found.special_tokens_mask])
        return Encoded(array("i", found.ids), weights)

    def encode_words(self, words: Sequence[str]) -> Encoded:
        """Give the ids of words, special tokens included; the first piece of each has weight."""
        found = self._backend.encode(" ".join(words))
        inside = zip(found.offsets, found.special_tokens_mask, strict=True)
        spans = [(0, 0) if is_special else span for span, is_special in inside]
        return Encoded(array("i", found.ids), first_pieces(words, spans))

    def decode(self, ids: Sequence[int]) -> str:
        """Turn ids into text without special tokens."""
        return self._backend.decode(list(ids), skip_special_tokens=True)

    def spell(self, ids: Sequence[int]) -> str:
        """Turn ids into text, special tokens included."""
        return self._backend.decode(list(ids), skip_special_tokens=False)

    def save(self, folder: Path) -> None:
        """Write the tokenizer into a folder, so that loading it gives the same ids."""
        self.tokenizer.save_pretrained(folder)

    @property
    def size(self) -> int:
        """How many tokens it knows."""
        return len(self.tokenizer)

    @property
    def longest(self) -> int:
        """The longest row it is made for, in tokens; very many where it does not say."""
        return self.tokenizer.model_max_length

    @property
    def begin_id(self) -> int | None:
        """The id that an answer begins with."""
        return self.start_id

    @property
    def pad_id(self) -> int | None:
        """The id that fills up batches."""
        return _id(self.tokenizer.pad_token_id)

    @property
    def mask_id(self) -> int | None:
        """The id that stands for a hidden token, where the tokenizer has one."""
        return _id(self.tokenizer.mask_token_id)

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """The ids that end an answer, or a text that is read."""
        ends = (self.tokenizer.eos_token_id, self.tokenizer.sep_token_id)
        return tuple(found for found in map(_id, ends) if found is not None)[:1]

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could become other ids."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        special = {name: str(token) for name, token in self.tokenizer.special_tokens_map.items()}
        return hash_value([FORMAT, self._backend.to_str(), special, self.start_id])

    def _answer(self, before: Sequence[Message], message: Message, tools: str) -> Encoded:
        source = self.encode_prompt(before, tools)
        assert self.start_id is not None
        ids = array(
            "i", [self.start_id, *self._backend.encode(message.content, add_special_tokens=False).ids]
        )
        ids.append(self.stop_ids[0])
        return Encoded(ids, array("f", [0.0] + [message.weight] * (len(ids) - 1)), source=source)

    @cached_property
    def _backend(self) -> Any:
        backend = self.tokenizer.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        return backend


def _id(found: Any) -> int | None:
    return found if isinstance(found, int) else None
