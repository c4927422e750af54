"""One finished run for every test that needs one: proving its package in a fresh process takes its time."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tunesmith.lifecycle.events import Event, Finished
    from tunesmith.lifecycle.run_folder import RunFolder

CHANGES = (
    "training.max_steps=6",
    "training.tokens_per_step=128",
    "training.validate_every=2",
    "evaluation.metrics=[rouge_l, perplexity]",
    "evaluation.max_tokens=8",
)


@dataclass(frozen=True)
class FinishedRun:
    """A recipe file, the run that was made of it, and every event it gave."""

    recipe: Path
    folder: "RunFolder"
    events: "tuple[Event, ...]"
    finished: "Finished"

    @property
    def package(self) -> Path:
        """The run's package."""
        return self.folder.package


@pytest.fixture(scope="session")
def finished_run(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """Give a run that went through the whole life cycle; do not write to it."""
    import tunesmith
    from small_runs import write_recipe
    from tunesmith.lifecycle.events import Finished
    from tunesmith.lifecycle.run_folder import open_folder

    root = tmp_path_factory.mktemp("finished")
    recipe = write_recipe(root, tiny_folder)
    events = tuple(tunesmith.walk(recipe, *CHANGES, runs=root / "runs"))
    finished = events[-1]
    assert isinstance(finished, Finished)
    return FinishedRun(recipe, open_folder(Path(finished.folder)), events, finished)
