"""Methods are compared on equal terms: the same rows, one budget, and a process for each."""

import json
import shutil
from pathlib import Path

import pytest

from small_runs import read_recipe, write_recipe
from tunesmith import recipe as recipes
from tunesmith.core.errors import BadOption, BadRecipe, DamagedFile, UnknownName
from tunesmith.core.recipe import Recipe
from tunesmith.lifecycle import compare_methods, search
from tunesmith.lifecycle.compare_methods import begin, conclude
from tunesmith.lifecycle.run_folder import open_folder
from tunesmith.lifecycle.search import Search


def written(folder: Path, base: Path, *changes: str, rate: str = "null") -> Recipe:
    """Give the recipe as somebody wrote it: nothing filled in, and usually no learning rate."""
    return recipes.read(write_recipe(folder, base), (f"training.learning_rate={rate}", *changes))


def test_every_method_has_its_figures_and_one_that_does_not_fit_its_reason(
    finished_comparison: Search,
) -> None:
    found = conclude(finished_comparison)
    by_name = {one.method: one for one in found.methods}
    assert found.methods[-1].method == "features"
    assert "for objectives that tell classes" in by_name["features"].reason
    assert by_name["features"].report is None
    lora, full = by_name["lora"], by_name["full"]
    for one in (lora, full):
        assert one.report is not None
        assert one.cost is not None
        assert one.steps == 3
        assert 50 * 2**20 < one.cost.peak_bytes < 4 * 2**30
        assert 0 < one.cost.seconds < 300
    assert 0 < lora.trained < full.trained
    assert 4 * lora.trained <= lora.bytes_on_disk < 4 * lora.trained + 20_000
    assert full.bytes_on_disk >= 4 * full.trained
    assert (lora.learning_rate, full.learning_rate) == (2e-4, 2e-5)


def test_the_best_comes_first_and_all_are_paired_on_the_same_rows(finished_comparison: Search) -> None:
    found = conclude(finished_comparison)
    values = [one.report.metrics[0].tuned.value for one in found.methods if one.report is not None]
    assert values == sorted(values)  # of perplexity, the lower is the better
    assert found.ranking is not None
    assert (found.ranking.metric, found.ranking.rows) == ("perplexity", 27)
    assert found.ranking.order == tuple(one.method for one in found.methods[:2])
    assert found.ranking.leads[found.ranking.order[1]].value == pytest.approx(values[1] - values[0])
    bases = {one.report.metrics[0].base for one in found.methods if one.report is not None}
    assert len(bases) == 1


def test_every_method_is_an_ordinary_run_on_the_same_data_in_the_same_precision(
    finished_comparison: Search,
) -> None:
    folders = [
        open_folder(finished_comparison.folder.path / str(one.folder))
        for one in finished_comparison.trials[:2]
    ]
    locks = [folder.read_json("lock.json") or {} for folder in folders]
    assert len({lock["data"] for lock in locks}) == len({lock["seed"] for lock in locks}) == 1
    assert len({folder.recipe.training.precision for folder in folders} - {"auto"}) == 1
    assert [folder.recipe.export.name for folder in folders] == ["adapter", "merged"]
    assert folders[0].recipe.method.options["rank"] == 4  # as the recipe has it
    assert all((folder.package / "package.json").is_file() for folder in folders)
    assert finished_comparison.folder.path.name.startswith("orders-methods-")


def test_without_names_all_methods_are_tried_that_need_no_options(tiny_folder: Path, tmp_path: Path) -> None:
    made = begin(written(tmp_path, tiny_folder), [], tmp_path / "runs")
    names = [search.changed(made.folder.recipe, trial).method.name for trial in made.trials]
    assert {"lora", "full", "prefix", "houlsby", "features"} <= set(names)
    assert not {"none", "scratch", "stack", "continued", "experts"} & set(names)
    assert len(names) >= 15


def test_a_rate_that_the_recipe_sets_counts_for_all_and_is_told(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = written(tmp_path, tiny_folder, rate="0.003")
    found = conclude(begin(recipe, ["lora", "full"], tmp_path / "runs"))
    assert {one.learning_rate for one in found.methods} == {0.003}
    assert any("all learn at 0.003" in note for note in found.notes)
    usual = conclude(begin(written(tmp_path, tiny_folder), ["lora", "full"], tmp_path / "runs"))
    assert not any("all learn at" in note for note in usual.notes)


def test_what_is_not_trained_yet_has_no_ranking(tiny_folder: Path, tmp_path: Path) -> None:
    found = conclude(begin(written(tmp_path, tiny_folder), ["lora"], tmp_path / "runs"))
    assert found.ranking is None
    assert [(one.method, one.reason) for one in found.methods] == [("lora", "waiting")]


def test_a_method_that_would_see_other_rows_is_not_trained(tiny_folder: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts.jsonl"
    rows = [{"text": f"order {n} " * 60} for n in range(40)]
    texts.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    changes = (f"data.source.path={texts}", "objective=text", "data.too_long=truncate")
    made = begin(written(tmp_path, tiny_folder, *changes), ["prompt"], tmp_path / "runs")
    list(compare_methods.walk(made))
    (trial,) = made.trials
    assert trial.state == "failed"
    assert trial.message is not None
    assert trial.message.startswith("It takes 20 tokens of the context")
    assert "data.max_tokens" in trial.message


def test_figures_that_are_gone_are_said_to_be(finished_comparison: Search, tmp_path: Path) -> None:
    copy = search.reopen(shutil.copytree(finished_comparison.folder.path, tmp_path / "copy"))
    (copy.folder.path / str(copy.trials[0].folder) / "report.json").unlink()
    with pytest.raises(DamagedFile, match=r"report\.json is gone"):
        conclude(copy)


@pytest.mark.parametrize(
    ("names", "changes", "error", "message"),
    [
        (["lora", "lora"], [], BadOption, "lora is named twice"),
        (["lroa"], [], UnknownName, "lora"),
        (["stack"], [], BadOption, "methods"),
        (["lora"], ["data.split.test=0"], BadRecipe, r"data\.split\.test is 0"),
        (["lora"], ["data.split.validation=0"], BadRecipe, r"data\.split\.validation is 0"),
    ],
)
def test_what_could_not_be_compared_is_refused_before_anything_is_made(
    names: list[str],
    changes: list[str],
    error: type[Exception],
    message: str,
    tiny_folder: Path,
    tmp_path: Path,
) -> None:
    with pytest.raises(error, match=message):
        begin(written(tmp_path, tiny_folder, *changes), names, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_resolved_recipe_has_a_rate_and_keeps_it(tiny_folder: Path, tmp_path: Path) -> None:
    made = begin(read_recipe(tmp_path, tiny_folder), ["full"], tmp_path / "runs")
    assert search.changed(made.folder.recipe, made.trials[0]).training.learning_rate == 1e-3
