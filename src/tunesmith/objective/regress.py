"""Regression: learn the number that belongs to a text."""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Chat, Encoded, Loss
from tunesmith.core.contracts import Objective
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example
from tunesmith.core.task import Task
from tunesmith.objective._cross_entropy import cross_entropy
from tunesmith.objective._question import question

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Regress(Objective):
    """Say the number that belongs to a text, such as a rating or a price."""

    takes = frozenset({"labels"})
    says = "number"
    second: Annotated[
        str | None, Field(description="Column with a second text that is read with the first.")
    ] = None

    def task(self, rows: Mapping[str, Iterable[Example]]) -> Task:
        """Measure mean and spread of the training rows' numbers, the units in which they are learned.

        Raises BadData where they are all the same.
        """
        values = [_number(row) for row in rows["train"]]
        spread = pstdev(values) if values else 0.0
        if not spread:
            raise BadData("All numbers of the training rows are the same: there is nothing to learn.")
        return Task("number", mean=fmean(values), spread=spread)

    def encode(self, example: Example, chat: Chat, task: Task) -> list[Encoded]:
        """Render what stands before the answer; the whole of it is worth 1."""
        wanted = (_number(example) - task.mean) / task.spread
        return [replace(question(example, chat, self.second), targets=array("d", [wanted]))]

    def loss(self, logprobs: "Tensor", weights: "Tensor") -> Loss:
        """Half the squared error in units of the spread: the cost of a normal distribution, in nats."""
        return cross_entropy(logprobs, weights)


def _number(row: Example) -> float:
    if row.value is None:
        raise BadData(
            "The row has a label, not a number. Say that it is one: data.source.columns={shape: numbers}."
        )
    return row.value
