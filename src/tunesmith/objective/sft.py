"""Supervised fine-tuning: learn the answers of the data."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunesmith.core.cards import Chat, Encoded, Loss
from tunesmith.core.contracts import Objective
from tunesmith.core.example import Example
from tunesmith.core.task import Task
from tunesmith.objective._cross_entropy import cross_entropy

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class SFT(Objective):
    """Predict the answers and their end, given the turns before them; of pairs, the preferred answer."""

    takes = frozenset({"conversations", "labels", "pairs"})
    fits = frozenset({"decoder", "encoder-decoder"})

    def encode(self, example: Example, chat: Chat, task: Task) -> list[Encoded]:
        """Render the conversation; only assistant turns are worth something."""
        return chat.encode_conversation(example.messages, example.tools)

    def loss(self, logprobs: "Tensor", weights: "Tensor") -> Loss:
        """Cross-entropy: the negative log-probability of each wanted token, times its weight, in nats."""
        return cross_entropy(logprobs, weights)
