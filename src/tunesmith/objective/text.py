"""Unsupervised tuning: learn to continue raw text."""

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Chat, Encoded, Loss
from tunesmith.core.contracts import Objective
from tunesmith.core.example import Example
from tunesmith.core.task import Task
from tunesmith.objective._cross_entropy import cross_entropy

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Text(Objective):
    """Predict every next token of raw text."""

    takes = frozenset({"text"})
    fits = frozenset({"decoder"})
    window: Annotated[
        int | None,
        Field(ge=2, description="Longest piece in tokens a document is cut into; unset keeps it whole."),
    ] = 512

    def encode(self, example: Example, chat: Chat, task: Task) -> list[Encoded]:
        """Cut a document into windows; each begins with the last token before it, so none goes unlearnt."""
        whole = chat.encode_document(example.text)
        if self.window is None or len(whole) <= self.window:
            return [whole]
        starts = range(0, len(whole) - 1, self.window - 1)
        return [_cut(whole, start, start + self.window) for start in starts]

    def loss(self, logprobs: "Tensor", weights: "Tensor") -> Loss:
        """Cross-entropy: the negative log-probability of each token, times its weight, in nats."""
        return cross_entropy(logprobs, weights)


def _cut(whole: Encoded, start: int, end: int) -> Encoded:
    weights = array("f", whole.weights[start:end])
    weights[0] = 0.0
    return Encoded(whole.ids[start:end], weights, key=f"{whole.key}:{start}")
