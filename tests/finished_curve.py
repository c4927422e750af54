"""One finished learning curve for every test that needs one: it takes eight runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tunesmith.lifecycle.search import Search

SHARES = (1.0, 0.75, 0.5, 0.25)
CHANGE = "data.augment=[]"


@pytest.fixture(scope="session")
def finished_curve(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> "Search":
    """Give a curve with a comparison, all of whose trials are finished; do not write to it."""
    from small_runs import read_recipe
    from tunesmith.lifecycle import curve, search

    root = tmp_path_factory.mktemp("curve")
    # nothing in these rows can be swapped: half of the rows that are made are not used
    changes = ("training.max_steps=1", "data.augment=[{name: noise, share: 1}, {name: swap, share: 1}]")
    made = curve.begin(read_recipe(root, tiny_folder, *changes, count=120), SHARES, root / "runs", CHANGE)
    for _ in search.walk(made):
        pass
    return search.reopen(made.folder.path)
