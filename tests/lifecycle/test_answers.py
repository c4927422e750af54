import json
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tunesmith.core.cache import Cache
from tunesmith.core.cards import Encoded, Model
from tunesmith.core.errors import Stopped
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.recipe import Evaluation
from tunesmith.engine.fit import fit
from tunesmith.engine.validation import likelihoods
from tunesmith.evaluation.metric.perplexity import Perplexity
from tunesmith.evaluation.metric.rouge_l import RougeL
from tunesmith.generation.backend.local import Local
from tunesmith.lifecycle.answers import Questions, answer, answer_once, from_json, to_json
from tunesmith.lifecycle.stop import never

METRICS = {"rouge_l": RougeL(), "perplexity": Perplexity()}
OPTIONS = Evaluation(max_tokens=3, max_rows=4)


def row(line: int) -> Example:
    messages = (Message("user", f"Where is order {line}?"), Message("assistant", f"Order {line} is here."))
    return Example(Place("rows.jsonl", line, line * 50), messages)


ROWS = [row(line) for line in range(1, 7)]


def encode(model: Model, example: Example) -> Encoded:
    (whole,) = model.chat.encode_conversation(example.messages)
    return Encoded(whole.ids, whole.weights, example.name)


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
        Encoded(array("i", ids), array("f", [0.0, 1.0, 1.0]), example.name)
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


def other_reference(model: Model) -> Questions:
    """One answer is another; the prompts are the same."""
    changed = replace(ROWS[0], messages=(ROWS[0].messages[0], Message("assistant", "Elsewhere.")))
    rows = [changed, *ROWS[1:]]
    return Questions.of(rows, [encode(model, one) for one in rows], METRICS, OPTIONS)


def other_prompt(model: Model) -> Questions:
    """One prompt is another; what is scored is the same."""
    asked = questions(model)
    changed = replace(asked.rows[0], messages=(Message("user", "Where?"), asked.rows[0].messages[1]))
    return replace(asked, rows=(changed, *asked.rows[1:]))


def other_weight(model: Model) -> Questions:
    """One token of one row is not scored; the prompts are the same."""
    asked = questions(model)
    first = asked.sequences[0]
    fewer = replace(first, weights=first.weights[:-1] + array("f", [0.0]))
    return replace(asked, sequences=(fewer, *asked.sequences[1:]))


def with_options(model: Model, **changes: Any) -> Questions:
    return replace(questions(model), options=OPTIONS.model_copy(update=changes))


MISSES: dict[str, Callable[[Model], Questions]] = {
    "reference": other_reference,
    "prompt": other_prompt,
    "weight": other_weight,
    "tokens": lambda model: with_options(model, max_tokens=4),
    "rows": lambda model: with_options(model, max_rows=3),
    "metrics": lambda model: replace(questions(model), metrics={"perplexity": Perplexity()}),
}


def test_a_base_answers_the_same_rows_once(tiny_model: Model, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    found, was_known = answer_once(questions(tiny_model), tiny_model, Local(), never, cache)
    assert (found, was_known) == (answer(questions(tiny_model), tiny_model, Local(), never), False)
    assert answer_once(questions(tiny_model), tiny_model, Local(), never, cache) == (found, True)


@pytest.mark.parametrize("change", MISSES)
def test_it_answers_again_when_anything_changed(tiny_model: Model, tmp_path: Path, change: str) -> None:
    cache, asked = Cache(tmp_path), MISSES[change](tiny_model)
    answer_once(questions(tiny_model), tiny_model, Local(), never, cache)
    wanted = answer(asked, tiny_model, Local(), never)
    assert answer_once(asked, tiny_model, Local(), never, cache) == (wanted, False)


def test_rows_of_another_file_are_the_same_rows(tiny_model: Model, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    found, _ = answer_once(questions(tiny_model), tiny_model, Local(), never, cache)
    moved = [replace(one, place=replace(one.place, file="elsewhere.jsonl")) for one in ROWS]
    asked = Questions.of(moved, [encode(tiny_model, one) for one in moved], METRICS, OPTIONS)
    assert answer_once(asked, tiny_model, Local(), never, cache) == (found, True)


def test_another_base_or_backend_answers_again(tiny_model: Model, tmp_path: Path) -> None:
    cache, asked = Cache(tmp_path), questions(tiny_model)
    answer_once(asked, tiny_model, Local(), never, cache)
    other = replace(tiny_model, fingerprint="other")
    assert not answer_once(asked, other, Local(), never, cache)[1]
    assert not answer_once(asked, tiny_model, Local(tokens_per_batch=100), never, cache)[1]
    assert answer_once(asked, tiny_model, Local(), never, cache)[1]


def test_a_base_that_is_stopped_leaves_nothing_behind(tiny_model: Model, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        answer_once(questions(tiny_model), tiny_model, Local(), after(1), Cache(tmp_path))
    assert not list(tmp_path.rglob("*"))
