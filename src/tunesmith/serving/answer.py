"""Answer conversations with one model, one at a time, and leave a trace of every answer."""

import secrets
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from threading import Lock

from tunesmith.core.cards import Completion, Decoding, Model
from tunesmith.core.contracts import Backend
from tunesmith.core.errors import BadBase, TunesmithError
from tunesmith.core.example import Message
from tunesmith.core.service import Trace, Vectors


@dataclass(frozen=True)
class Reply:
    """An answer under way: `pieces` come while it grows. Closing them stops the work and leaves no trace."""

    id: str
    created: float
    pieces: Generator[Completion]


def _no_vectors(model: Model, _: Sequence[str]) -> Vectors:
    raise BadBase(f"{model.name} answers, and gives no vectors.")


@dataclass
class Service:
    """A loaded model that answers. `record` keeps a trace; `untraced` counts those that it could not keep.

    `vectors` gives those of texts, which leave no trace.

    One answer is generated at a time, whatever threads the replies are read in. An answer is worth more than
    its trace: where `record` raises a TunesmithError, the answer is given all the same, and counted.
    """

    model: Model
    backend: Backend
    record: Callable[[Trace], None]
    clock: Callable[[], float] = time.time
    untraced: int = 0
    vectors: Callable[[Model, Sequence[str]], Vectors] = _no_vectors
    _turn: Lock = field(default_factory=Lock, repr=False)

    def answer(self, messages: Sequence[Message], decoding: Decoding, is_traced: bool = True) -> Reply:
        """Accept a conversation; nothing is computed until pieces are asked for.

        Raises at once: PromptTooLong where it leaves no room for an answer, BadData where the chat template
        refuses it.
        """
        pieces = self.backend.stream(self.model, self.model.prompt(messages), decoding)
        name, created = f"chatcmpl-{secrets.token_hex(12)}", self.clock()
        if not is_traced:
            return Reply(name, created, self._in_turn(pieces))

        def keep(whole: Completion, seconds: float) -> None:
            counts = whole.prompt_tokens, whole.tokens
            turns = tuple(messages)
            self._keep(Trace(name, created, self.model.name, turns, whole.text, *counts, seconds))

        return Reply(name, created, self._in_turn(_told(pieces, keep)))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Give the vectors of texts; raises PromptTooLong for a text, BadBase for a model without any."""
        with self._turn:
            return self.vectors(self.model, texts)

    def _in_turn(self, pieces: Generator[Completion]) -> Generator[Completion]:
        with self._turn:
            yield from pieces

    def _keep(self, trace: Trace) -> None:
        try:
            self.record(trace)
        except TunesmithError:
            self.untraced += 1


def whole(pieces: Sequence[Completion]) -> Completion:
    """Put the pieces of one answer together."""
    last = pieces[-1]
    text = "".join(piece.text for piece in pieces)
    return Completion(text, last.prompt_tokens, last.tokens, last.finish_reason)


def _told(pieces: Generator[Completion], keep: Callable[[Completion, float], None]) -> Generator[Completion]:
    """Tell of the whole answer and the seconds it took, before its last piece: so it can be corrected."""
    started = time.perf_counter()
    seen: list[Completion] = []
    with closing(pieces):
        for piece in pieces:
            seen.append(piece)
            if piece.finish_reason:
                keep(whole(seen), time.perf_counter() - started)
            yield piece
