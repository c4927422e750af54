"""What happens to rows between their source and training, a stage after the other, from disk to disk."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from tunesmith.core.audit import Given
from tunesmith.core.cards import Chat, Encoded
from tunesmith.core.contracts import Augmenter, Check, Cleaner, Source
from tunesmith.core.errors import BadData, BadRecipe
from tunesmith.core.example import SPLITS, BadRow, Example
from tunesmith.core.hashing import hash_text
from tunesmith.core.recipe import Data
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.data.admission import Admission
from tunesmith.data.journal import Journal, source_of
from tunesmith.data.listing import LISTED_ROWS, listing
from tunesmith.data.rows import Rows, RowWriter
from tunesmith.data.split import sides
from tunesmith.data.tokens import Tokens, TokenWriter

TIMES = "times"
"""The file that says how often an epoch shows each training row."""

Encode = Callable[[Sequence[Example]], Iterable[list[Encoded]]]
"""Gives the token sequences of every row, in order."""


def _no_model(*_: object) -> NoReturn:
    raise BadRecipe("There is no model here to ask. Prepare the data with a recipe, which names a base.")


def _nothing_given() -> Given:
    return Given((), _no_model, _no_model)


@dataclass(frozen=True)
class Steps:
    """What is to be done with the rows: the components a recipe names, and what they need from elsewhere.

    `begin` finds what the network is to say of the rows, given by split, before any is encoded. `context` is
    the model's limit in tokens; `say` is told what is being done.
    """

    source: Source
    plan: Data
    encode: Encode
    chat: Chat
    context: int
    begin: Callable[[Mapping[str, Iterable[Example]]], Task] = lambda _: LANGUAGE
    seed: int = 0
    cleaners: Sequence[Cleaner] = ()
    augmenters: Mapping[str, Augmenter] = field(default_factory=dict[str, Augmenter])
    checks: Mapping[str, Check] = field(default_factory=dict[str, Check])
    against: Sequence[Source] = ()
    given: Given = field(default_factory=_nothing_given)
    say: Callable[[str], None] = lambda _: None


@dataclass(frozen=True)
class Kept:
    """The rows of one split that are used, and their token sequences."""

    rows: Rows
    tokens: Tokens


@dataclass
class Stages:
    """Each takes rows and leaves rows; what they drop, change or make goes into the journal."""

    steps: Steps
    folder: Path
    journal: Journal
    files: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admission = Admission(self.steps.plan, self.steps.context, self.journal)

    def read(self) -> Rows:
        """Read every row; raises BadData for those that cannot be used, unless the plan drops them."""
        bad: list[BadRow] = []
        with self._writer() as writer:
            for row in self.steps.source.read():
                if isinstance(row, Example):
                    self.journal.tally.read(source_of(row))
                    writer.add(row)
                else:
                    self.journal.refuse(row)
                    if len(bad) < LISTED_ROWS:
                        bad.append(row)
        if bad and self.steps.plan.bad_rows == "error":
            raise BadData(self._bad_rows(bad))
        return writer.close()

    def read_against(self) -> dict[str, Rows]:
        """Read the evaluation sets; raises BadData for one without rows, or a row that cannot be used."""
        found: dict[str, Rows] = {}
        for number, source in enumerate(self.steps.against):
            with self._writer() as writer:
                for row in source.read():
                    if isinstance(row, BadRow):
                        raise BadData(f"data.audit.against.{number}: {row}")
                    writer.add(row)
            rows = writer.close()
            if not len(rows):
                raise BadData(f"data.audit.against.{number}: there are no rows in it. Check its path.")
            name = rows[0].source or rows[0].place.file
            found[f"{name} ({number + 1})" if name in found else name] = rows
        return found

    def clean(self, rows: Rows, *, after_split: bool, held_out: Sequence[Example]) -> Rows:
        """Have the cleaners for before or after the split decide on every row, one after the other."""
        given = replace(self.steps.given, held_out=held_out)
        for cleaner in self.steps.cleaners:
            if cleaner.after_split == after_split:
                self.steps.say(f"cleaning: {type(cleaner).__name__}")
                rows = self._clean(rows, cleaner, given)
        return rows

    def split(self, rows: Rows) -> dict[str, Rows]:
        """Hold rows out."""
        writers = {name: self._writer() for name in SPLITS}
        for row, side in zip(rows, sides(rows, self.steps.plan.split), strict=True):
            writers[side].add(row)
        return {name: writer.close() for name, writer in writers.items()}

    def augment(self, rows: Rows, held_out: Sequence[Example]) -> Rows:
        """Put new rows behind the training rows."""
        if not self.steps.augmenters:
            return rows
        given = replace(self.steps.given, held_out=held_out)
        with self._writer() as writer:
            for row in rows:
                writer.add(row)
            for name, augmenter in self.steps.augmenters.items():
                self.steps.say(f"making rows: {name}")
                for made in augmenter.augment(rows, given, self.steps.seed):
                    self.journal.make(made.row, name)
                    if made.rejected:
                        self.journal.drop(made.row, made.rejected)
                    else:
                        writer.add(made.row)
        return writer.close()

    def tokenise(self, split: str, rows: Rows) -> Kept:
        """Turn rows into token sequences, and keep those that may be learned from."""
        times = array("q")
        writer = RowWriter(self.folder / f"{split}.jsonl")
        tokens = TokenWriter(self.folder / f"{split}-tokens")
        with writer, tokens:
            for row, encoded in zip(rows, self.steps.encode(rows), strict=True):
                shown = _times(row) if split == "train" else 1
                sequences = self.admission.admit(row, encoded)
                if sequences is None:
                    continue
                if not shown:
                    self.journal.drop(row, "left out by its weight", sequences=encoded)
                    continue
                self.journal.tally.keep(split, source_of(row))
                writer.add(row)
                tokens.add(row.name, sequences)
                times.append(shown)
        if split == "train":
            np.asarray(times).tofile(self.folder / TIMES)
        return Kept(writer.close(), tokens.close())

    def check(self, kept: Mapping[str, Kept]) -> None:
        """Raise BadData for what the plan does not allow."""
        self.admission.check()
        if not len(kept["train"].rows):
            raise BadData(self._no_training_rows(kept))

    def notes(self, kept: Mapping[str, Kept]) -> list[str]:
        """Say what is allowed but worth knowing."""
        said: list[str] = []
        split = self.steps.plan.split
        for name, share in (("validation", split.validation), ("test", split.test)):
            if share and not len(kept[name].rows):
                said.append(f"No row fell to {name}: there are too few for a share of {share:g}.")
        times = np.fromfile(self.folder / TIMES, np.int64)
        if (repeated := int((times > 1).sum())) > 0:
            said.append(
                f"Training rows shown more than once an epoch: {repeated:,}. An epoch shows "
                f"{int(times.sum()):,} rows in all."
            )
        return said

    def tidy(self) -> None:
        """Remove what only the stages in between needed."""
        for file in self.files:
            RowWriter.remove(file)

    def _clean(self, rows: Rows, cleaner: Cleaner, given: Given) -> Rows:
        with self._writer() as writer:
            for row, cleaned in zip(rows, cleaner.clean(rows, given), strict=True):
                if cleaned.row is None:
                    self.journal.drop(row, cleaned.reason, cleaned.detail)
                    continue
                if cleaned.reason:
                    self.journal.change(row, cleaned.reason, cleaned.detail)
                writer.add(cleaned.row)
        return writer.close()

    def _writer(self) -> RowWriter:
        self.files.append(self.folder / f"stage-{len(self.files)}.jsonl")
        return RowWriter(self.files[-1])

    def _bad_rows(self, bad: Sequence[BadRow]) -> str:
        tally = self.journal.tally
        totals = Counter({reason: count.rows for reason, count in tally.dropped.items()})
        return listing(
            f"{totals.total():,} of {tally.rows_in:,} rows cannot be used:",
            [str(row) for row in bad],
            totals.total(),
            f"In all: {', '.join(f'{reason} {number:,}' for reason, number in totals.most_common())}. "
            "Mend these rows, or leave them out with data.bad_rows=drop.",
        )

    def _no_training_rows(self, kept: Mapping[str, Kept]) -> str:
        tally = self.journal.tally
        held_out = ", ".join(f"{len(kept[name].rows):,} for {name}" for name in SPLITS[1:])
        dropped = sum(count.rows for count in tally.dropped.values())
        return (
            f"There is no row to train on: {tally.rows_in:,} read, {held_out}, {dropped:,} dropped "
            f"({', '.join(tally.dropped) or 'no reason'}). "
            "Give more rows, or smaller shares in data.split."
        )


def _times(row: Example) -> int:
    """Say how often an epoch shows a row; the row's own hash decides on the fraction of a time."""
    whole = int(row.times)
    return whole + (int(hash_text(row.name)[:13], 16) / 16**13 < row.times - whole)
