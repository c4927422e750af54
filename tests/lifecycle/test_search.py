import errno
import json
import shutil
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest

from small_runs import read_recipe
from tunesmith.core.cards import Step, Validation
from tunesmith.core.errors import BadData, BadOption, BadRecipe, DamagedFile, DiskFull, Stopped
from tunesmith.lifecycle.events import Event, Finished
from tunesmith.lifecycle.history import history
from tunesmith.lifecycle.run_folder import SEARCH, now, open_folder
from tunesmith.lifecycle.search import Search, begin, conclude, reopen, walk
from tunesmith.search.grid import Trial

AXES = ["training.learning_rate=1e-3,1e30,2e-3"]
"""The second of them ends with a loss that is not a number."""


@pytest.fixture(scope="module")
def events() -> list[Event | Trial]:
    """Give the list that the searched fixture fills with all it saw."""
    return []


@pytest.fixture(scope="module")
def searched(
    tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory, events: list[Event | Trial]
) -> Search:
    """Give a search that was stopped in its third trial and then taken up again; do not write to it."""
    folder = tmp_path_factory.mktemp("search")
    search = begin(read_recipe(folder, tiny_folder), AXES, folder / "runs")
    with pytest.raises(Stopped):
        events += walk(search, lambda: search.trials[2].state == "started")
    assert [trial.state for trial in search.trials] == ["finished", "failed", "started"]
    again = reopen(search.folder.path)
    assert again.trials == search.trials
    events += walk(again)
    return again


@pytest.fixture
def copied(searched: Search, tmp_path: Path) -> Path:
    return shutil.copytree(searched.folder.path, tmp_path / "copy")


def test_only_what_is_not_finished_is_run_again_and_what_failed_is_tried_again(
    searched: Search, events: list[Event | Trial]
) -> None:
    told = [(event.number, event.state) for event in events if isinstance(event, Trial)]
    assert told == [
        *((1, "started"), (1, "finished"), (2, "started"), (2, "failed"), (3, "started")),
        *((2, "started"), (2, "failed"), (3, "started"), (3, "finished")),
    ]


def test_an_interrupted_trial_goes_on_in_its_own_folder(searched: Search) -> None:
    folders = sorted(path.parent.name for path in searched.folder.path.glob("*/recipe.yaml"))
    assert folders == sorted(trial.folder or "" for trial in searched.trials)
    assert len(folders) == 3


def test_every_trial_is_an_ordinary_run(searched: Search) -> None:
    found = {Path(summary.folder).name: summary for summary in history(searched.folder.path)}
    for trial in (searched.trials[0], searched.trials[2]):
        assert found[trial.folder or ""].step == 2
        assert found[trial.folder or ""].validation_loss == trial.validation_loss
        run = open_folder(searched.folder.path / str(trial.folder))
        assert run.recipe.training.learning_rate == float(trial.changes[0].partition("=")[2])
        assert (run.package / "package.json").is_file()


def test_a_trial_that_fails_is_recorded_with_its_message(searched: Search) -> None:
    failed = searched.trials[1]
    assert (failed.state, failed.validation_loss) == ("failed", None)
    assert failed.message is not None
    assert "nan" in failed.message


def test_nothing_is_told_of_the_test_split_before_the_choice(events: list[Event | Trial]) -> None:
    assert not [event for event in events if isinstance(event, Finished)]
    assert sum(isinstance(event, Step) for event in events) >= 4  # two of the first trial, two of the third


def test_the_lowest_validation_loss_wins_and_only_its_report_is_shown(searched: Search) -> None:
    outcome = conclude(searched)
    losses = [trial.validation_loss for trial in (searched.trials[0], searched.trials[2])]
    assert outcome.best is searched.trials[2]
    assert losses[1] < losses[0]  # type: ignore[operator]  # both have finished
    report = json.loads((searched.folder.path / str(outcome.best.folder) / "report.json").read_text())
    assert outcome.report is not None
    assert outcome.report.verdict == report["verdict"]


def test_the_loss_of_a_trial_is_that_of_its_best_step(searched: Search) -> None:
    trial = searched.trials[0]
    events = open_folder(searched.folder.path / str(trial.folder)).events()
    losses = [event.loss for event in events if isinstance(event, Validation) and event.step > 0]
    assert len(losses) == 2
    assert trial.validation_loss == min(losses)


def test_a_search_that_is_read_again_is_the_same(copied: Path, searched: Search) -> None:
    again = reopen(copied)
    assert (again.trials, again.lock) == (searched.trials, searched.lock)
    assert again.folder.recipe == searched.folder.recipe
    assert conclude(again).report == conclude(searched).report


def test_a_search_does_not_go_on_with_other_data(copied: Path) -> None:
    search = reopen(copied)
    content = json.loads((copied / SEARCH).read_text())
    rows = copied / "rows.jsonl"
    rows.write_text(
        Path(content["recipe"]["data"]["source"]["path"]).read_text().replace("its way", "the way")
    )
    content["recipe"]["data"]["source"]["path"] = str(rows)
    (copied / SEARCH).write_text(json.dumps(content))
    with pytest.raises(BadData, match="The data changed"):
        list(walk(reopen(copied)))
    assert reopen(copied).trials == search.trials


def test_a_report_that_is_gone_is_said_to_be(copied: Path) -> None:
    search = reopen(copied)
    (copied / str(search.trials[2].folder) / "report.json").unlink()
    with pytest.raises(DamagedFile, match=r"report\.json is gone"):
        conclude(search)


@pytest.mark.parametrize(
    ("axes", "changes", "error", "message"),
    [
        (["method.rnak=8,16"], [], BadOption, "no such option.*rank"),
        (["method.rank=8,0"], [], BadOption, r"method\.lora\.rank"),
        (["method.rank=8,8.0"], [], BadOption, r"method\.lora\.rank"),
        (["training.learning_rate=1e-3,0.001"], [], BadRecipe, "are the same recipe"),
        (["method=lora,full"], [], BadRecipe, "export"),
        (["seed=1,2"], ["data.split.validation=0"], BadRecipe, r"data\.split\.validation is 0"),
        ([], [], BadRecipe, "nothing to search"),
    ],
)
def test_what_could_not_be_run_is_refused_before_anything_is_made(
    axes: list[str],
    changes: list[str],
    error: type[Exception],
    message: str,
    tiny_folder: Path,
    tmp_path: Path,
) -> None:
    with pytest.raises(error, match=message):
        begin(read_recipe(tmp_path, tiny_folder, *changes), axes, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_search_without_a_validation_row_is_refused_before_training(
    tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = read_recipe(tmp_path, tiny_folder, "data.split.validation=0.001")
    search = begin(recipe, ["seed=1,2"], tmp_path / "runs")
    with pytest.raises(BadData, match="no row fell into the validation split"):
        list(walk(search))
    assert [trial.state for trial in search.trials] == ["waiting", "waiting"]
    assert conclude(search).best is None


def test_two_searches_of_the_same_second_have_their_own_folders(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tmp_path, tiny_folder)
    one = begin(recipe, ["seed=1,2"], tmp_path / "runs")
    other = begin(recipe, ["seed=1,2"], tmp_path / "runs", one.folder.clock)
    assert one.folder.path != other.folder.path
    assert history(tmp_path / "runs") == []  # a search is not listed as a run


def test_trials_see_paths_from_where_the_search_was_started(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    recipe = read_recipe(tmp_path, tiny_folder, "data.source.path=rows.jsonl")
    monkeypatch.chdir(tmp_path)
    path = begin(recipe, ["seed=1,2"], tmp_path / "runs").folder.path
    monkeypatch.chdir(here)
    begun = next(walk(reopen(path)))
    assert isinstance(begun, Trial)
    assert open_folder(path / str(begun.folder)).started_in == tmp_path


def test_what_is_no_search_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match=r"has no search\.json"):
        reopen(tmp_path)


@pytest.mark.parametrize("text", ["", "{", '{"format": 2}', '{"format": 1, "trials": []}'])
def test_a_torn_record_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / SEARCH).write_text(text)
    with pytest.raises(DamagedFile, match="Begin the search again"):
        reopen(tmp_path)


def test_a_full_disk_ends_the_search_and_no_trial_is_said_to_have_failed(
    tiny_folder: Path, tmp_path: Path
) -> None:
    ticks = count(1)

    def clock() -> datetime:
        if next(ticks) == 8:  # while the first trial records what it does
            raise OSError(errno.ENOSPC, "No space left on device")
        return now()

    search = begin(read_recipe(tmp_path, tiny_folder), AXES, tmp_path / "runs", clock)
    with pytest.raises(DiskFull, match="No space left on device"):
        list(walk(search))
    assert [trial.state for trial in search.trials] == ["started", "waiting", "waiting"]
