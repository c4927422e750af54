"""Missing: rows whose texts are empty or hold a placeholder are left out, or filled in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.example import Cleaned, Example, Message
from tunesmith.data.placeholders import LABELS, is_missing, placeholders

PARTS = ("prompt", "answer", "rejected", "text")
"""What is looked at beside columns: `prompt` is every user turn, `answer` every assistant turn."""

_ROLES = {"user": "prompt", "assistant": "answer"}


@dataclass(frozen=True, kw_only=True)
class Missing(Cleaner):
    """Leave out rows with missing texts, or fill in what stands for them.

    A label is an answer, too; words such as `none`, which may name a class, do not count as missing there.
    """

    where: Annotated[
        tuple[str, ...],
        Field(description="What must not be missing: prompt, answer, rejected, text, or names of columns."),
    ] = PARTS
    also: Annotated[
        tuple[str, ...], Field(description="More texts that stand for a missing value, in any case.")
    ] = ()
    ignore: Annotated[
        tuple[str, ...], Field(description="Texts of the list, such as none, that are values here.")
    ] = ()
    fill: Annotated[
        Mapping[str, str],
        Field(description="What to write instead, by part or column; where unset, the row is left out."),
    ] = field(default_factory=dict[str, str])

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Decide on every row: kept, filled in, or left out with the name of what is missing."""
        listed = placeholders(self.also, self.ignore)
        names = tuple(dict.fromkeys((*self.where, *self.fill)))
        for row in rows:
            known = listed - frozenset(LABELS) if row.labels else listed
            missing = [name for name in names if _is_missing(row, name, known)]
            absent = [name for name in missing if name not in self.fill]
            if absent:
                yield Cleaned(None, f"missing: {absent[0]}")
                continue
            filled = row
            for name in missing:
                filled = _filled(filled, name, self.fill[name], known)
            yield Cleaned(filled, f"filled in: {', '.join(missing)}" if missing else "")


def _is_missing(row: Example, name: str, known: frozenset[str]) -> bool:
    if name == "text":
        return not row.messages and is_missing(row.text, known)
    if name in PARTS:
        turns = row.rejected if name == "rejected" else row.messages
        return any(_is_empty(turn, name, known) for turn in turns)
    return is_missing(row.fields.get(name), known)


def _is_empty(turn: Message, name: str, known: frozenset[str]) -> bool:
    """Ask whether a turn is of that part and says nothing; an answer that calls a tool need not."""
    is_part = name in ("rejected", _ROLES.get(turn.role))
    return is_part and not turn.tool_calls and is_missing(turn.content, known)


def _filled(row: Example, name: str, text: str, known: frozenset[str]) -> Example:
    if name == "text":
        return replace(row, text=text)
    if name not in PARTS:
        return replace(row, fields={**row.fields, name: text})
    turns = row.rejected if name == "rejected" else row.messages
    filled = tuple(replace(turn, content=text) if _is_empty(turn, name, known) else turn for turn in turns)
    if name == "rejected":
        return replace(row, rejected=filled)
    return replace(row, messages=filled, labels=(text,) if name == "answer" and row.labels else row.labels)
