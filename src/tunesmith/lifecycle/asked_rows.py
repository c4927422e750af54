"""The rows that a memory is to take in or to forget: read as those of the run were, and found again."""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePath

from pydantic import ValidationError

from tunesmith.core.cards import Encoded, Model
from tunesmith.core.contracts import Memory, Objective, Source
from tunesmith.core.errors import BadData, DamagedFile
from tunesmith.core.example import BadRow, Example
from tunesmith.core.memory import Contents, KeptRow, Remembered
from tunesmith.core.recipe import Selection
from tunesmith.core.registry import Registry, did_you_mean
from tunesmith.export import manifest
from tunesmith.export.manifest import Manifest
from tunesmith.lifecycle.annotate_options import source_of
from tunesmith.lifecycle.encoder import Encoder
from tunesmith.lifecycle.memories import Rows

LISTED = 20
"""So many rows are named in a message at most."""

_BYTE = re.compile(r" \(byte \d+\)")


def read(data: Path, described: Manifest, model: Model) -> Rows:
    """Read a file, or the source of a recipe, and encode its rows as the objective of the package does.

    Raises BadData for rows that cannot be used, or that the objective does not take.
    """
    source = source_of(data, {})
    objective = _objective(described, model.folder / manifest.FILE)
    if (kind := source.gives()) not in objective.takes:
        raise BadData(
            f"{data} gives {kind}, which objective {described.made['objective']['name']} of the package does "
            "not take. Give rows like those that its run was trained on."
        )
    examples = _examples(source)
    encoded = Encoder(objective, model.chat, task=model.task).encode(examples)
    return Rows.of([sequence for row in encoded for sequence in row], examples)


def check(rows: Sequence[Remembered], model: Model) -> None:
    """Refuse rows that no run would have kept: too long for the model, or with nothing to learn in them."""
    bad = [f"{row.key}: {fault}" for row in rows if (fault := _fault(row.sequences, model.context))]
    if bad:
        raise BadData(
            f"{len(bad):,} of {len(rows):,} rows cannot be remembered:\n{_list(bad)}\n"
            "Shorten them, or leave them out."
        )


def renamed(rows: Sequence[Remembered], memory: Memory, before: Contents, replaces: bool) -> list[str]:
    """Give the names of rows in the memory that are, in these rows, the names of what says something else.

    Raises BadData where there are any that are not to be replaced.
    """
    by_key = {row.key: row.says for row in before.rows}
    found = [row.key for row in rows if row.key in by_key and by_key[row.key] != memory.says(row)]
    if found and not replaces:
        raise BadData(
            f"{len(found):,} of {len(rows):,} rows have the name of another that is remembered:\n"
            f"{_list(found)}\nGive --replace if each is to take its place, or name the file otherwise."
        )
    return found


def new(rows: Sequence[Remembered], memory: Memory, before: Contents) -> list[Remembered]:
    """Give those of the rows that say what no row in the memory says, each once."""
    known = {row.says for row in before.rows}
    found: list[Remembered] = []
    for row in rows:
        if (says := memory.says(row)) not in known:
            known.add(says)
            found.append(row)
    return found


def saying_the_same(
    rows: Sequence[Remembered], kept: Sequence[tuple[Memory, Contents]]
) -> tuple[set[str], list[str]]:
    """Give the names of all remembered rows that say what one of these says, and those of rows not found."""
    gone: set[str] = set()
    missing = {row.key: None for row in rows}
    for memory, contents in kept:
        by_says: dict[str, list[str]] = {}
        for row in contents.rows:
            by_says.setdefault(row.says, []).append(row.key)
        for row in rows:
            if same := by_says.get(memory.says(row)):
                gone.update(same)
                missing.pop(row.key, None)
    return gone, list(missing)


def called(names: Sequence[str], known: Collection[str], what: str) -> set[str]:
    """Find rows or sources by their names; the folder and the byte may be left out.

    Raises BadData for a name that there is not, or that is not one's alone.
    """
    short: dict[str, set[str]] = {}
    for key in known:
        plain = _BYTE.sub("", key)
        for name in (key, plain, PurePath(plain).name, PurePath(key).name):
            short.setdefault(name, set()).add(key)
    found: set[str] = set()
    for name in names:
        which = {name} if name in known else short.get(name, set())
        if not which:
            hint = did_you_mean(name, sorted(short)) if len(known) <= LISTED else f" It knows {len(known):,}."
            raise BadData(f"The memory has no {what} called {name!r}.{hint} Nothing was removed.")
        if len(which) > 1:
            raise BadData(f"{name!r} can be any of these:\n{_list(sorted(which))}\nWrite the name in full.")
        found |= which
    return found


def with_those_made_from(gone: Collection[str], rows: Sequence[KeptRow]) -> set[str]:
    """Add the rows that an augmenter made from one of these: they say what it said in other words."""
    made = {row.key for row in rows if any(name in gone for name in _beginnings(row.key))}
    return {*gone, *made}


def _objective(described: Manifest, file: Path) -> Objective:
    try:
        chosen = Selection.model_validate(described.made["objective"])
    except (KeyError, ValidationError):
        raise DamagedFile(f"{file} does not say its objective. Export the package again.") from None
    return Registry("objective", Objective).build(chosen.name, chosen.options)


def _examples(source: Source) -> list[Example]:
    read = list(source.read())
    if bad := [str(row) for row in read if isinstance(row, BadRow)]:
        raise BadData(
            f"{len(bad):,} of {len(read):,} rows cannot be used:\n{_list(bad)}\nMend them or remove them."
        )
    return [row for row in read if isinstance(row, Example)]


def _fault(sequences: Sequence[Encoded], context: int) -> str:
    longest = max((max(len(one), len(one.source)) for one in sequences), default=0)
    if longest > context:
        return f"{longest:,} tokens, but the model reads {context:,}"
    return "" if any(one.trained for one in sequences) else "nothing of it is to be learned"


def _beginnings(key: str) -> Iterator[str]:
    """Give what stands before each comma: the name of a made row begins with that of its parent."""
    return (key[: found.start()] for found in re.finditer(", ", key))


def _list(lines: Sequence[str]) -> str:
    more = [f"... and {len(lines) - LISTED:,} more"] if len(lines) > LISTED else []
    return "\n".join([*lines[:LISTED], *more])
