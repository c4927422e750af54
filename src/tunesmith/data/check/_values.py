"""Look for kinds of personal data or secrets in all rows; what is shown of them is masked."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from tunesmith.core.audit import MOST_EXAMPLES, Material
from tunesmith.data.parts import texts
from tunesmith.data.personal import TITLES, find


@dataclass
class Values:
    """What was found: values by kind, the rows they stand in, and the first of them with their places."""

    looked_at: int = 0
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    examples: list[str] = field(default_factory=list[str])

    @property
    def share(self) -> str:
        """Say in how many of the rows."""
        return f"{self.rows:,} of {self.looked_at:,} rows"

    @property
    def by_kind(self) -> str:
        """Say how often each kind was found, most often first."""
        return ", ".join(f"{title} {number:,}" for title, number in self.counts.most_common())


def survey(material: Material, kinds: Collection[str]) -> Values:
    """Search every text of every row."""
    values = Values()
    for rows in material.rows.values():
        for row in rows:
            values.looked_at += 1
            found = [(name, match) for name, text in texts(row) for match in find(text, kinds)]
            if not found:
                continue
            values.rows += 1
            values.counts.update(TITLES[match.kind] for _, match in found)
            if len(values.examples) < MOST_EXAMPLES:
                name, match = found[0]
                more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
                values.examples.append(f"{row.name}, {name}: {match}{more}")
    return values
