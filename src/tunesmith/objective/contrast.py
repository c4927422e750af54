"""Contrastive learning of vectors: texts that belong together come near (InfoNCE: van den Oord et al., 2018,
https://arxiv.org/abs/1807.03748; with the others of a step as wrong answers: Henderson et al., 2017,
https://arxiv.org/abs/1705.00652).
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Chat, Encoded, Loss
from tunesmith.core.contracts import Objective
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message
from tunesmith.core.task import Task
from tunesmith.objective._cross_entropy import cross_entropy

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Contrast(Objective):
    """Give vectors by which the text that belongs to another is found among all others."""

    takes = frozenset({"conversations", "pairs"})
    fits = frozenset({"decoder", "encoder"})
    says = "vector"
    temperature: Annotated[
        float, Field(gt=0, description="By how much a cosine must be larger to be e times as likely.")
    ] = 0.05

    def task(self, rows: Mapping[str, Iterable[Example]]) -> Task:
        """Say that vectors are averages of all states, compared at this temperature."""
        return Task("vector", spread=self.temperature, pools="mean")

    def encode(self, example: Example, chat: Chat, task: Task) -> list[Encoded]:
        """Read a row's texts apart: the prompt, the answer that belongs to it, and the rejected one."""
        asks, belongs = chat.encode_document(_said(example.prompt)), chat.encode_document(example.reference)
        source, second = belongs.ids, 0
        if example.rejected:
            source = source + chat.encode_document(_said(example.rejected)).ids
            second = len(belongs)
        weights = array("f", [1.0]) + array("f", [0.0]) * (len(asks) - 1)
        return [Encoded(asks.ids, weights, targets=array("d", [1.0]), source=source, second=second)]

    def loss(self, logprobs: "Tensor", weights: "Tensor") -> Loss:
        """Cross-entropy: the negative log-probability of each right text among all of a step, in nats."""
        return cross_entropy(logprobs, weights)


def _said(turns: tuple[Message, ...]) -> str:
    """Give what is said in some turns; raises BadData where that is nothing."""
    text = "\n".join(turn.content for turn in turns)
    if not text.strip():
        raise BadData("The row has no text before its answer, so there is nothing to compare it with.")
    return text
