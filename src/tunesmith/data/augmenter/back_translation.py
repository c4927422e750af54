"""Back-translation (Sennrich et al., 2016, https://aclanthology.org/P16-1009/): there and back again."""

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
class BackTranslation(Augmenter):
    """Make copies of questions by translating them into another language and back; answers stay.

    Both models may be sequence-to-sequence models, or a chat model with an instruction before each text.
    """

    there: Annotated[str, Field(description="The model that translates into the other language.")]
    back: Annotated[str, Field(description="The model that translates back.")]
    there_instruction: Annotated[str, Field(description="What a chat model is told before each text.")] = ""
    back_instruction: Annotated[str, Field(description="The same for the way back.")] = ""
    share: Share = 0.2
    most: Most = 10_000
    check_labels: CheckLabels = True

    def augment(self, rows: Sequence[Example], given: Given, seed: int) -> Iterator[Made]:
        """Give translated copies of some rows."""
        return guarded(self._changes(rows, given, seed), rows, given.held_out, check_labels=self.check_labels)

    def _changes(self, rows: Sequence[Example], given: Given, seed: int) -> Iterator[Change]:
        drawing = drawn(rows, self.share, self.most, "back_translation", seed)
        while some := list(islice(drawing, TEXTS_AT_ONCE)):
            texts = [text for row, _, _ in some for text in asked(row)]
            abroad = given.write(self.there, [_told(self.there_instruction, text) for text in texts])
            home = iter(given.write(self.back, [_told(self.back_instruction, text) for text in abroad]))
            for row, _, made_by in some:
                yield Change(row, asking(row, [next(home).strip() for _ in asked(row)], made_by))


def _told(instruction: str, text: str) -> str:
    return f"{instruction}\n\n{text}" if instruction else text
