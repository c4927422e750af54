from dataclasses import replace
from pathlib import Path

import pytest

from tunesmith.core.cards import Model
from tunesmith.core.errors import Stopped
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.recipe import Evaluation
from tunesmith.core.task import Task
from tunesmith.evaluation.metric.recall_at import RecallAt
from tunesmith.generation.vectors import vectors
from tunesmith.lifecycle.answers import Questions
from tunesmith.lifecycle.retrieving import find
from tunesmith.lifecycle.stop import never
from tunesmith.model.load import load
from tunesmith.objective.contrast import Contrast

ROWS = [
    ("where is my card", "card lost"),
    ("the blue order", "blue order late"),
    ("is it good", "it is not bad"),
]
WORSE = "where is the shop"


def asked(model: Model) -> Questions:
    rows: list[Example] = []
    for line, (text, belongs) in enumerate(ROWS):
        turns = (Message("user", text), Message("assistant", belongs))
        worse = (Message("assistant", WORSE),) if line == 0 else ()
        rows.append(Example(Place("a.jsonl", line), turns, rejected=worse))
    encoded = [replace(Contrast().encode(row, model.chat, model.task)[0], key=row.name) for row in rows]
    return Questions.of(rows, encoded, {"recall_at": RecallAt()}, Evaluation())


def test_the_place_is_that_among_the_texts_of_all_rows(bert_folder: Path) -> None:
    model = load("bert", bert_folder, task=Task("vector", spread=0.05, pools="mean"))
    questions = asked(model)
    found = find(questions, model, never)
    texts = [*(belongs for _, belongs in ROWS), WORSE]
    places = dict(zip((row.name for row in questions.rows), found.generated, strict=True))
    for line, (text, _) in enumerate(ROWS):
        (asking, *others) = vectors(model, [text, *texts]).rows
        near = [sum(a * b for a, b in zip(asking, other, strict=True)) for other in others]
        place = sum(other >= near[line] for other in near)
        assert places[f"a.jsonl:{line}"].text == f"{place} of 4"
        assert places[f"a.jsonl:{line}"].nats > 0
    assert len({one.text for one in found.generated}) > 1
    with pytest.raises(Stopped):
        find(questions, model, lambda: True)
