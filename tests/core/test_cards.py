"""Cards are frozen and add up."""

import math
from array import array
from dataclasses import FrozenInstanceError, is_dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from tunesmith.core import cards, ledger, report, service
from tunesmith.core.cards import Encoded, Loss, Plan, Validation
from tunesmith.core.example import BadRow, Example, Message, Place

PLACE = Place("rows.jsonl", 3, 120)
KINDS = [
    kind
    for page in (cards, ledger, report, service)
    for kind in vars(page).values()
    if is_dataclass(kind) and kind.__module__ == page.__name__
]


def test_every_card_is_frozen_and_says_what_it_is() -> None:
    assert len(KINDS) >= 20
    for kind in KINDS:
        assert kind.__dataclass_params__.frozen, kind
        assert (kind.__doc__ or "").splitlines()[0].rstrip(":").endswith("."), kind
    with pytest.raises(FrozenInstanceError):
        PLACE.line = 4  # type: ignore[misc]  # that is the point


def test_a_place_reads_as_file_line_and_byte() -> None:
    assert str(PLACE) == "rows.jsonl:3 (byte 120)"


def test_a_bad_row_says_where_what_and_how_to_mend_it() -> None:
    row = BadRow(PLACE, "empty answer", "''", "Write one or remove the row.")
    assert str(row) == "rows.jsonl:3 (byte 120): empty answer: ''. Write one or remove the row."


def test_prompt_and_reference_are_the_two_sides_of_a_conversation() -> None:
    turns = (Message("user", "Hi"), Message("assistant", "Hello"))
    example = Example(PLACE, messages=turns)
    assert (example.prompt, example.reference) == (turns[:1], "Hello")
    assert (Example(PLACE, text="Once").prompt, Example(PLACE, text="Once").reference) == ((), "Once")


def test_a_token_has_the_same_say_in_whichever_micro_batch_it_is() -> None:
    added = Loss.nothing() + Loss(3.0, 3.0) + Loss(4.0, 1.0)
    assert added.mean == 1.75  # the mean of the two means would be 2.5


@given(some.lists(some.lists(some.integers(0, 1000), min_size=1), min_size=1))
def test_adding_losses_gives_the_mean_over_all_tokens(batches: list[list[int]]) -> None:
    added = Loss.nothing()
    for batch in batches:
        added += Loss(float(sum(batch)), float(len(batch)))
    every = [token for batch in batches for token in batch]
    assert added.mean == sum(every) / len(every)


def test_a_detached_loss_has_the_same_numbers_without_the_graph() -> None:
    parameter = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = Loss(parameter.sum(), 2.0)
    detached = (loss + loss).detached()
    assert detached == Loss(6.0, 4.0)
    assert isinstance(detached.total, float)


def test_a_plan_weighs_what_its_predictions_weigh_and_counts_all_tokens() -> None:
    one = Encoded(array("i", [1, 2, 3]), array("f", [0, 1, 1]))
    other = Encoded(array("i", [1, 2]), array("f", [0, 0.5]))
    plan = Plan(step=1, epoch=1, sequences=(one, other))
    assert (plan.weight, plan.tokens) == (2.5, 5)
    assert (len(one), one.trained, other.trained) == (3, 2, 1)


def test_perplexity_of_a_diverged_loss_is_infinite() -> None:
    assert Validation(step=1, loss=1e4, token_accuracy=0.0, tokens=5).perplexity == math.inf


def test_perplexity_is_the_exponential_of_the_loss() -> None:
    measured = Validation(step=1, loss=1.5, token_accuracy=0.5, tokens=10)
    assert measured.perplexity == pytest.approx(math.exp(1.5), rel=1e-12)
