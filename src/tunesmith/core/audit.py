"""The cards of an audit: what is looked at, and what is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tunesmith.core.cards import Chat, Encoded
from tunesmith.core.example import Example, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

Severity = Literal["note", "warning", "stop"]
"""A finding that stops keeps a run from starting until the recipe accepts it by name."""

WORTH_A_WARNING = 0.005
"""From which share of rows on what may be chance is a warning, not a note."""

MOST_EXAMPLES = 10
"""How many of the rows that a finding concerns are shown; all are counted."""


@dataclass(frozen=True)
class Material:
    """Rows as they would be trained on, by split, and their token sequences, in the same order.

    Rows may lie on a disk: read them from the first to the last, do not keep them. `limit` is the longest
    sequence in tokens. `held_against` are evaluation sets, by name, whose rows must not be learned.
    """

    kind: Kind
    rows: Mapping[str, Sequence[Example]]
    tokens: Mapping[str, Sequence[Sequence[Encoded]]]
    chat: Chat
    limit: int
    held_against: Mapping[str, Sequence[Example]] = field(default_factory=dict[str, Sequence[Example]])


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing about the data: how bad, in a sentence, where, and what to do about it.

    `check` is the file that looked, `rows` how many rows it concerns. `examples` shows at most MOST_EXAMPLES
    of them, place first. `remedy` is a line for the recipe or an instruction. `chart` holds amounts by name.
    """

    check: str
    severity: Severity
    sentence: str
    rows: int = 0
    examples: tuple[str, ...] = ()
    remedy: str = ""
    chart: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class Given:
    """What is given to cleaners and augmenters beside the rows they work on.

    `held_out` are rows that must not be learned: validation, test and evaluation sets; none before the split.
    `embed` turns texts into vectors of length 1, float32 [texts, dimensions]. `write` has a model, by name or
    folder, answer each text: a chat model its question, a sequence-to-sequence model its input.
    """

    held_out: Sequence[Example]
    embed: Callable[[Sequence[str]], NDArray[Any]]
    write: Callable[[str, Sequence[str]], list[str]]
