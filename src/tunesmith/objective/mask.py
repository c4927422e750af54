"""Masked language modelling, to get used to a domain (Devlin et al., 2019, https://arxiv.org/abs/1810.04805)."""

from array import array
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Chat, Encoded, Loss
from tunesmith.core.contracts import Objective
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example
from tunesmith.core.task import Task
from tunesmith.objective._cross_entropy import cross_entropy

if TYPE_CHECKING:
    from torch import Tensor

NOTHING = -1.0
"""The target of a token that is never hidden, such as the one that ends a text."""
HIDDEN, SWAPPED = 0.8, 0.9
"""Of the tokens to be found, 80 % are hidden, 10 % are another token of the row, 10 % stay (section 3.1)."""


@dataclass(frozen=True, kw_only=True)
class Mask(Objective):
    """Find hidden words of raw text again, other ones in each epoch; for bases that read both ways."""

    takes = frozenset({"text"})
    fits = frozenset({"encoder"})
    share: Annotated[float, Field(gt=0, lt=1, description="Share of tokens to be found.")] = 0.15
    window: Annotated[
        int, Field(ge=8, description="Longest piece in tokens that a document is cut into.")
    ] = 128

    def encode(self, example: Example, chat: Chat, task: Task) -> list[Encoded]:
        """Cut a document into windows that begin and end like a text of its own, and hide some tokens.

        Raises BadData where the base has no token for what is hidden.
        """
        if chat.mask_id is None:
            raise BadData(
                "This base has no token that hides others. Choose objective: text, or another base."
            )
        whole = chat.encode_document(example.text)
        inside = [place for place, weight in enumerate(whole.weights) if weight]
        if not inside:
            return [whole]
        first, last = inside[0], inside[-1] + 1
        size = self.window - first - (len(whole) - last)
        pieces = [
            whole.ids[:first] + whole.ids[start : min(start + size, last)] + whole.ids[last:]
            for start in range(first, last, size)
        ]
        return [self._hidden(_plain(piece, first, len(whole) - last), 0, chat) for piece in pieces]

    def renew(self, sequence: Encoded, epoch: int, chat: Chat) -> Encoded:
        """Hide other tokens in each epoch."""
        return self._hidden(sequence, epoch, chat)

    def loss(self, logprobs: "Tensor", weights: "Tensor") -> Loss:
        """Cross-entropy: the negative log-probability of each token to be found, in nats."""
        return cross_entropy(logprobs, weights)

    def _hidden(self, sequence: Encoded, epoch: int, chat: Chat) -> Encoded:
        """Choose anew what is to be found; what stands where is in the targets."""
        assert chat.mask_id is not None
        inside = [place for place, target in enumerate(sequence.targets) if target != NOTHING]
        ids = array("i", sequence.ids)
        for place in inside:
            ids[place] = int(sequence.targets[place])
        draw = Random(f"{epoch}/{ids.tobytes().hex()}")
        weights = array("f", [0.0]) * len(ids)
        for place in draw.sample(inside, max(1, round(self.share * len(inside)))):
            weights[place] = 1.0
            fate = draw.random()
            if fate < HIDDEN:
                ids[place] = chat.mask_id
            elif fate < SWAPPED:
                ids[place] = int(sequence.targets[draw.choice(inside)])
        return replace(sequence, ids=ids, weights=weights)


def _plain(ids: "array[int]", before: int, behind: int) -> Encoded:
    targets = array("d", [NOTHING] * before + ids[before : len(ids) - behind].tolist() + [NOTHING] * behind)
    return Encoded(ids, array("f", [0.0]) * len(ids), targets=targets)
