from pathlib import Path

import pytest

from small_runs import read_recipe
from tunesmith import recipe as recipes
from tunesmith.core.errors import BadBase, BadData
from tunesmith.data import ledger as ledgers
from tunesmith.lifecycle.check import check


def test_it_says_what_a_run_would_do(tiny_folder: Path, tmp_path: Path) -> None:
    found = check(read_recipe(tmp_path, tiny_folder, "training.validate_every=1"))
    assert found.steps == 2
    assert found.sentences[0].startswith("JSONL with columns 'prompt' and 'completion'")
    assert found.sentences[-1] == "2 optimizer steps, a validation every 1."
    assert found.here.startswith("It fits: about ")
    assert ledgers.from_json(found.ledger).rows_in == 40


def test_every_default_is_written_out(tiny_folder: Path, tmp_path: Path) -> None:
    bare = recipes.read(tmp_path / "recipe.yaml") if read_recipe(tmp_path, tiny_folder) else None
    assert bare is not None
    assert "dropout" not in bare.method.options
    assert check(bare).recipe.method.options["dropout"] == 0.0


def test_damaged_weights_are_noticed_before_they_are_read(tiny_folder: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    for path in tiny_folder.iterdir():
        content = b"not weights" if path.suffix == ".safetensors" else path.read_bytes()
        (base / path.name).write_bytes(content)
    with pytest.raises(BadBase, match=r"cannot be read: .* Fetch the base again"):
        check(read_recipe(tmp_path, base))


def test_what_a_run_would_refuse_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadData, match="are longer than 8 tokens"):
        check(read_recipe(tmp_path, tiny_folder, "data.max_tokens=8"))
