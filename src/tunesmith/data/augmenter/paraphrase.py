"""Paraphrase: a chat model that the recipe names says the same in other words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Augmenter
from tunesmith.core.example import Example, Made
from tunesmith.data.augmenter._draw import CheckLabels, Most, Share, asked, asking, drawn
from tunesmith.data.guard import Change, guarded

TEXTS_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True)
class Paraphrase(Augmenter):
    """Make copies of questions in other words, written by a chat model; answers stay."""

    model: Annotated[str, Field(description="The chat model: a folder, or a hub id.")]
    instruction: Annotated[
        str, Field(min_length=1, description="What the model is asked to do with a text.")
    ] = "Say the following in other words. Keep every name and number. Write the new text and nothing else."
    share: Share = 0.2
    most: Most = 10_000
    check_labels: CheckLabels = True

    def augment(self, rows: Sequence[Example], given: Given, seed: int) -> Iterator[Made]:
        """Give paraphrased copies of some rows."""
        return guarded(self._changes(rows, given, seed), rows, given.held_out, check_labels=self.check_labels)

    def _changes(self, rows: Sequence[Example], given: Given, seed: int) -> Iterator[Change]:
        drawing = drawn(rows, self.share, self.most, "paraphrase", seed)
        while some := list(islice(drawing, TEXTS_AT_ONCE)):
            texts = [text for row, _, _ in some for text in asked(row)]
            written = iter(given.write(self.model, [f"{self.instruction}\n\n{text}" for text in texts]))
            for row, _, made_by in some:
                new = [next(written).strip().strip('"') for _ in asked(row)]
                yield Change(row, asking(row, new, made_by))
