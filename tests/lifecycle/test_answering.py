from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from small_runs import read_recipe
from tiny_readers import TASKS
from tunesmith.core.cards import Model
from tunesmith.evaluation.compare import Answers
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.answering import Answering
from tunesmith.lifecycle.answers import Questions
from tunesmith.lifecycle.assemble import Prepared, prepare_recipe
from tunesmith.lifecycle.events import Event
from tunesmith.lifecycle.stop import never


def begin(tmp_path: Path, base: Path, *changes: str) -> tuple[Answering, Prepared, Model]:
    """Give the answering of a run of few rows, and its base."""
    prepared = prepare_recipe(read_recipe(tmp_path, base, "evaluation.max_tokens=2", *changes))
    dataset, options = prepared.dataset, prepared.recipe.evaluation
    questions = Questions.of(dataset.examples["test"], dataset.test, prepared.parts.metrics, options)
    folder = run_folder.create(prepared.recipe, tmp_path / "runs")
    return Answering(folder, questions, never), prepared, prepared.model()


def finish(steps: Generator[Event, None, Answers]) -> tuple[list[str], Answers]:
    """Give what was told, and the answers."""
    told: list[str] = []
    while True:
        try:
            told.append(str(next(steps)))
        except StopIteration as end:
            return told, end.value


def test_what_was_answered_once_is_read_again_to_the_letter(tiny_folder: Path, tmp_path: Path) -> None:
    answering, _, model = begin(tmp_path, tiny_folder)
    _, first = finish(answering.tuned(model))
    nobody = replace(model, network=None)  # type: ignore[arg-type]  # nobody is asked
    _, again = finish(answering.tuned(nobody))
    assert again == first
    assert len(first.scored) == len(answering.questions.rows)


def test_damaged_answers_are_given_again_and_it_is_said(tiny_folder: Path, tmp_path: Path) -> None:
    answering, _, model = begin(tmp_path, tiny_folder)
    _, first = finish(answering.tuned(model))
    (answering.folder.path / "answers-tuned.json").write_text("{")
    told, again = finish(answering.tuned(model))
    assert again == first
    assert any("is damaged: the rows are answered again" in sentence for sentence in told)


def test_a_base_without_the_head_is_not_asked(tiny_folder: Path, tmp_path: Path) -> None:
    rows = tmp_path / "labels.jsonl"
    rows.write_text(
        "".join(f'{{"text": "order {n}", "label": "{("late", "lost")[n % 3 == 0]}"}}\n' for n in range(60))
    )
    answering, prepared, model = begin(
        tmp_path, tiny_folder, f"data.source.path={rows}", "objective=classify"
    )
    assert prepared.dataset.task.labels == ("late", "lost") != TASKS["classes"].labels
    told, found = finish(answering.base(prepared, replace(model, network=None)))  # type: ignore[arg-type]  # nobody is asked
    assert any("has no head yet" in sentence for sentence in told)
    assert {answer.text for answer in found.generated} == {"late"}
