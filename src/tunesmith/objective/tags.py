"""Token classification: a tag for every word of a text, as for named entities or parts of speech.

The first piece of a word says its tag (Devlin et al., 2019, https://arxiv.org/abs/1810.04805, section 5.3).
"""

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
from tunesmith.core.tagged import Tagged, words_of
from tunesmith.core.task import Task
from tunesmith.objective._cross_entropy import cross_entropy

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Tags(Objective):
    """Tag every word of a text: names, places, parts of speech; a head of its own does it."""

    takes = frozenset({"tags"})
    fits = frozenset({"decoder", "encoder"})
    says = "tags"
    tags: Annotated[
        tuple[str, ...] | None,
        Field(min_length=2, description="The tags in their order; unset: those of the data, by name."),
    ] = None

    def task(self, rows: Mapping[str, Iterable[Example]]) -> Task:
        """Collect the tags of all rows; raises BadData where there are fewer than two."""
        every = chain.from_iterable(rows.values())
        found = self.tags or tuple(sorted({tag for row in every for tag in _tagged(row).tags}))
        if len(found) < 2:
            raise BadData(f"To tell tags apart, there must be two; the data has {len(found)}: {found}.")
        return Task("tags", found)

    def encode(self, example: Example, chat: Chat, task: Task) -> list[Encoded]:
        """Read the words as one text; the first piece of each is worth 1, and its target is the tag."""
        tagged = _tagged(example)
        if unknown := [tag for tag in tagged.tags if tag not in task.labels]:
            raise BadData(f"The tag {unknown[0]!r} is none of {list(task.labels)}. Mend it, or add it there.")
        found = chat.encode_words(tagged.words)
        rest = iter(tagged.tags)
        wanted = [task.labels.index(next(rest)) if weight else 0 for weight in found.weights]
        return [replace(found, targets=array("d", wanted))]

    def loss(self, logprobs: "Tensor", weights: "Tensor") -> Loss:
        """Cross-entropy: the negative log-probability of each word's tag, in nats."""
        return cross_entropy(logprobs, weights)


def _tagged(row: Example) -> Tagged:
    """Give the words and tags of a row; raises BadData where its text no longer has these words."""
    found = Tagged.read(row.reference)
    said = words_of("\n".join(turn.content for turn in row.prompt))
    if found is None or found.words != said:
        raise BadData(
            f"{row.place}: the words of the row's text are not those that have tags. Leave out what changes "
            "texts: data.clean, data.augment."
        )
    return found
