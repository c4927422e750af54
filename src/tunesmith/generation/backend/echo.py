"""An engine that asks no model: it answers at once, so that a client or a server can be tried out."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from tunesmith.core.cards import Completion, Decoding, Model
from tunesmith.core.contracts import Backend
from tunesmith.generation.backend._answer import Answer


@dataclass(frozen=True, kw_only=True)
class Echo(Backend):
    """Answer with the prompt itself, token by token: for trying out a client, not for use."""

    def generate(
        self, model: Model, prompts: Sequence[Sequence[int]], decoding: Decoding
    ) -> list[Completion]:
        """Repeat every prompt, in the order given."""
        answers = [Answer.begin(model.chat, model.context, prompt, decoding) for prompt in prompts]
        for answer in answers:
            for _ in _grow(answer):
                pass
        return [answer.completion() for answer in answers]

    def stream(self, model: Model, prompt: Sequence[int], decoding: Decoding) -> Generator[Completion]:
        """Repeat one prompt, a token per piece."""
        return _grow(Answer.begin(model.chat, model.context, prompt, decoding))


def _grow(answer: Answer) -> Generator[Completion]:
    for token in _spoken(answer):
        yield answer.add(token)
        if answer.finish_reason:
            return


def _spoken(answer: Answer) -> Iterator[int]:
    yield from (token for token in answer.prompt if token not in answer.ends)
    yield answer.ends[0]
