import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from finished_run import FinishedRun
from full_disk import no_file_beyond
from small_runs import read_recipe
from tunesmith.core.cards import Step, Validation
from tunesmith.core.errors import BadData, BadRecipe, DiskFull, Stopped
from tunesmith.evaluation import report_json
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.events import Event, Finished, Saved, Stage, Started, Warned
from tunesmith.lifecycle.run import walk
from tunesmith.lifecycle.run_folder import RunFolder


def make(tmp_path: Path, base: Path, *changes: str) -> RunFolder:
    return run_folder.create(read_recipe(tmp_path, base, *changes), tmp_path / "runs")


def until(folder: RunFolder, stage: str) -> list[Event]:
    """Walk until a stage begins, then drop the run."""
    seen: list[Event] = []
    for event in walk(folder):
        seen.append(event)
        if isinstance(event, Stage) and event.name == stage:
            return seen
    raise AssertionError(f"there is no stage {stage}")


def test_a_run_goes_through_all_stages_in_order(finished_run: FinishedRun) -> None:
    stages = [event.name for event in finished_run.events if isinstance(event, Stage)]
    assert [name for name, after in pairwise([*stages, ""]) if name != after] == [
        "data",
        "audit",
        "base",
        "tuned",
        "package",
    ]
    assert isinstance(finished_run.events[-1], Finished)
    assert [event.number for event in finished_run.events if isinstance(event, Step)] == [1, 2, 3, 4, 5, 6]


def test_every_event_is_in_the_folder(finished_run: FinishedRun) -> None:
    assert finished_run.folder.events() == list(finished_run.events[:-1])


def test_the_folder_holds_all_that_was_promised(finished_run: FinishedRun) -> None:
    names = {path.name for path in finished_run.folder.path.iterdir() if path.name != ".held"}
    assert names == {
        "recipe.yaml",
        "started.json",
        "lock.json",
        "ledger.json",
        "data_report.html",
        "events.jsonl",
        "checkpoints",
        "answers-base.json",
        "answers-tuned.json",
        "report.json",
        "report.html",
        "package",
    }


def test_a_second_run_of_the_same_data_says_what_it_read_from_the_cache(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNESMITH_CACHE", str(tmp_path / "cache"))
    first, second, third = (
        make(
            tmp_path,
            tiny_folder,
            f"training.learning_rate={rate}",
            "evaluation.metrics=[rouge_l]",
            f"evaluation.max_tokens={most}",
        )
        for rate, most in ((1e-3, 4), (2e-3, 4), (2e-3, 5))
    )
    said = [
        [e.sentence for e in until(one, "tuned") if isinstance(e, Stage)] for one in (first, second, third)
    ]
    known = "it answered the same rows in an earlier run: read from the cache"
    assert [known in sentences for sentences in said] == [False, True, False]
    assert "40 rows tokenised." in said[0]
    assert "All of the data was read from the cache of an earlier run." in said[1]
    answers = [(one.path / "answers-base.json").read_bytes() for one in (first, second, third)]
    assert answers[0] == answers[1] != answers[2]
    assert any(isinstance(e, Stage) and e.sentence == known for e in second.events())


def test_the_report_in_the_folder_is_the_one_that_was_given(finished_run: FinishedRun) -> None:
    stored = report_json.load((finished_run.folder.path / "report.json").read_text(encoding="utf-8"))
    assert stored == finished_run.finished.report
    assert [result.metric for result in stored.metrics] == ["rouge_l", "perplexity"]


def test_few_test_rows_are_warned_of_and_promote_nothing(finished_run: FinishedRun) -> None:
    rows = finished_run.finished.report.rows
    assert rows < 20
    warnings = [event.sentence for event in finished_run.events if isinstance(event, Warned)]
    assert f"Only {rows} test rows: too few to promote anything." in warnings
    assert finished_run.finished.report.verdict == "not enough data to tell"


def test_what_is_done_is_not_done_again(finished_run: FinishedRun, tmp_path: Path) -> None:
    copy = shutil.copytree(finished_run.folder.path, tmp_path / "copy")
    before = {name: (copy / name).stat().st_mtime_ns for name in ("answers-base.json", "answers-tuned.json")}
    seen = until(run_folder.open_folder(copy), "package")
    assert not [event for event in seen if isinstance(event, Step | Validation | Saved)]
    assert [event.from_step for event in seen if isinstance(event, Started)] == [6]
    assert {name: (copy / name).stat().st_mtime_ns for name in before} == before
    stored = report_json.load((copy / "report.json").read_text(encoding="utf-8"))
    assert stored == finished_run.finished.report


def test_a_run_without_validation_rows_says_so(tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder, "data.split={validation: 0.001, test: 0.2}")
    warnings = [event.sentence for event in until(folder, "base") if isinstance(event, Warned)]
    assert warnings[0].startswith("No row fell into the validation split")


def test_a_stop_before_training_keeps_nothing_half_done(tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder)
    with pytest.raises(Stopped, match="Stopped while answering the test rows"):
        list(walk(folder, lambda: True))
    assert not (folder.path / "answers-base.json").exists()
    assert until(folder, "base")


def test_damaged_answers_are_given_again_and_it_is_said(tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder)
    until(folder, "tuned")
    wanted = (folder.path / "answers-base.json").read_bytes()
    for damaged in (wanted[:50], b'{"format": 1}', b'{"format": 2, "generated": [], "scored": []}'):
        (folder.path / "answers-base.json").write_bytes(damaged)
        warned = [event.sentence for event in until(folder, "tuned") if isinstance(event, Warned)]
        assert any("answers-base.json is damaged" in sentence for sentence in warned)
        assert (folder.path / "answers-base.json").read_bytes() == wanted


def test_two_processes_never_work_on_one_run(tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder)
    first = walk(folder)
    next(first)
    with pytest.raises(BadRecipe, match="another process"):
        next(walk(folder))
    first.close()
    assert until(folder, "base")


def test_a_line_that_a_kill_tore_swallows_no_later_event(tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder)
    (folder.path / "events.jsonl").write_bytes(b'{"time": "2026-01-02T')
    seen = until(folder, "base")
    assert folder.events() == seen


def test_a_library_that_changed_since_is_warned_of(tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder)
    until(folder, "base")
    locked = json.loads((folder.path / "lock.json").read_text())
    locked["versions"]["torch"] = "1.0"
    folder.write_json("lock.json", locked)
    warnings = [event.sentence for event in until(folder, "base") if isinstance(event, Warned)]
    assert any(sentence.startswith("Since this run began, torch was 1.0, is 2") for sentence in warnings)


def test_rows_that_are_refused_leave_no_ledger(tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder, "data.max_tokens=3")
    with pytest.raises(BadData, match="are longer than 3 tokens"):
        list(walk(folder))
    assert not (folder.path / "ledger.json").exists()
    assert folder.events() == []


def test_a_disk_that_is_full_from_the_start_is_said_to_be(tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder)
    with (
        no_file_beyond(10),
        pytest.raises(DiskFull, match=r"No room to prepare the data in .*TUNESMITH_CACHE"),
    ):
        list(walk(folder))
    assert until(folder, "base")
