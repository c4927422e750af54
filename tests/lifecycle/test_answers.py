import json
from array import array
from collections.abc import Callable
from dataclasses import replace

import pytest

from tunesmith.core.cards import Encoded, Example, Message, Model, Place
from tunesmith.core.errors import Stopped
from tunesmith.core.recipe import Evaluation
from tunesmith.engine.fit import fit
from tunesmith.engine.validation import likelihoods
from tunesmith.evaluation.metric.perplexity import Perplexity
from tunesmith.evaluation.metric.rouge_l import RougeL
from tunesmith.generation.backend.local import Local
from tunesmith.lifecycle.answers import Questions, answer, from_json, to_json
from tunesmith.lifecycle.assemble import name_of
from tunesmith.lifecycle.stop import never

METRICS = {"rouge_l": RougeL(), "perplexity": Perplexity()}
OPTIONS = Evaluation(max_tokens=3, max_rows=4)


def row(line: int) -> Example:
    messages = (Message("user", f"Where is order {line}?"), Message("assistant", f"Order {line} is here."))
    return Example(Place("rows.jsonl", line, line * 50), messages)


ROWS = [row(line) for line in range(1, 7)]


def encode(model: Model, example: Example) -> Encoded:
    whole = model.chat.encode_conversation(example.messages)
    return Encoded(whole.ids, whole.weights, name_of(example))


def questions(model: Model) -> Questions:
    return Questions.of(ROWS, [encode(model, one) for one in ROWS], METRICS, OPTIONS)


def after(looks: int) -> Callable[[], bool]:
    seen = iter(range(1, 100))
    return lambda: next(seen) > looks


def test_the_order_of_rows_is_that_of_no_file() -> None:
    there = Questions.of(ROWS, (), METRICS, OPTIONS).rows
    back = Questions.of(ROWS[::-1], (), METRICS, OPTIONS).rows
    assert there == back
    assert sorted(there, key=lambda one: one.place.line) == ROWS
    assert list(there) != ROWS


def test_the_order_is_the_same_wherever_the_file_lies() -> None:
    moved = [replace(one, place=replace(one.place, file="elsewhere/rows.jsonl")) for one in ROWS]
    order = [one.place.line for one in Questions.of(ROWS, (), METRICS, OPTIONS).rows]
    assert [one.place.line for one in Questions.of(moved, (), METRICS, OPTIONS).rows] == order


def test_other_rows_do_not_change_the_order() -> None:
    fewer = Questions.of(ROWS[:4], (), METRICS, OPTIONS).rows
    assert [one for one in Questions.of(ROWS, (), METRICS, OPTIONS).rows if one in fewer] == list(fewer)


def test_nothing_is_asked_where_no_metric_needs_an_answer(tiny_model: Model) -> None:
    asked = Questions.of(
        ROWS, [encode(tiny_model, one) for one in ROWS], {"perplexity": Perplexity()}, OPTIONS
    )
    assert asked.asked == ()
    found = answer(asked, tiny_model, Local(), never)
    assert found.generated == []
    assert len(found.scored) == 6


def test_only_the_first_rows_are_asked_and_all_are_scored(tiny_model: Model) -> None:
    asked = questions(tiny_model)
    found = answer(asked, tiny_model, Local(), never)
    assert asked.asked == asked.rows[:4]
    assert len(found.generated) == 4
    assert all(0 < one.tokens <= 3 for one in found.generated)
    for example, scored in zip(asked.rows, found.scored, strict=True):
        with fit(tiny_model.network) as forward:
            ((nats, predicted),) = likelihoods(forward, [encode(tiny_model, example)], 1000)
        assert scored.predicted == predicted
        assert scored.nats == pytest.approx(nats, rel=1e-6)


def test_a_row_in_several_windows_costs_what_they_cost_together(tiny_model: Model) -> None:
    example = Example(Place("page.txt", 1, 0), text="abcdef")
    windows = [
        Encoded(array("i", ids), array("f", [0.0, 1.0, 1.0]), name_of(example))
        for ids in ([1, 50, 51], [1, 52, 2])
    ]
    asked = Questions.of([example], windows, {"perplexity": Perplexity()}, OPTIONS)
    (scored,) = answer(asked, tiny_model, Local(), never).scored
    with fit(tiny_model.network) as forward:
        costs = likelihoods(forward, windows, 1000)
    assert scored.nats == sum(nats for nats, _ in costs)
    assert scored.predicted == 4


def test_whoever_asks_to_stop_is_heard(tiny_model: Model) -> None:
    for looks in (0, 1):
        with pytest.raises(Stopped, match="while answering the test rows"):
            answer(questions(tiny_model), tiny_model, Local(), after(looks))


def test_answers_survive_their_file(tiny_model: Model) -> None:
    found = answer(questions(tiny_model), tiny_model, Local(), never)
    assert from_json(json.loads(json.dumps(to_json(found)))) == found
