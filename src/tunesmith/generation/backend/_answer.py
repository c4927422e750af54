"""One answer as it grows, token by token: whole characters only, cut where it must stop."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tunesmith.core.cards import Chat, Completion, Decoding
from tunesmith.core.errors import PromptTooLong

UNFINISHED = "\ufffd"
"""What bytes decode to that are no character, or not yet."""


@dataclass
class Answer:
    """What follows one prompt, until an end token, a stop string, or `limit` tokens with the end token."""

    chat: Chat
    prompt: Sequence[int]
    ends: tuple[int, ...]
    stop: tuple[str, ...]
    limit: int
    text: str = ""
    tokens: int = 0
    finish_reason: Literal["stop", "length"] | None = None
    _ids: list[int] = field(default_factory=list[int])
    _start: int = 0
    _read: int = 0
    _held: str = ""

    @classmethod
    def begin(
        cls, chat: Chat, context: int, prompt: Sequence[int], decoding: Decoding, is_one_text: bool = True
    ) -> "Answer":
        """Start an answer that stays within the context; raises PromptTooLong where there is no room.

        `is_one_text`: the answer goes on from its prompt, and both share the context.
        """
        room = context - len(prompt) * is_one_text
        if room < 1 or len(prompt) > context:
            raise PromptTooLong(
                f"The prompt has {len(prompt)} tokens, but the model takes {context} together with its "
                f"answer. Shorten it by at least {1 - room}."
            )
        return cls(chat, prompt, chat.stop_ids, decoding.stop, min(decoding.max_tokens, room))

    def add(self, token: int) -> Completion:
        """Take one more token and give the text that is certain now, maybe none, with the counts so far.

        Held back is what may become another character, or the beginning of a stop string.
        """
        self.tokens += 1
        is_end = token in self.ends
        is_last = is_end or self.tokens == self.limit
        if not is_end:
            self._ids.append(token)
        self._held += self._decoded(is_last)
        cut = self._stop_string()
        if cut is not None:
            piece, self._held, self.finish_reason = self._held[:cut], "", "stop"
        else:
            certain = len(self._held) if is_last else len(self._held) - self._doubtful()
            piece, self._held = self._held[:certain], self._held[certain:]
            if is_last:
                self.finish_reason = "stop" if is_end else "length"
        self.text += piece
        return Completion(piece, len(self.prompt), self.tokens, self.finish_reason)

    def completion(self) -> Completion:
        """Give the whole answer."""
        return Completion(self.text, len(self.prompt), self.tokens, self.finish_reason)

    def _decoded(self, is_last: bool) -> str:
        # Some tokenizers drop a leading space, so new ids are decoded behind those of the piece before.
        before = self.chat.decode(self._ids[self._start : self._read])
        text = self.chat.decode(self._ids[self._start :])
        if len(text) <= len(before) or (text.endswith(UNFINISHED) and not is_last):
            return ""
        self._start, self._read = self._read, len(self._ids)
        return text[len(before) :]

    def _stop_string(self) -> int | None:
        found = [place for stop in self.stop if (place := self._held.find(stop)) >= 0]
        return min(found, default=None)

    def _doubtful(self) -> int:
        """Count the characters at the end that may be the beginning of a stop string."""
        return max(
            (
                length
                for stop in self.stop
                for length in range(1, len(stop))
                if self._held.endswith(stop[:length])
            ),
            default=0,
        )
