import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from engine_parts import branching_rows, encoded, in_float64, naive_logprobs, random_rows
from tiny_networks import network_of
from tunesmith.core.cards import Encoded, Model, Validation
from tunesmith.core.errors import NonFinite
from tunesmith.engine import validation
from tunesmith.engine.fit import fit

ROWS = [*random_rows(20), *branching_rows()]
DROPOUT = {"resid_pdrop": 0.1, "embd_pdrop": 0.1, "attn_pdrop": 0.1}


def validate(model: Model, rows: Sequence[Encoded], tokens_per_pass: int, step: int) -> Validation:
    with fit(model.network) as forward:
        return validation.validate(forward, rows, tokens_per_pass, step)


def likelihoods(model: Model, rows: Sequence[Encoded]) -> list[tuple[float, int]]:
    with fit(model.network) as forward:
        return validation.likelihoods(forward, rows, 100)


@pytest.fixture
def model(tiny_model: Model) -> Model:
    return replace(tiny_model, network=network_of("gpt2"))


def mean_cost(model: Model, rows: Sequence[Encoded]) -> float:
    """Give the weighted mean of what every wanted token costs, row by row."""
    nats = [
        -float(value) * weight
        for row in rows
        for value, weight in zip(naive_logprobs(model.network, row), filter(None, row.weights), strict=True)
    ]
    return sum(nats) / sum(sum(row.weights) for row in rows)


@pytest.mark.parametrize("tokens_per_pass", [1, 100, 333, 10_000])
def test_how_rows_are_put_together_does_not_change_the_loss(model: Model, tokens_per_pass: int) -> None:
    model = in_float64(model)
    found = validate(model, ROWS, tokens_per_pass, step=3)
    assert found.loss == pytest.approx(mean_cost(model, ROWS), rel=1e-12)


@pytest.mark.parametrize("tokens_per_pass", [1, 100, 10_000])
def test_in_float32_the_loss_differs_by_rounding_only(model: Model, tokens_per_pass: int) -> None:
    fine = validate(in_float64(replace(model, network=network_of("gpt2"))), ROWS, 100, step=0)
    assert validate(model, ROWS, tokens_per_pass, step=0).loss == pytest.approx(fine.loss, rel=1e-6)


def test_tokens_and_hits_are_counted_over_all_rows(model: Model) -> None:
    best = [
        (scores[place - 1].argmax() == row.ids[place]).item()
        for row in ROWS
        for scores in [model.network(input_ids=torch.tensor([list(row.ids)])).logits[0]]
        for place, weight in enumerate(row.weights)
        if weight
    ]
    found = validate(model, ROWS, 100, step=3)
    assert found.step == 3
    assert found.tokens == sum(row.trained for row in ROWS) == len(best)
    assert found.token_accuracy == sum(best) / len(best)


def test_a_model_that_knows_its_rows_ranks_them_first(model: Model) -> None:
    with torch.no_grad():
        for parameter in model.network.parameters():
            parameter.zero_()
    row = replace(ROWS[0], ids=type(ROWS[0].ids)("i", [0] * len(ROWS[0])))
    found = validate(model, [row], 100, step=0)
    assert found.token_accuracy == 1.0
    assert found.loss == pytest.approx(math.log(300), rel=1e-6)
    assert found.perplexity == pytest.approx(300, rel=1e-4)


def test_weights_decide_how_much_a_token_counts(model: Model) -> None:
    row, other = (
        ROWS[0],
        replace(ROWS[1], weights=type(ROWS[1].weights)("f", [3 * w for w in ROWS[1].weights])),
    )
    (first, count), (second, other_count) = likelihoods(model, [row, ROWS[1]])
    expected = (first + 3 * second) / (count + 3 * other_count)
    assert validate(model, [row, other], 100, step=0).loss == pytest.approx(expected, rel=1e-6)


def test_dropout_is_off_and_no_random_number_is_drawn(tiny_model: Model) -> None:
    model = replace(tiny_model, network=network_of("gpt2", **DROPOUT).train())
    state = torch.get_rng_state()
    first = validate(model, ROWS, 100, step=0)
    model.network.train()
    assert validate(model, ROWS, 100, step=0) == first
    assert torch.equal(torch.get_rng_state(), state)


def test_validation_leaves_weights_and_gradients_alone(model: Model) -> None:
    before = {name: p.detach().clone() for name, p in model.network.named_parameters()}
    validate(model, ROWS, 100, step=0)
    assert all(
        p.grad is None and torch.equal(p, before[name]) for name, p in model.network.named_parameters()
    )


def test_a_loss_that_is_no_number_is_an_error_that_names_the_step(model: Model) -> None:
    with torch.no_grad():
        next(model.network.parameters())[ROWS[3].ids[0]] = math.nan
    with pytest.raises(NonFinite, match=r"^step 12: the validation loss is nan"):
        validate(model, ROWS, 100, step=12)


def test_likelihoods_come_in_the_order_of_the_rows_and_add_up_to_the_loss(model: Model) -> None:
    rows = [replace(row, weights=type(row.weights)("f", map(bool, row.weights))) for row in ROWS]
    pairs = likelihoods(model, rows)
    assert [count for _, count in pairs] == [row.trained for row in ROWS]
    for row, (nats, _) in zip(rows, pairs, strict=True):
        assert nats == pytest.approx(-float(sum(naive_logprobs(model.network, row))), rel=1e-6)
    mean = sum(nats for nats, _ in pairs) / sum(count for _, count in pairs)
    assert validate(model, rows, 100, step=0).loss == pytest.approx(mean, rel=1e-6)


def test_a_row_without_a_wanted_token_costs_nothing_and_keeps_its_place(model: Model) -> None:
    silent = encoded([5, 6, 7], [0, 0, 0])
    pairs = likelihoods(model, [silent, ROWS[0], silent])
    assert pairs == [(0.0, 0), *likelihoods(model, ROWS[:1]), (0.0, 0)]
    assert validate(model, [silent, *ROWS], 100, step=0) == validate(model, ROWS, 100, step=0)


def test_likelihoods_need_no_gradient_and_no_dropout(tiny_model: Model) -> None:
    model = replace(tiny_model, network=network_of("gpt2", **DROPOUT).train())
    first = likelihoods(model, ROWS)
    model.network.train()
    assert likelihoods(model, ROWS) == first
    assert all(parameter.grad is None for parameter in model.network.parameters())
