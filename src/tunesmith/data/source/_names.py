"""What the names of columns mean, and the columns of one row sorted by it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

NAMES: Mapping[str, frozenset[str]] = {
    "prompt": frozenset(("prompt", "instruction", "question", "query", "input")),
    "completion": frozenset(("completion", "response", "output", "answer")),
    "text": frozenset(("text",)),
    "label": frozenset(("label", "labels", "category", "class", "intent", "sentiment", "topic")),
    "chosen": frozenset(("chosen", "preferred_output", "preferred_completion")),
    "rejected": frozenset(("rejected", "non_preferred_output", "non_preferred_completion")),
    "rating": frozenset(("rating", "score", "stars")),
    "reference": frozenset(
        ("reference", "reference_answer", "expected", "target", "solution", "ground_truth")
    ),
    "system": frozenset(("system", "system_prompt")),
    "history": frozenset(("history",)),
    "messages": frozenset(("messages", "conversations", "conversation")),
    "tools": frozenset(("tools", "functions")),
}
"""What columns are called, by what they hold; upper and lower case make no difference."""

ROLE_OF: Mapping[str, str] = {name: role for role, names in NAMES.items() for name in names}

COMPANIONS = ("input", "context")
"""Columns that belong to the prompt when another column is the prompt: joined to it by a blank line."""

METADATA = frozenset(
    (
        "",
        "id",
        "idx",
        "index",
        "uuid",
        "url",
        "source",
        "meta",
        "metadata",
        "date",
        "timestamp",
        "split",
        "language",
    )
)
"""Columns never taken for text unless an option says so."""

NOT_TEXT = frozenset(("image", "images", "audio", "audios", "video", "videos"))
"""Columns that an answer may depend on and that cannot be read: refused unless they are empty."""

OPTIONAL = frozenset(("system", "history", "tools"))
"""What one row may have and another lack."""

_NEVER_READ = METADATA | NOT_TEXT

COUNTS = frozenset(("system", "history", "tools", "chosen", "rejected", "messages"))
"""What cannot be left unread in silence: without it, something else would be learned."""


def fold(name: str) -> str:
    """Compare column names without regard to case and outer spaces."""
    return name.strip().casefold()


def role_of(name: str) -> str | None:
    """Say what a column of this name holds; None where the name says nothing."""
    return ROLE_OF.get(fold(name))


def quoted(names: Iterable[str]) -> str:
    """List names as messages show them."""
    return ", ".join(repr(name) for name in names)


@dataclass(frozen=True)
class Candidates:
    """The columns of a row as one layout sees them.

    `named` are the candidates for what it reads, by option or by name. `others` are texts of unknown meaning,
    in the order of the row. `foreign` are columns that belong to other layouts. `is_chosen` says that
    the recipe names the layout.
    """

    row: Row
    given: Mapping[str, str]
    named: Mapping[str, list[str]]
    others: list[str]
    foreign: list[str]
    companions: tuple[str, ...]
    is_chosen: bool

    @classmethod
    def of(cls, row: Row, given: Mapping[str, str], roles: frozenset[str], is_chosen: bool) -> "Candidates":
        """Sort the columns of a row for a layout that reads these roles: options decide, then names."""
        named = {role: _candidates(row, given, role) for role in roles}
        prompts = named.get("prompt", [])
        main = [name for name in prompts if fold(name) not in COMPANIONS] or prompts
        joins = main and "prompt" not in given
        companions = tuple(name for name in row if joins and fold(name) in COMPANIONS and name not in main)
        named = named | {"prompt": main} if prompts else named
        used = {*companions, *(name for names in named.values() for name in names)}
        left = [name for name in row if name not in used and fold(name) not in _NEVER_READ]
        is_said = is_chosen or bool(given)  # then columns are what the options say, whatever they are called
        foreign = [name for name in left if not is_said and _belongs_elsewhere(row, name)]
        others = [name for name in left if isinstance(row[name], str) and name not in foreign]
        return cls(row, given, named, others, foreign, companions, is_chosen)

    @property
    def is_said(self) -> bool:
        """Do options name the layout or any column?"""
        return self.is_chosen or bool(self.given)

    def says(self, role: str) -> bool:
        """Do options say that this role matters: by naming its column, or the layout?"""
        return self.is_chosen or role in self.given

    @property
    def may_guess(self) -> bool:
        """Is every column either understood or a plain value?"""
        used = {*self.companions, *(name for names in self.named.values() for name in names)}
        left = (value for name, value in self.row.items() if name not in used and fold(name) not in METADATA)
        return not self.foreign and not any(isinstance(value, list | dict) for value in left)

    def one(self, role: str) -> str | None:
        """Give the column for a role where exactly one can be meant."""
        names = self.named.get(role, [])
        return names[0] if len(names) == 1 else None

    def filled(self, role: str) -> str | None:
        """Give the column for a role that a layout can do without: of several, the filled one."""
        names = self.named.get(role, [])
        filled = [name for name in names if self.row[name]]
        return filled[0] if len(filled) == 1 else next(iter(names), None)

    def roles(self, needed: Sequence[str], wanted: Sequence[str] = ()) -> dict[str, str] | None:
        """Give the columns for roles that a layout needs, and for those it would take; None if one lacks."""
        found = {role: name for role in needed if (name := self.one(role)) is not None}
        if len(found) < len(needed):
            return None
        return found | {role: name for role in wanted if (name := self.filled(role)) is not None}

    def why(self, columns: Iterable[str]) -> str:
        """Say what decided that these columns are read."""
        if self.is_said:
            return "as the options say"
        columns = tuple(columns)
        guessed = sum(name in self.others for name in columns)
        by_name = "by its name" if len(columns) == 1 else "by their names"
        return (by_name, "by one name and the only other text column", "the only two text columns")[guessed]


def _candidates(row: Row, given: Mapping[str, str], role: str) -> list[str]:
    if role in given:
        return [given[role]]
    return [name for name in row if _role_in(row, name) == role and name not in given.values()]


def _belongs_elsewhere(row: Row, name: str) -> bool:
    role = _role_in(row, name)
    is_number = isinstance(row[name], int | float) or row[name] is None
    return role is not None and not (role == "rating" and is_number)


def _role_in(row: Row, name: str) -> str | None:
    role = role_of(name)
    if role == "messages" and fold(name) != role and not isinstance(row[name], list):
        return None  # a conversation may be a text, too, that some other column sums up
    return role
