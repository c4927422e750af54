"""Label errors: labels that the words of their rows speak against, found by confident learning.

How is said in `tunesmith/data/confident.py` (Northcutt, Jiang and Chuang, 2021,
https://arxiv.org/abs/1911.00068).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.audit import MOST_EXAMPLES, WORTH_A_WARNING, Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example
from tunesmith.data.classes import classes
from tunesmith.data.findings import excluding, numbered
from tunesmith.data.source._refused import excerpt
from tunesmith.data.wording import digest, fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tunesmith.data.confident import Numbers

LEAST_ROWS = 100
"""From how many rows on something can be learned about labels."""

PARTS = 5
"""In how many parts rows are judged, each by a model of the others; a label needs as many different texts."""

LEAST_AGREEMENT = 0.7
"""A model that agrees with fewer labels knows too little to doubt them."""

MOST_LABELS = 200
MOST_OF_SEVERAL = 30
"""How many labels are judged, the most frequent: time grows with them, more so where rows have several."""

MOST_CHARACTERS = 2_000
"""What a text has beyond that is not looked at."""

MOST_BARS = 10


@dataclass(frozen=True, kw_only=True)
class LabelErrors(Check):
    """Find labels that are probably wrong: a model that did not see the row would give another."""

    most_rows: Annotated[
        int, Field(ge=LEAST_ROWS, description="How many rows are looked at; of more, a sample by hash.")
    ] = 20_000

    def look(self, material: Material) -> list[Finding]:
        """Estimate how many labels are wrong, in all splits together, and show the most doubtful."""
        if material.kind != "labels" or sum(map(len, material.rows.values())) < LEAST_ROWS:
            return []
        from tunesmith.data.rows import Joined

        rows = Joined(*material.rows.values())
        seen = _read(rows, self.most_rows)
        if len(seen.numbers) < LEAST_ROWS:
            return []
        judged = _judge_several(seen) if any(len(own) > 1 for own in seen.labels) else _judge_one(seen)
        if judged is None:
            return []
        if judged.agreement < LEAST_AGREEMENT:
            return [_unjudged(judged)]
        return [_finding(rows, seen, judged)] if judged.estimated else []


@dataclass(frozen=True)
class _Seen:
    """The rows that are looked at, of `total` with labels; rows that ask the same have the same key."""

    numbers: list[int]
    texts: list[str]
    labels: list[tuple[str, ...]]
    keys: NDArray[np.uint64]
    total: int

    def groups(self, kept: Sequence[int]) -> Numbers:
        """Say for each of some rows which of them is the first that asks the same."""
        import numpy as np

        _, first, place = np.unique(self.keys[kept], return_index=True, return_inverse=True)
        return first[place]

    def common(self, most: int) -> tuple[list[str], list[str]]:
        """Part labels into the most frequent of those that enough texts have and lack, and the others."""
        counts = Counter(label for own in self.labels for label in own)
        first = self.groups(range(len(self.labels)))
        different = Counter(
            label for row, own in enumerate(self.labels) if first[row] == row for label in own
        )
        texts = len(set(first.tolist()))  # a label that all rows have is none to doubt
        known = [name for name, _ in counts.most_common() if PARTS <= different[name] <= texts - PARTS][:most]
        return sorted(known), sorted(counts.keys() - known)


@dataclass(frozen=True)
class _Doubt:
    """One label that is doubted: how likely it is, and what is said of it."""

    row: int
    margin: float
    change: str
    sentence: str


@dataclass(frozen=True)
class _Judged:
    """What was found: the first doubts, worst first, of as many as are `estimated`, in this many `rows`."""

    rows: int
    estimated: int
    agreement: float
    doubts: list[_Doubt]
    rare: list[str]


def _read(rows: Sequence[Example], most: int) -> _Seen:
    import numpy as np

    from tunesmith.data.features import asked

    numbers, kept = array("q"), bytearray()
    for number, row in enumerate(rows):
        if classes(row):
            numbers.append(number)
            kept += digest(fold(asked(row)))[:8]
    keys = np.frombuffer(kept, np.uint64)
    sample = np.sort(np.argsort(keys, kind="stable")[:most])
    chosen = [rows[numbers[place]] for place in sample.tolist()]
    return _Seen(
        [numbers[place] for place in sample.tolist()],
        [asked(row)[:MOST_CHARACTERS] for row in chosen],
        [row.labels for row in chosen],
        keys[sample],
        len(numbers),
    )


def _judge_one(seen: _Seen) -> _Judged | None:
    """Judge rows that have one label each."""
    import numpy as np

    from tunesmith.data.confident import described, doubts, folds, out_of_sample

    names, rare = seen.common(MOST_LABELS)
    kept = [row for row, own in enumerate(seen.labels) if own[0] in set(names)]
    if len(names) < 2 or len(kept) < LEAST_ROWS:
        return None
    labels = np.array([names.index(seen.labels[row][0]) for row in kept])
    vectors = described([seen.texts[row] for row in kept])
    likely = out_of_sample(vectors, labels, folds(labels, seen.groups(kept), PARTS))
    found = doubts(likely, labels)
    worst = []
    for place, other in zip(found.order[: found.estimated], found.likelier, strict=False):
        given, wanted = names[labels[place]], names[other]
        before, after = likely[place, labels[place]], likely[place, other]
        said = f"labelled {given} ({before:.0%}), reads like {wanted} ({after:.0%})"
        worst.append(_Doubt(kept[place], float(after - before), f"{given} → {wanted}", said))
    agreement = float((likely.argmax(axis=1) == labels).mean())
    return _Judged(len(kept), found.estimated, agreement, worst, rare)


def _judge_several(seen: _Seen) -> _Judged | None:
    """Judge rows that may have several labels: each label by itself, there or not."""
    import numpy as np

    from tunesmith.data.confident import described, doubts, folds, out_of_sample

    names, rare = seen.common(MOST_OF_SEVERAL)
    if not names:
        return None
    place = {name: number for number, name in enumerate(names)}
    has = np.zeros((len(seen.labels), len(names)), bool)
    for row, own in enumerate(seen.labels):
        has[row, [place[label] for label in own if label in place]] = True
    groups, vectors = seen.groups(range(len(has))), described(seen.texts)
    worst, agreed = list[_Doubt](), 0
    for column, name in enumerate(names):
        own = has[:, column].astype(np.int64)
        likely = out_of_sample(vectors, own, folds(own, groups, PARTS))
        found = doubts(likely, own)
        agreed += int((likely[own == 1, 1] >= 0.5).sum())
        for row in found.order[: found.estimated].tolist():
            change = f"{name} is there" if own[row] else f"{name} is not there"
            share = float(likely[row, own[row]])
            said = f"{change}, which the text makes {share:.0%} likely"
            worst.append(_Doubt(row, 1 - 2 * share, change, said))
    worst.sort(key=lambda doubt: -doubt.margin)
    return _Judged(len(has), len(worst), agreed / max(int(has.sum()), 1), worst, rare)


def _unjudged(judged: _Judged) -> Finding:
    return Finding(
        "label_errors",
        "note",
        f"The labels of {judged.rows:,} rows cannot be judged by their words: a model that did not see the "
        f"row agrees with {judged.agreement:.1%} only. They are hard to tell apart, or many are wrong.",
        rows=judged.rows,
    )


def _finding(rows: Sequence[Example], seen: _Seen, judged: _Judged) -> Finding:
    share = judged.estimated / judged.rows
    said = [
        f"{numbered(judged.estimated, 'label')} of {judged.rows:,} rows ({share:.1%}) "
        f"{'is' if judged.estimated == 1 else 'are'} probably wrong: a model that did not see the row would "
        f"give another. It agrees with {judged.agreement:.1%} of all labels."
    ]
    if seen.total > len(seen.numbers):
        said.append(f"Looked at: a sample of {len(seen.numbers):,} of {seen.total:,} rows.")
    if judged.rare:
        named = ", ".join(map(excerpt, judged.rare[:3])) + (", ..." if len(judged.rare) > 3 else "")
        said.append(
            "Not judged, for too few texts have or lack them: "
            f"{numbered(len(judged.rare), 'label')} ({named})."
        )
    examples = [
        f"{rows[seen.numbers[doubt.row]].name}: {doubt.sentence}: {excerpt(seen.texts[doubt.row])}"
        for doubt in judged.doubts[:MOST_EXAMPLES]
    ]
    return Finding(
        "label_errors",
        "warning" if share >= WORTH_A_WARNING else "note",
        " ".join(said),
        rows=len({doubt.row for doubt in judged.doubts}),
        examples=tuple(examples),
        remedy="Read these rows: the model knows words only, and errs. Mend what is wrong, or leave it out: "
        + excluding(rows[seen.numbers[doubt.row]] for doubt in judged.doubts)
        + ".",
        chart=dict(Counter(doubt.change for doubt in judged.doubts).most_common(MOST_BARS)),
    )
