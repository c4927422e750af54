"""Only one process works on a run."""

from pathlib import Path

import pytest

from tunesmith.core.errors import BadRecipe
from tunesmith.lifecycle.hold import hold


def test_a_folder_that_is_held_is_refused_to_others_and_free_afterwards(tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(BadRecipe, match="another process"), hold(tmp_path):
        pass
    with hold(tmp_path):
        pass


def test_folders_are_held_apart(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    with hold(tmp_path / "a"), hold(tmp_path / "b"):
        assert (tmp_path / "b" / ".held").exists()
