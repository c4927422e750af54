"""Change what a package remembers, without training: rows come or go, and a new package is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunesmith.core.contracts import Memory
from tunesmith.core.disk import Disk
from tunesmith.core.errors import BadData, BadOption, BadRecipe
from tunesmith.core.memory import Contents
from tunesmith.core.service import Package
from tunesmith.export import manifest
from tunesmith.export import read as packages
from tunesmith.export.manifest import Change, Manifest
from tunesmith.export.package import MEMORY
from tunesmith.export.revise import check_place, revise
from tunesmith.export.verify import verify
from tunesmith.lifecycle import asked_rows
from tunesmith.lifecycle.memories import reading
from tunesmith.lifecycle.probe import COMMAND, LOADERS, build_memories
from tunesmith.lifecycle.run_folder import Clock, now

Edit = Callable[[Memory, Path], int]
"""Changes one memory in its folder, and says how many rows were there already."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a change did to one memory: rows, and what is kept of them in its unit, such as tokens.

    A row that takes another's place counts as added, and the other as removed. `known` rows were to be
    added, but what they say was there already.
    """

    memory: str
    unit: str
    known: int
    added: int
    added_size: int
    removed: int
    removed_size: int
    rows: int
    size: int

    @classmethod
    def of(cls, memory: str, before: Contents, after: Contents, known: int) -> "Counted":
        """Count what came and what went."""
        came, went = set(after.rows) - set(before.rows), set(before.rows) - set(after.rows)
        sizes = [sum(row.size for row in rows) for rows in (came, went, after.rows)]
        added, removed, size = sizes
        return cls(memory, after.unit, known, len(came), added, len(went), removed, len(after.rows), size)

    @property
    def sentence(self) -> str:
        """Say it all in a line."""
        changes = (("added", self.added, self.added_size), ("removed", self.removed, self.removed_size))
        said = [f"{_rows(count, size, self.unit)} {what}" for what, count, size in changes if count]
        if self.known:
            said.append(f"{self.known:,} {'was' if self.known == 1 else 'were'} there already")
        return f"{self.memory}: {', '.join(said)}; {_rows(self.rows, self.size, self.unit)} now"


@dataclass(frozen=True, slots=True)
class Updated:
    """A package that remembers otherwise than the one it was made from.

    `missing` names the rows that were to be removed and are not there; `notes` say what is worth knowing.
    """

    package: Package
    memories: tuple[Counted, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]


def add(folder: Path, data: Path, to: Path, *, replaces: bool = False, clock: Clock = now) -> Updated:
    """Have a package remember the rows of a file, or of a recipe's source, as its run would have.

    A row that says what a remembered one says is left out. One that has the name of another is refused,
    unless it `replaces` that one. Raises BadRecipe for a package without memory, BadData for rows that cannot
    be used, and where none of them is new.
    """
    described, _ = _described(folder, to)
    model = packages.load(folder, LOADERS)
    rows = asked_rows.read(data, described, model)
    asked_rows.check(rows, model)

    def edit(memory: Memory, own: Path) -> int:
        if replaced := asked_rows.renamed(rows, memory, memory.contents(own), replaces):
            memory.remove(own, Disk(), keys=replaced)
        new = asked_rows.new(rows, memory, memory.contents(own))
        if new:
            with reading(model, described.kept.made_with) as reader:
                memory.add(new, own, reader, Disk())
        return len(rows) - len(new)

    return _revised(folder, to, edit, clock)


def remove(
    folder: Path,
    to: Path,
    data: Path | None = None,
    keys: Sequence[str] = (),
    sources: Sequence[str] = (),
    clock: Clock = now,
) -> Updated:
    """Have a package forget rows: those that say what rows of a file say, or by their names or sources.

    What was made from a row goes with it. Raises BadRecipe for a package without memory, BadData for a name
    that there is not, and where no row of the file is there.
    """
    if data is None and not keys and not sources:
        raise BadOption("Say which rows to remove: a file of them, --key or --source.")
    described, memories = _described(folder, to)
    kept = [(one, one.contents(folder / MEMORY / str(number))) for number, one in enumerate(memories)]
    every = [row for _, contents in kept for row in contents.rows]
    gone = asked_rows.called(keys, {row.key for row in every}, "row")
    chosen = asked_rows.called(sources, {row.source for row in every}, "source")
    gone |= {row.key for row in every if row.source in chosen}
    missing: list[str] = []
    if data is None:
        packages.read(folder)  # every file of it is verified; nothing has to be computed
    else:
        rows = asked_rows.read(data, described, packages.load(folder, LOADERS))
        same, missing = asked_rows.saying_the_same(rows, kept)
        gone |= same
    gone = asked_rows.with_those_made_from(gone, every)

    def edit(memory: Memory, own: Path) -> int:
        if here := gone & {row.key for row in memory.contents(own).rows}:
            memory.remove(own, Disk(), keys=here)
        return 0

    return _revised(folder, to, edit, clock, missing)


def _described(folder: Path, to: Path) -> tuple[Manifest, Sequence[Memory]]:
    check_place(folder, to)
    described = manifest.read(folder)
    if not described.kept.memories:
        raise BadRecipe(
            f"{folder} has no memory beside its model, so there is nothing to change. "
            "Make a package with one: add `memory: [neighbours]` to the recipe and run it."
        )
    return described, build_memories(described.kept.memories)


def _revised(folder: Path, to: Path, edit: Edit, clock: Clock, missing: Sequence[str] = ()) -> Updated:
    """Write the new package, with every memory edited and counted."""
    described, memories = _described(folder, to)
    counted: list[Counted] = []
    notes: list[str] = []

    def change(kept: Path) -> tuple[Change, ...]:
        for number, (chosen, memory) in enumerate(zip(described.kept.memories, memories, strict=True)):
            own = kept / str(number)
            before = memory.contents(own)
            known = edit(memory, own)
            after = memory.contents(own)
            counted.append(Counted.of(chosen["name"], before, after, known))
            if after.tuned:
                notes.append(f"{chosen['name']}: {after.tuned}, tuned on rows of the run, stay as they are.")
        _refuse_nothing(counted, missing)
        at = clock().isoformat(timespec="seconds")
        return tuple(
            Change(at=at, memory=one.memory, added=one.added, removed=one.removed, rows=one.rows)
            for one in counted
        )

    package = revise(folder, to, change, lambda aside: verify(aside, COMMAND))
    return Updated(package, tuple(counted), tuple(missing), tuple(notes))


def _refuse_nothing(counted: Sequence[Counted], missing: Sequence[str]) -> None:
    if any(one.added or one.removed for one in counted):
        return
    if missing:
        raise BadData(
            f"None of the {len(missing):,} rows is remembered, the first being {missing[0]}. No package was "
            "written. A row that was changed or cut in the run says something else: name it with --key."
        )
    raise BadData("Every row is remembered already. No package was written: the old one is up to date.")


def _rows(count: int, size: int, unit: str) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'} with {size:,} {unit}"
