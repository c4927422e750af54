"""Models suggest from what people said and put rows in order; what fails there is told and stops nobody."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from annotation_projects import answered, project, say, settings, text
from trained_models import facts_of_a_run
from tunesmith.core.errors import BadBase, DamagedFile, MissingExtra, TunesmithError
from tunesmith.core.example import Example, Message, Place
from tunesmith.data.annotation.turns import Turns
from tunesmith.export import package as packages
from tunesmith.export.exporter.adapter import Adapter
from tunesmith.lifecycle.suggest import (
    FIRST,
    AnswerRounds,
    Assistant,
    LabelRounds,
    arrange,
    check_model,
    is_package,
    load_model,
)
from tunesmith.method.lora import LoRA
from tunesmith.model.load import load

PRAISE, COMPLAINT = "I love this {}, it is lovely.", "The {} broke, it is broken."
THINGS = ("kettle", "lantern", "mug", "apron", "stove", "chair", "bottle", "throw", "doormat", "trowel")


def soon(is_so: Callable[[], bool]) -> bool:
    """Wait a little for something that another thread does."""
    return any(is_so() or time.sleep(0.02) for _ in range(1000))


@pytest.fixture
def store(tmp_path):
    """Give a project of praise (odd numbers) and complaints (even numbers)."""
    rows = [
        Example(Place("a.csv", n), text=wording.format(thing))
        for n, (thing, wording) in enumerate((t, w) for t in THINGS for w in (PRAISE, COMPLAINT))
    ]
    opened = project(tmp_path / "p.sqlite", rows, settings(overlap=0.0))
    yield opened
    opened.close()


def right(task: int) -> str:
    return "praise" if task % 2 else "complaint"


def test_labels_are_learned_once_there_are_enough_and_again_after_some_more(store):
    turns = Turns(store, 0.0)
    rounds = LabelRounds(store, turns, settings())
    for task in range(1, FIRST):
        store.save(say(task, "ann", [right(task)]), now=1.0)
    rounds()
    assert all(task.suggestion is None for task in turns.open(99))
    store.save(say(FIRST, "ann", [right(FIRST)]), now=1.0)
    rounds()
    assert rounds.learned_from == FIRST
    for task in turns.open(99):
        assert task.suggestion is not None
        assert task.suggestion.value == [right(task.number)]
        assert task.suggestion.certainty > 0.5
        assert [label for label, _ in task.suggestion.likely] == [right(task.number), right(task.number + 1)]
    store.save(say(FIRST + 1, "ann", ["praise"]), now=1.0)
    rounds()
    assert rounds.learned_from == FIRST


def test_what_the_model_is_least_sure_of_is_asked_next(store):
    store.add(
        [Example(Place("b.csv", 1), text="I love this mug, it broke. It is lovely, it is broken.")],
        settings(),
        {},
    )
    for task in range(1, FIRST + 1):
        store.save(say(task, "ann", [right(task)]), now=1.0)
    turns = Turns(store, 0.0)
    LabelRounds(store, turns, settings())()
    (first,) = turns.claim("ann", 1, now=1.0)
    assert first.row.place.file == "b.csv"


def test_rows_on_which_people_disagree_teach_nothing(store):
    for task in range(1, FIRST + 1):
        store.save(say(task, "ann", [right(task)]), now=1.0)
        store.save(say(task, "bob", [right(task + 1)]), now=1.0)
    turns = Turns(store, 0.0)
    LabelRounds(store, turns, settings())()
    assert all(task.suggestion is None for task in turns.open(99))


def test_several_labels_can_be_suggested(tmp_path):
    asked = settings(multiple=True)
    rows = [
        Example(Place("a.csv", n), text=f"{'love ' * (n % 2)}{'broke ' * (n % 3 == 0)}{thing} {n}")
        for n, thing in enumerate(THINGS * 4)
    ]
    store = project(tmp_path / "p.sqlite", rows, asked)
    for number, row in enumerate(rows[:30], 1):
        labels = [label for word, label in (("love", "praise"), ("broke", "complaint")) if word in row.text]
        store.save(say(number, "ann", labels or ["question"]), now=1.0)
    turns = Turns(store, 0.0)
    LabelRounds(store, turns, asked)()
    found = {task.row.text: task.suggestion for task in turns.open(99)}
    both = [one for content, one in found.items() if "love" in content and "broke" in content]
    assert both
    assert all(one is not None and sorted(one.value) == ["complaint", "praise"] for one in both)
    store.close()


def test_the_first_order_keeps_doubtful_rows_in_front(store):
    store.add([text(1), text(2)], settings(), {"rows.csv:4": "label_errors"})
    turns = Turns(store, 0.0)
    pool = turns.open(99)
    arrange(turns, pool, [0.0] * len(pool), 7)
    (first,) = turns.claim("ann", 1, now=1.0)
    assert first.doubt == "label_errors"


def test_a_model_answers_the_rows_that_come_next(tmp_path, tiny_folder):
    store = project(tmp_path / "p.sqlite", [text(n) for n in range(5)], settings("answers", overlap=0.0))
    turns = Turns(store, 0.0)
    rounds = AnswerRounds(
        turns, settings("answers"), "tiny-llama", lambda: load_model(str(tiny_folder)), lambda: 1.0
    )
    assert [rounds(), rounds()] == [True, True]
    suggested = [task for task in turns.open(99) if task.suggestion]
    assert len(suggested) == 2
    assert {task.suggestion.by for task in suggested} == {"tiny-llama"}  # type: ignore[union-attr]  # they have one
    (first,) = turns.claim("ann", 1, now=1.0)
    assert first.number in {task.number for task in suggested}
    store.close()


def test_a_row_that_is_too_long_gets_no_answer_and_is_not_tried_again(tmp_path, tiny_folder):
    store = project(tmp_path / "p.sqlite", [text(1, "long " * 2000)], settings("answers"))
    turns = Turns(store, 0.0)
    rounds = AnswerRounds(
        turns, settings("answers"), "tiny", lambda: load_model(str(tiny_folder)), lambda: 1.0
    )
    assert rounds() is False
    assert turns.ahead(9, 1.0) == []
    (task,) = turns.open(9)
    assert task.suggestion is not None
    assert task.suggestion.value is None
    store.close()


def test_rows_whose_answers_a_model_did_not_expect_come_first(tmp_path, tiny_folder):
    from tunesmith.lifecycle.suggest import _costs

    rows = [
        answered(1, "The kettle boils water."),
        answered(2, "\u16a0\u16a2\u16a6 \u16a8\u16b1\u16b2 \u16b7\u16b9"),
        answered(3, "x" * 3000),
    ]
    store = project(tmp_path / "p.sqlite", rows, settings("answers", overlap=0.0))
    turns, model = Turns(store, 0.0), load_model(str(tiny_folder))
    pool = sorted(turns.open(9), key=lambda task: task.number)
    costs = _costs(model, pool)
    assert costs[2] == 0.0  # the model cannot read it whole
    assert all(4 < cost < 8 for cost in costs[:2])  # nats per token; log(300) is 5.7
    AnswerRounds(turns, settings("answers"), "tiny", lambda: model, lambda: 1.0)()
    by_cost = sorted((1, 2, 3), key=lambda number: -costs[number - 1])
    assert [task.number for task in turns.claim("ann", 3, now=1.0)] == by_cost
    store.close()


def test_an_assistant_works_when_it_is_nudged_until_it_is_closed():
    done = []
    assistant = Assistant(lambda: bool(done.append(1)))
    assistant.start()
    assert soon(lambda: len(done) == 1)
    assistant.nudge()
    assert soon(lambda: len(done) == 2)
    assert assistant.is_at_work
    assistant.close()
    assert not assistant.is_at_work
    assert assistant.note == ""


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (MissingExtra("Suggesting labels", "data"), "Suggesting labels needs an extra"),
        (TunesmithError("The model is gone."), "Nothing more is suggested: The model is gone."),
        (ValueError("inside"), "the program failed there"),
    ],
)
def test_what_stops_suggestions_is_told_and_stops_nothing_else(error, note, caplog):
    def fail() -> bool:
        raise error

    assistant = Assistant(fail)
    assistant.start()
    assert soon(lambda: not assistant.is_at_work)
    assert note in assistant.note
    assert ("inside" in caplog.text) == isinstance(error, ValueError)
    assistant.close()


def test_a_model_is_a_package_or_a_base_and_checked_before_it_is_loaded(
    tiny_folder: Path, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    tuned = LoRA(rank=4).apply(load("tiny-llama", tiny_folder), seed=3)
    packages.write(tuned, LoRA(rank=4), Adapter(), package, facts_of_a_run())
    for name in (str(tiny_folder), str(package)):
        check_model(name)
    assert is_package(str(package))
    assert not is_package(str(tiny_folder))
    model = load_model(str(package))
    assert model.chat.encode_prompt((Message("user", "Hi"),))
    with pytest.raises(BadBase, match="There is no base"):
        check_model(str(tmp_path / "nowhere"))
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(DamagedFile):
        check_model(str(tmp_path))
