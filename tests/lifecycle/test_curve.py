"""A learning curve is made of ordinary runs on nested shares, all measured on the same test rows."""

from pathlib import Path

import pytest

from finished_curve import CHANGE
from small_runs import read_recipe
from tunesmith.core.errors import BadData, BadRecipe
from tunesmith.lifecycle import curve, search
from tunesmith.lifecycle.run_folder import open_folder
from tunesmith.lifecycle.search import Search

SHARES = (0.25, 0.5, 0.75, 1.0)


def test_every_share_is_trained_on_and_the_curve_goes_on_to_twice_the_rows(finished_curve: Search) -> None:
    assert finished_curve.folder.path.name.startswith("orders-curve-")
    (perplexity,) = curve.conclude(finished_curve).learning
    folders = [open_folder(finished_curve.folder.path / str(trial.folder)) for trial in finished_curve.trials]
    ledgers = [folder.read_json("ledger.json") or {} for folder in folders]
    rows = [ledger["splits"]["train"]["rows"] for ledger in ledgers[4:]]  # without rows that were made
    assert rows == sorted(set(rows))
    assert list(perplexity.points) == rows
    assert all(ledger["splits"]["train"]["rows"] > perplexity.rows / 4 for ledger in ledgers)
    assert len({str(ledger["splits"]["test"]) for ledger in ledgers}) == 1
    assert perplexity.twice.low <= perplexity.twice.value <= perplexity.twice.high


def test_a_change_is_tried_at_each_size_and_compared_on_the_same_rows(finished_curve: Search) -> None:
    assert [trial.changes[1:] for trial in finished_curve.trials] == [()] * 4 + [(CHANGE,)] * 4
    curves = curve.conclude(finished_curve)
    (perplexity,), (difference,) = curves.learning, curves.compared
    assert (difference.metric, difference.change) == ("perplexity", CHANGE)
    assert list(difference.results) == list(perplexity.points)
    last = difference.results[perplexity.rows]
    assert last.base.value == pytest.approx(perplexity.points[perplexity.rows].value)
    assert last.tuned.value != last.base.value


def test_the_recipe_s_own_cleaners_stay(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tmp_path, tiny_folder, "data.clean=[normalise]")
    found = curve.begin(recipe, SHARES[::-1], tmp_path / "runs")
    assert [len(trial.changes) for trial in found.trials] == [1, 1, 1, 1]
    assert all('"normalise"' in trial.changes[0] for trial in found.trials)
    assert '"share": 0.25' in found.trials[0].changes[0]
    assert "sample" not in found.trials[3].changes[0]


def test_a_curve_with_nothing_trained_says_what_is_missing(tiny_folder: Path, tmp_path: Path) -> None:
    found = curve.begin(read_recipe(tmp_path, tiny_folder), SHARES, tmp_path / "runs")
    with pytest.raises(BadData, match=r"needs 4 sizes or more.*there are 0"):
        curve.conclude(search.reopen(found.folder.path))


@pytest.mark.parametrize(
    "change", ["data.split.test=0.3", "data.augmented=[]", "evaluation={}", "data.clean=[]"]
)
def test_a_change_of_what_is_measured_on_cannot_be_compared(
    tiny_folder: Path, tmp_path: Path, change: str
) -> None:
    with pytest.raises(BadRecipe, match=r"cannot be compared on the same rows\. What can: data\.augment, "):
        curve.begin(read_recipe(tmp_path, tiny_folder), SHARES, tmp_path / "runs", change)


@pytest.mark.parametrize("shares", [(0.0, 1.0), (0.5, 1.5), (0.5, 0.5)])
def test_what_is_no_share_is_refused(tiny_folder: Path, tmp_path: Path, shares: tuple[float, ...]) -> None:
    with pytest.raises(BadRecipe, match="above 0, at most 1, and all different"):
        curve.begin(read_recipe(tmp_path, tiny_folder), shares, tmp_path / "runs")


def test_without_test_rows_there_is_nothing_to_measure_on(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tmp_path, tiny_folder, "data.split.test=0")
    with pytest.raises(BadRecipe, match=r"data\.split\.test is 0"):
        curve.begin(recipe, SHARES, tmp_path / "runs")
