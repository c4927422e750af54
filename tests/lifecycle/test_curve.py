"""A learning curve is made of ordinary runs on nested shares, all measured on the same test rows."""

from pathlib import Path

import pytest

from small_runs import read_recipe
from tunesmith.core.errors import BadRecipe
from tunesmith.lifecycle import curve, search
from tunesmith.lifecycle.run_folder import open_folder

SHARES = (0.25, 0.5, 0.75, 1.0)


def test_every_share_is_trained_on_and_the_curve_goes_on_to_twice_the_rows(
    tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = read_recipe(tmp_path, tiny_folder, count=120)
    found = curve.begin(recipe, SHARES[::-1], tmp_path / "runs")
    assert found.folder.path.name.startswith("orders-curve-")
    for _ in search.walk(found):
        pass
    (perplexity,) = curve.conclude(search.reopen(found.folder.path))
    folders = [open_folder(found.folder.path / trial.folder) for trial in found.trials if trial.folder]
    ledgers = [folder.read_json("ledger.json") for folder in folders]
    rows = [ledger["splits"]["train"]["rows"] for ledger in ledgers if ledger]
    assert len(set(rows)) == 4
    assert list(perplexity.points) == sorted(rows)
    assert perplexity.rows == rows[-1]
    assert len({str(ledger["splits"]["test"]) for ledger in ledgers if ledger}) == 1
    assert perplexity.twice.low <= perplexity.twice.value <= perplexity.twice.high


def test_the_recipe_s_own_cleaners_stay(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tmp_path, tiny_folder, "data.clean=[normalise]")
    found = curve.begin(recipe, SHARES, tmp_path / "runs")
    assert [len(trial.changes) for trial in found.trials] == [1, 1, 1, 0]
    assert '"normalise"' in found.trials[0].changes[0]
    assert '"share": 0.25' in found.trials[0].changes[0]


@pytest.mark.parametrize("shares", [(0.0, 1.0), (0.5, 1.5), (0.5, 0.5)])
def test_what_is_no_share_is_refused(tiny_folder: Path, tmp_path: Path, shares: tuple[float, ...]) -> None:
    with pytest.raises(BadRecipe, match="above 0, at most 1, and all different"):
        curve.begin(read_recipe(tmp_path, tiny_folder), shares, tmp_path / "runs")


def test_without_test_rows_there_is_nothing_to_measure_on(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tmp_path, tiny_folder, "data.split.test=0")
    with pytest.raises(BadRecipe, match=r"data\.split\.test is 0"):
        curve.begin(recipe, SHARES, tmp_path / "runs")
