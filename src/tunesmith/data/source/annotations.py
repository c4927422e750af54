"""What people said in an annotation project: a SQLite file that `tunesmith data annotate` fills."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import BadRow, Example, Kind
from tunesmith.core.hashing import hash_value
from tunesmith.data.annotation.decide import Decision, LeftOut, Outcome, Policy, decide, examples
from tunesmith.data.annotation.project import Settings, Task
from tunesmith.data.annotation.store import Store

SETTLE = (
    "Settle it on the page of `tunesmith data annotate` (key d), or leave such rows out: data.bad_rows=drop."
)


@dataclass(frozen=True, kw_only=True)
class Annotations(Source):
    """Read what people labelled, wrote, ranked or rated in a project of `tunesmith data annotate`.

    Rows of which nobody said anything are not part of it. A row on which people disagree is refused until
    somebody settles it. `annotators` and `agreement` are among each row's fields.
    """

    path: Annotated[Path, Field(description="The project, a SQLite file.")]
    policy: Annotated[
        Policy,
        Field(
            description="majority: what most say. adjudicated: what all say or somebody settled. "
            "single: what one annotator says."
        ),
    ] = "majority"
    annotator: Annotated[
        str | None, Field(min_length=1, description="Whose word counts; for policy single only.")
    ] = None

    def gives(self) -> Kind:
        """Say which kind of rows the project makes."""
        store, settings = self._opened()
        store.close()
        return settings.gives

    def reads_as(self) -> str:
        """Say how many rows count, how many do not, and why."""
        counts = Counter(type(outcome).__name__ for _, outcome in self.outcomes())
        store, settings = self._opened()
        total = store.progress().total
        store.close()
        whose = f"by {self.annotator}" if self.annotator else f"by policy {self.policy}"
        untouched = total - counts.total()
        return (
            f"annotations ({settings.work}), {counts['Decision']:,} of {total:,} rows decided {whose}; "
            f"not decided: {counts['Undecided']:,} with disagreement or a flag, "
            f"{counts['LeftOut']:,} left out by people, {untouched:,} not annotated"
        )

    def fingerprint(self) -> str:
        """Change whenever anything was said in the project, and with every option."""
        store, _ = self._opened()
        found = store.fingerprint()
        store.close()
        return hash_value(["Annotations", found, self.policy, self.annotator])

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row that counts in the order of the original rows; ties and flags are refused."""
        store, settings = self._opened()
        store.close()
        found = False
        for task, outcome in self.outcomes():
            found = True
            if isinstance(outcome, Decision):
                yield from examples(task, outcome, settings)
            elif not isinstance(outcome, LeftOut):
                yield BadRow(task.row.place, outcome.reason, outcome.found, SETTLE)
        if not found:
            raise BadData(f"Nothing is annotated in {self.path} yet. Open it with `tunesmith data annotate`.")

    def outcomes(self) -> Iterator[tuple[Task, Outcome]]:
        """Give every row of which somebody said something, and what that comes to."""
        store, _ = self._opened()
        try:
            for task, said in store.standing():
                yield task, decide(said, self.policy, self.annotator or "")
        finally:
            store.close()

    def _opened(self) -> tuple[Store, Settings]:
        if (self.policy == "single") != (self.annotator is not None):
            raise BadOption(
                "data.source.annotator: name an annotator with policy single, and only there: "
                "data.source.policy=single data.source.annotator=..."
            )
        store = Store.open(self.path)
        settings = store.settings()
        if settings is None:
            raise BadData(f"{self.path} has no rows yet. Open it with `tunesmith data annotate`.")
        return store, settings
