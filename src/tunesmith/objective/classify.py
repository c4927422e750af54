"""Classification: learn which of some classes a text belongs to, or which ones, if there may be several."""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
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
class Classify(Objective):
    """Say which class a text belongs to, with a head of its own instead of written answers."""

    takes = frozenset({"labels"})
    says = "classes"
    several: Annotated[bool, Field(description="A text may have several classes, or none.")] = False
    classes: Annotated[
        tuple[str, ...] | None,
        Field(min_length=1, description="The classes in their order; unset: those of the data, by name."),
    ] = None
    second: Annotated[
        str | None, Field(description="Column with a second text that is read with the first.")
    ] = None

    def task(self, rows: Mapping[str, Iterable[Example]]) -> Task:
        """Collect the classes of all rows; raises BadData where there are fewer than two, unless several."""
        every = chain.from_iterable(rows.values())
        found = self.classes or tuple(sorted({label for row in every for label in row.labels}))
        if len(found) < (1 if self.several else 2):
            raise BadData(f"To tell classes apart, there must be two; the data has {len(found)}: {found}.")
        return Task("classes", found, self.several)

    def encode(self, example: Example, chat: Chat, task: Task) -> list[Encoded]:
        """Render what stands before the answer; the whole of it is worth 1."""
        if unknown := [label for label in example.labels if label not in task.labels]:
            raise BadData(
                f"The class {unknown[0]!r} is none of {list(task.labels)}. Mend it, or add it there."
            )
        if not self.several and len(example.labels) != 1:
            raise BadData(f"The row has {len(example.labels)} classes. Set objective.several to allow that.")
        numbers = [task.labels.index(label) for label in example.labels]
        wanted = [float(number in numbers) for number in range(len(task.labels))]
        targets = array("d", wanted if self.several else [float(numbers[0])])
        return [replace(question(example, chat, self.second), targets=targets)]

    def loss(self, logprobs: "Tensor", weights: "Tensor") -> Loss:
        """Cross-entropy: the negative log-probability of each row's classes, times its weight, in nats."""
        return cross_entropy(logprobs, weights)
