"""Train on a share of the rows: to start small, and to see what more data brings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.example import Cleaned, Example
from tunesmith.core.hashing import hash_text


@dataclass(frozen=True, kw_only=True)
class Sample(Cleaner):
    """Keep a share of the training rows; a smaller share is always part of a larger one.

    What a row says decides, so the same rows are kept wherever they stand, and equal rows stay together.
    """

    after_split = True

    share: Annotated[float, Field(gt=0, le=1, description="The share of training rows that is kept.")] = 0.5

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Decide on every row by its own hash."""
        for row in rows:
            # another hash than the split's, which training rows are already chosen by
            point = int(hash_text(f"sample\n{row.whole}")[:13], 16) / 16**13
            yield Cleaned(row) if point < self.share else Cleaned(None, "not in the sample")
