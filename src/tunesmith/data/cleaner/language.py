"""Language: rows in other languages than the wanted ones are left out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.example import Cleaned, Example
from tunesmith.data.language import check_codes, identifier


@dataclass(frozen=True, kw_only=True)
class Language(Cleaner):
    """Keep rows in the given languages; a row whose language cannot be told is kept."""

    keep: Annotated[
        tuple[str, ...],
        Field(min_length=1, description="Languages to keep, as ISO 639 codes such as en, de."),
    ] = ("en",)
    part: Annotated[
        Literal["row", "prompt", "answer"],
        Field(description="What is looked at; raw text is always the row."),
    ] = "row"
    confidence: Annotated[
        float, Field(gt=0, le=1, description="How certain another language must be to leave a row out.")
    ] = 0.8

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Tell every row's language; what is too short, code or mixed is kept as it is."""
        check_codes(self.keep)
        tell = identifier(self.confidence)
        for row in rows:
            code = tell(self._text(row))
            unwanted = code is not None and code not in self.keep
            yield Cleaned(None, f"language: {code}") if unwanted else Cleaned(row)

    def _text(self, row: Example) -> str:
        if self.part == "row" or not row.messages:
            return row.whole
        if self.part == "answer":
            return row.reference
        return "\n".join(turn.content for turn in row.prompt if turn.role != "system")
