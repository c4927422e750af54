"""What the rows of one source hold, and the layouts that they can have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tunesmith.core.example import Example, Kind, Place
from tunesmith.data.source._names import (
    COMPANIONS,
    COUNTS,
    NOT_TEXT,
    OPTIONAL,
    Candidates,
    Row,
    fold,
    quoted,
    role_of,
)
from tunesmith.data.source._refused import Refused

OPTION = "data.source.columns"
"""Where a recipe names columns."""

MOST_VARIANTS = 1024
"""How many different sets of columns are remembered; a file with more is read a little slower."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way in which a row can hold what is learned: how it is found, and how it is read.

    `needs` and `may` are the roles of the columns that it reads; where options name all that it needs, it is
    meant. `find` gives the columns for a row, or None where the row does not have this layout. It wins
    `over` layouts that would fit as well. `asks` are the roles to name where it cannot be found, if not those
    that it needs. `keeps_all` says that no other column can change what is learned.
    """

    name: str
    kind: Kind
    said: str
    override: str
    needs: tuple[str, ...]
    may: tuple[str, ...]
    find: Callable[[Candidates], dict[str, str] | None]
    read: "Callable[[Shape, Row, Place, dict[str, Any]], Example]"
    over: frozenset[str] = frozenset()
    asks: tuple[str, ...] = ()
    keeps_all: bool = False

    @cached_property
    def roles(self) -> frozenset[str]:
        """All that it reads."""
        return frozenset((*self.needs, *self.may))


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the rows of one source hold: `roles` are columns by what they hold, `others` are not learned from.

    `companions` continue the prompt. `is_said` says that options named columns or the shape. `notes` say what
    is read otherwise than it is written. `variants` are the shapes of rows with other columns, once fitted.
    """

    layout: Layout
    roles: Mapping[str, str]
    companions: tuple[str, ...]
    others: tuple[str, ...]
    why: str
    is_said: bool
    label_separator: str | None = None
    notes: tuple[str, ...] = ()
    variants: "dict[tuple[Any, ...], Shape]" = field(init=False, repr=False, default_factory=dict)

    @property
    def kind(self) -> Kind:
        """What a source with these rows gives."""
        return self.layout.kind

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, in the order in which they are named."""
        return (*self.roles.values(), *self.companions)

    @cached_property
    def known(self) -> frozenset[str]:
        """The columns of the row that it was recognised from."""
        return frozenset((*self.columns, *self.others))

    @cached_property
    def watched(self) -> tuple[str, ...]:
        """Columns that are not read and must therefore be empty: they would change what is learned."""
        if self.is_said:
            return ()
        return tuple(name for name in self.others if fold(name) in NOT_TEXT or self._counts(name))

    @cached_property
    def is_plain(self) -> bool:
        """Is there nothing to read beside the columns of prompt and answer, or of the whole conversation?"""
        return not self.companions and OPTIONAL.isdisjoint(self.roles)

    @cached_property
    def quoted(self) -> Mapping[str, str]:
        """The columns by role, as messages show them."""
        return {role: repr(name) for role, name in self.roles.items()}

    def sentence(self, form: str) -> str:
        """Say how a file of this form is read, and how to have it read otherwise."""
        noun = "column" if len(self.columns) == 1 else "columns"
        *before, last = [repr(name) for name in self.columns]
        named = f"{', '.join(before)} and {last}" if before else last
        continued = f", {quoted(self.companions)} continues the prompt" if self.companions else ""
        said = f"{form} with {noun} {named}, read as {self.layout.said} ({self.why}{continued})"
        said = "; ".join((said, *self.notes, f"override with {self.layout.override}"))
        return said + (f"; columns not learned from: {quoted(self.others)}" if self.others else "")

    def fitted(self, row: Row) -> "Shape":
        """Give the shape of a row that has other columns than the first one; raises Refused.

        A column that the first row lacks is kept beside what is learned, unless its name says that it belongs
        to it: then it is read if the layout can, and the row is refused if not.
        """
        key = (*row, *[bool(row[name]) for name in row if name not in self.known])
        found = self.variants.get(key)
        if found is None:
            found = self._fitted(row)
            if len(self.variants) < MOST_VARIANTS:
                self.variants[key] = found
        return found

    def unread(self, row: Row) -> list[str]:
        """List the columns that the first row lacks and that nothing is learned from; raises Refused."""
        return [name for name in self.fitted(row).others if name not in self.known]

    def _fitted(self, row: Row) -> "Shape":
        roles = {role: name for role, name in self.roles.items() if name in row}
        missing = [name for role, name in self.roles.items() if role not in roles and role not in OPTIONAL]
        if missing:
            found = f"no column {missing[0]!r}, only {quoted(row) or 'an empty object'}"
            raise Refused("missing field", found, "Give every row the same columns.")
        new = [name for name in row if name not in self.known]
        for name in sorted(new, key=lambda name: not row[name]):  # a filled one before its empty forerunner
            if (role := role_of(name)) in OPTIONAL and role in self.layout.may:
                roles.setdefault(role, name)
        companions = tuple(name for name in self.companions if name in row)
        read = {*roles.values(), *companions}
        others = tuple(name for name in row if name not in read)
        for name in () if self.is_said else others:
            self._check_new(name, row)
        return replace(self, roles=roles, companions=companions, others=others)

    def _counts(self, name: str) -> bool:
        role = role_of(name)
        return role in COUNTS and (role in self.layout.may or not self.layout.keeps_all)

    def _check_new(self, name: str, row: Row) -> None:
        if self.layout.keeps_all or name in self.known or not row[name]:
            return
        if role_of(name) not in (None, "rating", "reference") or fold(name) in COMPANIONS:
            remedy = "The first usable row has no such column. Give every row the same columns, or remove it."
            raise Refused("unexpected column", repr(name), remedy)
