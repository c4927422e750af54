"""Words with a tag each: as JSON text in rows and answers, and as the ids in which a network reads them."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, overload

from tunesmith.core.example import Message

if TYPE_CHECKING:
    from tunesmith.core.cards import Chat


def _texts(found: object) -> tuple[str, ...]:
    """Take a list of texts; raises TypeError for anything else."""
    if not isinstance(found, list):
        raise TypeError("no list")
    every = cast(list[object], found)
    if not all(isinstance(one, str) for one in every):
        raise TypeError("no texts")
    return tuple(map(str, every))


def words_of(text: str) -> tuple[str, ...]:
    """Part a text into words: where there is space, and nowhere else."""
    return tuple(text.split())


@dataclass(frozen=True, slots=True)
class Tagged:
    """Words, and the tag of each; of an answer that breaks off, the words that have one."""

    words: tuple[str, ...]
    tags: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Tagged | None:
        """Take back what `text` gave; None for anything else, as a model that writes may say anything."""
        try:
            found: Any = json.loads(text)
            words, tags = (_texts(found[name]) for name in ("words", "tags"))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return cls(words, tags) if len(words) == len(tags) else None

    def text(self) -> str:
        """Give the JSON object that says it, in the form of a row that could be learned from."""
        return json.dumps({"words": self.words, "tags": self.tags}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class WordIds(Sequence[int]):
    """The ids of a text, which words they are of, and where the first piece of each word stands."""

    ids: array[int]
    words: tuple[str, ...]
    firsts: tuple[int, ...]

    @classmethod
    def of(cls, messages: Sequence[Message], chat: Chat) -> WordIds:
        """Read all that is said in some turns as words; raises BadData for one that has no token."""
        words = words_of("\n".join(message.content for message in messages))
        found = chat.encode_words(words)
        return cls(found.ids, words, tuple(place for place, weight in enumerate(found.weights) if weight))

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> array[int]: ...
    def __getitem__(self, place: int | slice) -> int | array[int]:
        return self.ids[place]

    def __len__(self) -> int:
        return len(self.ids)
