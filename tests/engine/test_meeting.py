"""Texts that meet: transformers' own vectors and torch's own cross-entropy are the judge."""

import random
from array import array
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from engine_parts import constant, plans_of
from tiny_readers import READERS, WORDS, reader_of
from tunesmith.core.cards import Encoded
from tunesmith.core.task import Task
from tunesmith.engine.fit import fit
from tunesmith.engine.forward import FAST, PLAIN, Levers
from tunesmith.engine.loop import Budget, train
from tunesmith.engine.meeting import Meeting, meets, met
from tunesmith.engine.passes import Pass
from tunesmith.engine.rows import Reading
from tunesmith.engine.update import Updater
from tunesmith.objective.contrast import Contrast

SPREAD = 0.1
TASK = Task("vector", spread=SPREAD, pools="mean")
ENCODERS = [name for name, (family, _) in READERS.items() if family != "encoder-decoder"]


def pair(
    asks: Sequence[int], belongs: Sequence[int], other: Sequence[int] = (), worth: float = 1.0
) -> Encoded:
    weights = array("f", [worth] + [0.0] * (len(asks) - 1))
    source, second = array("i", [*belongs, *other]), len(belongs) if other else 0
    return Encoded(array("i", asks), weights, targets=array("d", [1.0]), source=source, second=second)


def pairs(count: int = 9) -> list[Encoded]:
    """Give pairs of texts of several lengths, every third with a third text; one is worth half."""
    draw = random.Random(4)

    def text() -> list[int]:
        return [draw.randrange(4, WORDS) for _ in range(draw.randint(3, 12))]

    return [
        pair(text(), text(), text() if number % 3 == 0 else (), 0.5 if number == 4 else 1.0)
        for number in range(count)
    ]


def body(architecture: str, **options: float) -> PreTrainedModel:
    return reader_of(architecture, **options).base_model.double()  # type: ignore[return-value]  # it is one


def alone(network: PreTrainedModel, rows: Sequence[Encoded]) -> Tensor:
    """Give the weighted cost of all rows together, each text read alone; nothing of Tunesmith's is used."""

    def vector(ids: array) -> Tensor:
        states = network(input_ids=torch.tensor([list(ids)])).last_hidden_state[0]
        return functional.normalize(states.mean(0), dim=0)

    asking = torch.stack([vector(row.ids) for row in rows])
    belong = [vector(row.source[: row.second or None]) for row in rows]
    others = [vector(row.source[row.second :]) for row in rows if row.second]
    scores = asking @ torch.stack([*belong, *others]).t() / SPREAD
    costs = functional.cross_entropy(scores, torch.arange(len(rows)), reduction="none")
    return (costs * torch.tensor([row.weights[0] for row in rows])).sum()


def gradients(network: PreTrainedModel) -> dict[str, Tensor]:
    found = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    network.zero_grad(set_to_none=True)
    return found


def learned(
    network: PreTrainedModel, rows: Sequence[Encoded], levers: Levers, tokens: int, family: str = "encoder"
) -> tuple[float, int, dict[str, Tensor]]:
    """Give the loss, the number of passes, and the gradient, as a step computes them."""
    reading = Reading(family, TASK)  # type: ignore[arg-type]  # one of its words
    loss, number = 0.0, 0
    with fit(network, levers, reading=reading) as forward:
        for batch in forward.passes(rows, tokens):
            cost = -(forward.logprobs(batch) * batch.weights_C).sum()
            cost.backward()
            loss, number = loss + float(cost.detach()), number + 1
    return loss, number, gradients(network)


@pytest.mark.parametrize("architecture", ENCODERS)
def test_a_step_in_many_passes_is_the_step_at_once(architecture: str) -> None:
    network, rows = body(architecture), pairs()
    wanted = alone(network, rows)
    wanted.backward()
    slopes = gradients(network)
    whole = float(torch.stack([slope.norm() for slope in slopes.values()]).norm())
    for levers in (FAST, PLAIN):
        for tokens in (10**6, 60, 1):
            loss, number, found = learned(network, rows, levers, tokens, READERS[architecture][0])
            assert (number == 1) == (tokens == 10**6)
            assert loss == pytest.approx(float(wanted.detach()), rel=1e-6)
            assert found.keys() == slopes.keys()
            assert max(float((found[name] - slopes[name]).norm()) for name in slopes) < 1e-6 * whole


def test_texts_computed_twice_drop_the_same_values() -> None:
    network, rows = body("bert", hidden_dropout_prob=0.4), pairs()
    network.train()
    seen: list[tuple[tuple[int, ...], Tensor]] = []
    with fit(network, reading=Reading("encoder", TASK)) as forward:

        def cut(texts: Sequence[Encoded]) -> list[Pass]:
            return list(forward.passes(texts, 60))

        def vectors(batch: Pass) -> Tensor:
            found = forward.scores(batch)
            seen.append((batch.numbers, found.detach()))
            return found

        once = [batch.met for batch in met(rows, cut, vectors, SPREAD)]
        first, number = list(seen), len(once)
        assert number > 2
        twice = list(met(rows, cut, vectors, SPREAD))
        before = [found for _, found in seen[number:]]
        for batch, wanted in zip(twice, before, strict=True):
            assert batch.met is not None
            again: list[Tensor] = []
            batch.met.logprobs(
                lambda batch=batch, again=again: again.append(forward.scores(batch)) or again[0], 1.0
            )
            assert torch.equal(again[0].detach(), wanted)
    assert not torch.equal(first[0][1], before[0])  # it does drop some


def test_the_same_text_is_no_wrong_answer() -> None:
    rows = [pair([4, 5], [6, 7]), pair([8, 9], [6, 7]), pair([4, 5], [10, 11], [6, 7]), pair([12], [13])]
    meeting = Meeting.of(rows)
    right_as_well = meeting._right_as_well(torch.arange(4)).int().tolist()
    assert right_as_well == [  # of [6, 7], [6, 7], [10, 11], [13], and the last [6, 7] that does not belong
        [0, 1, 1, 0, 1],
        [1, 0, 0, 0, 1],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    vectors = torch.eye(9, 16)
    (first, *_) = meeting.choose(vectors, 1.0).logprobs_R.tolist()
    assert first == pytest.approx(-torch.tensor(2.0).log().item())  # only [13] is another choice


def test_a_network_that_gives_one_vector_for_all_finds_nothing() -> None:
    rows = pairs(4)
    meeting = Meeting.of(rows)
    chosen = meeting.choose(torch.ones(len(meeting.texts), 8), SPREAD)
    assert chosen.closer_R.tolist() == [len(meeting.texts) - len(rows) - 1] * 4
    broken = meeting.choose(torch.full((len(meeting.texts), 8), torch.nan), SPREAD)
    assert broken.closer_R.tolist() == chosen.closer_R.tolist()


def test_many_rows_are_compared_in_parts_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = Meeting.of(pairs(9))
    vectors = torch.randn(len(meeting.texts), 8, dtype=torch.float64)
    whole = meeting.choose(vectors, SPREAD)
    monkeypatch.setattr("tunesmith.engine.meeting.ROWS_AT_ONCE", 2)
    parts = meeting.choose(vectors, SPREAD)
    assert torch.equal(whole.closer_R, parts.closer_R)
    torch.testing.assert_close(whole.logprobs_R, parts.logprobs_R)


def test_texts_stand_in_order_and_share_what_their_row_is_worth() -> None:
    rows = [pair([4], [5, 6], [7], 0.5), pair([8], [9])]
    meeting = Meeting.of(rows)
    assert [list(text.ids) for text in meeting.texts] == [[4], [8], [5, 6], [9], [7]]
    assert meeting.owners == (0, 1, 0, 1, 0)
    assert meeting.worth.tolist() == pytest.approx([1 / 6, 1 / 2, 1 / 6, 1 / 2, 1 / 6])
    assert meets(rows)
    assert not meets([replace(rows[0], source=array("i"))])


def test_without_learning_nothing_is_computed_twice() -> None:
    network, rows = body("bert"), pairs()
    with fit(network, reading=Reading("encoder", TASK)) as forward, torch.no_grad():
        counted: list[int] = []
        network.register_forward_hook(lambda *_: counted.append(1))
        batches = list(forward.passes(rows, 60))
        read = len(counted)
        logprobs, is_first = (
            {
                number: value
                for batch, part in found
                for number, value in zip(batch.numbers, part, strict=True)
            }
            for found in (
                [(batch, forward.logprobs(batch).tolist()) for batch in batches],
                [(batch, forward.ranked(batch)[1].tolist()) for batch in batches],
            )
        )
        assert len(counted) == read
    with torch.no_grad():
        wanted = float(alone(network, rows))
    assert len(batches) == read > 1
    cost = -sum(row.weights[0] * logprobs[number] for number, row in enumerate(rows))
    assert cost == pytest.approx(wanted, rel=1e-6)
    assert set(is_first.values()) == {True, False}


def test_how_a_step_is_cut_changes_nothing_that_is_learned() -> None:
    rows, learnt = pairs(), list[dict[str, Tensor]]()
    for tokens in (10**6, 50):
        network = body("bert")
        parameters = dict(network.named_parameters())
        updater = Updater(parameters, constant(), 2)
        with fit(network, reading=Reading("encoder", TASK)) as forward:
            steps = list(train(forward, Contrast(), plans_of(rows, 5), updater, Budget(tokens)))
        assert [step.weight for step in steps] == pytest.approx([4.5, 4.0])
        learnt.append({name: parameter.detach() for name, parameter in parameters.items()})
    before = dict(body("bert").named_parameters())
    assert any(not torch.equal(before[name], learnt[0][name]) for name in before)
    for name, wanted in learnt[0].items():
        torch.testing.assert_close(learnt[1][name], wanted, rtol=0, atol=1e-8)
