"""Conflicting labels: texts with several labels, and prompts that are answered in several ways."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example
from tunesmith.data.findings import ON_PURPOSE, numbered
from tunesmith.data.source._refused import excerpt
from tunesmith.data.wording import digest, fold, prompt, question

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHORT_ANSWER = 5
"""Answers of so few words say different things where they differ; longer ones may say the same."""


@dataclass(frozen=True, kw_only=True)
class ConflictingLabels(Check):
    """Find the same text under different labels, and the same prompt with different answers."""

    def look(self, material: Material) -> list[Finding]:
        """Compare all splits together; in a text, case and white space do not count."""
        from tunesmith.data.rows import Joined

        rows = Joined(*material.rows.values())
        if material.kind == "labels":
            return list(_labels(_Groups.of(rows, lambda row: repr(sorted(row.labels)))))
        if material.kind == "conversations":
            return list(_answers(_Groups.of(rows, lambda row: fold(row.reference))))
        return []


@dataclass(frozen=True)
class _Groups:
    """Rows by group: those that ask the same. `outcome` numbers what is learned, `words` counts it."""

    rows: Sequence[Example]
    group: NDArray[np.int64]
    outcome: NDArray[np.int64]
    words: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[Example], outcome: Callable[[Example], str]) -> _Groups:
        import numpy as np

        asked, learned, words = bytearray(), bytearray(), array("q")
        for row in rows:
            said = outcome(row)
            asked += prompt(row)[:8]
            learned += digest(said)[:8]
            words.append(len(said.split()))
        _, group = np.unique(np.frombuffer(asked, np.uint64), return_inverse=True)
        _, number = np.unique(np.frombuffer(learned, np.uint64), return_inverse=True)
        return cls(rows, group, number, np.array(words))

    def mixed(self) -> NDArray[np.bool_]:
        """Say of every group whether different things are learned from its rows."""
        import numpy as np

        order = np.lexsort((self.outcome, self.group))
        group, outcome = self.group[order], self.outcome[order]
        differs = (group[1:] == group[:-1]) & (outcome[1:] != outcome[:-1])
        return np.bincount(group[1:][differs], minlength=int(self.group.max(initial=-1)) + 1) > 0

    def examples(self, groups: NDArray[np.int64], say: Callable[[Example], str]) -> tuple[str, ...]:
        """Show the first groups of some, each by two rows from which different things are learned."""
        import numpy as np

        members = np.flatnonzero(np.isin(self.group, groups))
        _, first = np.unique(self.group[members], return_index=True)
        return tuple(
            self._example(members, number, say) for number in sorted(members[first].tolist())[:MOST_EXAMPLES]
        )

    def _example(self, members: NDArray[np.int64], number: int, say: Callable[[Example], str]) -> str:
        own = members[self.group[members] == self.group[number]]
        other = int(own[self.outcome[own] != self.outcome[number]][0])
        one, two = self.rows[number], self.rows[other]
        return f'{one.name}: "{say(one)}", {two.name}: "{say(two)}", both to: {excerpt(question(one))}'


def _labels(groups: _Groups) -> Iterator[Finding]:
    mixed = groups.mixed()
    if mixed.any():
        texts, rows = int(mixed.sum()), int(mixed[groups.group].sum())
        yield Finding(
            "conflicting_labels",
            "warning",
            f"{numbered(texts, 'text')} in {rows:,} rows {'has' if texts == 1 else 'have'} different "
            "labels in different rows.",
            rows=rows,
            examples=groups.examples(mixed.nonzero()[0], lambda row: excerpt(", ".join(row.labels))),
            remedy="Decide on one; data.clean=[{name: deduplicate, by: prompt}] keeps the first.",
        )


def _answers(groups: _Groups) -> Iterator[Finding]:
    import numpy as np

    mixed = groups.mixed()
    if not mixed.any():
        return
    rows = int(mixed[groups.group].sum())
    longest = np.zeros(len(mixed), np.int64)
    np.maximum.at(longest, groups.group, groups.words)
    short = mixed & (longest <= SHORT_ANSWER)
    said = f"Several answers per prompt: {rows:,} rows over {numbered(int(mixed.sum()), 'prompt')}."
    if rows >= ON_PURPOSE * len(groups.rows):
        said += " So many look wanted; each is learned."
    elif short.any():
        some = "1 of them has" if short.sum() == 1 else f"{int(short.sum()):,} of them have"
        said += f" {some} answers of at most {SHORT_ANSWER} words, which disagree."
    shown = short if short.any() else mixed
    yield Finding(
        "conflicting_labels",
        "note",
        said,
        rows=rows,
        examples=groups.examples(shown.nonzero()[0], lambda row: excerpt(row.reference)),
        remedy="data.clean=[{name: deduplicate, by: prompt}] keeps the first answer, if only one is right.",
    )
