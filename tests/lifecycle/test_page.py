import json
import shutil
from pathlib import Path

from finished_run import FinishedRun
from tunesmith.core.cards import Model, Validation
from tunesmith.lifecycle.assemble import prepare_recipe
from tunesmith.lifecycle.page import write_page
from tunesmith.lifecycle.run_folder import open_folder


def test_the_page_tells_what_was_wanted_and_how_it_was_made(finished_run: FinishedRun) -> None:
    page = (finished_run.folder.path / "report.html").read_text(encoding="utf-8")
    locked = finished_run.folder.read_json("lock.json")
    assert locked is not None
    recipe = finished_run.folder.recipe
    said = [
        recipe.name,
        recipe.goal,
        "Not enough data to tell",
        "parameters trained",
        "not stated by the base",
    ]
    said += [f"torch {locked['versions']['torch']}", f"tunesmith chat {finished_run.package}"]
    assert [words for words in said if words not in page] == []


def test_the_best_step_is_that_of_the_lowest_validation_loss(finished_run: FinishedRun) -> None:
    losses = {
        event.step: event.loss
        for event in finished_run.events
        if isinstance(event, Validation) and event.step
    }
    best = min(losses, key=losses.__getitem__)
    page = (finished_run.folder.path / "report.html").read_text(encoding="utf-8")
    assert f"Best step: {best}" in page


def test_a_page_is_whole_where_a_kill_lost_the_word_of_the_last_checkpoint(
    finished_run: FinishedRun, tiny_model: Model, tmp_path: Path
) -> None:
    copy = shutil.copytree(finished_run.folder.path, tmp_path / "copy")
    events = copy / "events.jsonl"
    lines = events.read_text().splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["kind"] != "saved"]
    assert len(kept) < len(lines)
    events.write_text("".join(kept))
    folder = open_folder(copy)
    prepared = prepare_recipe(folder.recipe)
    path = write_page(folder, prepared, finished_run.finished.report, tiny_model)
    assert "Best step: " in path.read_text(encoding="utf-8")
