import json
import shutil
from pathlib import Path

from command_line import Command
from small_runs import write_recipe
from tunesmith import recipe as recipes


def test_a_good_recipe_is_told_to_be_one(command: Command, tiny_folder: Path, tmp_path: Path) -> None:
    told = command("check", write_recipe(tmp_path, tiny_folder))
    assert told.code == 0
    assert told.out.splitlines()[-1] == "The recipe can be run."
    assert "40 rows read" in told.out
    assert told.err == ""


def test_changes_are_laid_over_it_and_shown(command: Command, tiny_folder: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    told = json.loads(command("check", recipe, "training.max_steps=1", "method.rank=2", "--json").out)
    assert told["steps"] == 1
    assert told["recipe"]["method"]["rank"] == 2
    changed = recipes.read(recipe, ["training.max_steps=1", "method.rank=2"])
    assert told["fingerprint"] == recipes.fingerprint(changed)
    assert told["ledger"]["rows_in"] == 40


def test_a_bad_one_is_refused_with_what_to_write(command: Command, tiny_folder: Path, tmp_path: Path) -> None:
    told = command("check", write_recipe(tmp_path, tiny_folder), "evaluation.metrics=[rogue_l]")
    assert (told.code, told.out) == (2, "")
    assert "Did you mean 'rouge_l'?" in told.err


def test_a_base_of_pickled_weights_is_refused_unless_its_weights_are_not_wanted(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    base = shutil.copytree(tiny_folder, tmp_path / "base")
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    recipe = write_recipe(tmp_path, base)
    told = command("check", recipe)
    assert (told.code, told.out) == (2, "")
    assert "found: pytorch_model.bin). Pickled weights are never loaded." in told.err
    from_nothing = command("check", recipe, "method=scratch", "export=merged")
    assert (from_nothing.code, from_nothing.err) == (0, "")
