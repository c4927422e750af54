"""Prepare a source's rows for training: audited, split, encoded, held to the length limit, accounted for."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from tunesmith.core.cards import Encoded
from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData
from tunesmith.core.example import SPLITS, BadRow, Example, Place
from tunesmith.core.hashing import hash_value
from tunesmith.core.ledger import Ledger
from tunesmith.core.recipe import Data
from tunesmith.data.ledger import Tally
from tunesmith.data.split import key_of, side

LISTED_ROWS = 100
"""How many offending rows an error lists; all are counted."""

ROWS_AT_ONCE = 4096
"""How many rows are read, then tokenised together."""

Encode = Callable[[Sequence[Example]], Iterable[list[Encoded]]]
"""Gives the token sequences of every row, in order."""


@dataclass(frozen=True)
class Dataset:
    """Token sequences by split, the examples they came from, and the account of both."""

    train: tuple[Encoded, ...]
    validation: tuple[Encoded, ...]
    test: tuple[Encoded, ...]
    examples: Mapping[str, tuple[Example, ...]]
    ledger: Ledger


def prepare(source: Source, plan: Data, encode: Encode, context: int) -> Dataset:
    """Read, split and encode every row; `context` is the model's limit in tokens.

    Raises BadData, with places and totals, for rows that `plan` does not say to drop or truncate, for rows
    without a token to learn, and when no row is left to train on. A row may encode to several sequences; they
    stay together. Rows that repeat an earlier one exactly are kept, and noted.
    """
    audit = _Audit(plan, context)
    reading = source.read()
    while some := list(islice(reading, ROWS_AT_ONCE)):
        for row in some:
            if isinstance(row, BadRow):
                audit.refuse(row)
        examples = [row for row in some if isinstance(row, Example)]
        if audit.bad and plan.bad_rows == "error":
            for _ in examples:
                audit.tally.enter()  # all is lost: read on for the totals, but spare the encoding
        else:
            for example, sequences in zip(examples, encode(examples), strict=True):
                audit.admit(example, sequences)
    audit.check()
    sequences = {name: [kept for _, kept in audit.rows[name]] for name in SPLITS}
    ledger = audit.tally.close(sequences, audit.notes())
    examples = {name: tuple(example for example, _ in audit.rows[name]) for name in SPLITS}
    train, validation, test = (_flat(sequences[name]) for name in SPLITS)
    return Dataset(train, validation, test, examples, ledger)


@dataclass
class _Audit:
    """What is known about the rows so far, and whether they can be used as the plan says."""

    plan: Data
    context: int
    tally: Tally = field(default_factory=Tally)
    rows: dict[str, list[tuple[Example, list[Encoded]]]] = field(
        default_factory=lambda: {name: [] for name in SPLITS}
    )
    bad: list[BadRow] = field(default_factory=list)
    masked: list[Place] = field(default_factory=list)
    too_long: list[tuple[Place, int]] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    repeated: int = 0

    @property
    def limit(self) -> int:
        """The longest sequence allowed, in tokens."""
        return min(self.plan.max_tokens or self.context, self.context)

    def refuse(self, row: BadRow) -> None:
        """Take note of a row that could not be read."""
        self.tally.enter()
        self.tally.drop(row.reason)
        if len(self.bad) < LISTED_ROWS:
            self.bad.append(row)

    def admit(self, example: Example, sequences: list[Encoded]) -> None:
        """Take a readable row in, or drop it as the plan says."""
        self.tally.enter(sequences)
        if not any(any(sequence.weights) for sequence in sequences):
            self.masked.append(example.place)
            return
        length = max(len(sequence) for sequence in sequences)
        self.lengths.append(length)
        if length > self.limit:
            self._admit_too_long(example, sequences, length)
        else:
            self._keep(example, sequences)

    def check(self) -> None:
        """Raise BadData for what the plan does not allow."""
        if self.bad and self.plan.bad_rows == "error":
            raise BadData(self._bad_rows())
        if self.masked:
            raise BadData(self._masked_rows())
        if self.too_long and self.plan.too_long == "error":
            raise BadData(self._too_long_rows())
        if not self.rows["train"]:
            raise BadData(self._no_training_rows())

    def notes(self) -> list[str]:
        """Say what is allowed but worth knowing."""
        said = []
        if self.repeated:
            said.append(f"Rows that repeat an earlier row exactly: {self.repeated:,}. They are kept.")
        shares = {"validation": self.plan.split.validation, "test": self.plan.split.test}
        for name, share in shares.items():
            if share and not self.rows[name]:
                said.append(f"No row fell to {name}: there are too few for a share of {share:g}.")
        return said

    def _admit_too_long(self, example: Example, sequences: list[Encoded], length: int) -> None:
        self.too_long.append((example.place, length))
        if self.plan.too_long != "truncate":
            self.tally.drop("too long", sequences)
            return
        cut = [_cut(sequence, self.limit) for sequence in sequences]
        if all(any(short.weights) for short, whole in zip(cut, sequences, strict=True) if short is not whole):
            self._keep(example, cut)
        else:
            self.tally.drop("prompt fills the whole context", sequences)

    def _keep(self, example: Example, sequences: list[Encoded]) -> None:
        fingerprint = hash_value([key_of(example), example.reference])
        self.repeated += fingerprint in self.seen
        self.seen.add(fingerprint)
        self.rows[side(key_of(example), self.plan.split)].append((example, sequences))

    def _bad_rows(self) -> str:
        totals = Counter({reason: count.rows for reason, count in self.tally.dropped.items()})
        return _report(
            f"{self._share(totals.total())} cannot be used:",
            [str(row) for row in self.bad],
            totals.total(),
            f"In all: {', '.join(f'{reason} {number:,}' for reason, number in totals.most_common())}. "
            "Mend these rows, or leave them out with data.bad_rows=drop.",
        )

    def _masked_rows(self) -> str:
        return _report(
            f"{self._share(len(self.masked))} have nothing to learn: their labels are all masked:",
            [str(place) for place in self.masked],
            len(self.masked),
            "Check the weights of their assistant turns, and that the chat template renders the answers.",
        )

    def _too_long_rows(self) -> str:
        return _report(
            f"{self._share(len(self.too_long))} are longer than {self.limit:,} tokens:",
            [f"{place}: {length:,} tokens" for place, length in self.too_long],
            len(self.too_long),
            f"Lengths of all rows: {_quantiles(self.lengths)}. Cut them off with data.too_long=truncate, "
            "leave them out with data.too_long=drop, or raise data.max_tokens "
            f"({self.plan.max_tokens or 'unset'}; the model's context is {self.context:,}).",
        )

    def _no_training_rows(self) -> str:
        held_out = ", ".join(f"{len(self.rows[name]):,} for {name}" for name in SPLITS[1:])
        dropped = sum(count.rows for count in self.tally.dropped.values())
        return (
            f"There is no row to train on: {self.tally.rows_in:,} read, {held_out}, {dropped:,} dropped "
            f"({', '.join(self.tally.dropped) or 'no reason'}). "
            "Give more rows, or smaller shares in data.split."
        )

    def _share(self, number: int) -> str:
        return f"{number:,} of {self.tally.rows_in:,} rows"


def _report(opening: str, offenders: Sequence[str], number: int, ending: str) -> str:
    listed = [f"  {offender}" for offender in offenders[:LISTED_ROWS]]
    more = [f"  and {number - len(listed):,} more"] if number > len(listed) else []
    return "\n".join([opening, *listed, *more, ending])


def _cut(sequence: Encoded, limit: int) -> Encoded:
    over = len(sequence) - limit
    if over <= 0:
        return sequence
    ids, weights = sequence.ids[:limit], sequence.weights[:limit]
    return replace(sequence, ids=ids, weights=weights, lost=sequence.lost + over)


def _quantiles(lengths: Sequence[int]) -> str:
    ordered = sorted(lengths)
    shares = {"median": 0.5, "90 %": 0.9, "99 %": 0.99}
    found = [f"{name} {ordered[int(share * len(ordered))]:,}" for name, share in shares.items()]
    return ", ".join([*found, f"longest {ordered[-1]:,}"])


def _flat(rows: Iterable[Sequence[Encoded]]) -> tuple[Encoded, ...]:
    return tuple(sequence for row in rows for sequence in row)
