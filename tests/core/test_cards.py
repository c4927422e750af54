"""Cards are frozen, add up, and refuse a ledger that does not balance."""

import math
from array import array
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from tunesmith.core import cards
from tunesmith.core.cards import (
    BadRow,
    DropCount,
    Encoded,
    Example,
    Ledger,
    Loss,
    Message,
    Place,
    Plan,
    SplitCount,
    Validation,
)
from tunesmith.core.errors import UnbalancedLedger

PLACE = Place("rows.jsonl", 3, 120)
KINDS = [kind for kind in vars(cards).values() if is_dataclass(kind) and kind.__module__ == cards.__name__]


def balanced() -> Ledger:
    return Ledger(
        rows_in=12,
        tokens_in=200,
        splits={
            "train": SplitCount(rows=8, tokens_trained=100, tokens_masked=50, tokens_truncated=5),
            "validation": SplitCount(rows=1, tokens_trained=10, tokens_masked=5),
            "test": SplitCount(rows=1, tokens_trained=10, tokens_masked=5),
        },
        dropped={"too long": DropCount(rows=1, tokens=15), "not valid JSON": DropCount(rows=1)},
    )


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


def test_a_ledger_in_which_everything_is_accounted_for_passes() -> None:
    balanced().check()
    Ledger(rows_in=0, tokens_in=0, splits={}).check()


@pytest.mark.parametrize("field", ["rows_in", "tokens_in"])
@pytest.mark.parametrize("error", [-1, 1])
def test_one_row_or_token_unaccounted_for_is_refused(field: str, error: int) -> None:
    ledger = balanced()
    with pytest.raises(UnbalancedLedger, match="12 rows and 200 tokens are accounted for"):
        replace(ledger, **{field: getattr(ledger, field) + error}).check()


@pytest.mark.parametrize("field", [field.name for field in fields(SplitCount)])
def test_every_count_of_a_split_is_part_of_the_balance(field: str) -> None:
    ledger = balanced()
    train = ledger.splits["train"]
    more = replace(train, **{field: getattr(train, field) + 1})
    with pytest.raises(UnbalancedLedger):
        replace(ledger, splits={**ledger.splits, "train": more}).check()


@pytest.mark.parametrize("field", [field.name for field in fields(DropCount)])
def test_every_count_of_what_was_dropped_is_part_of_the_balance(field: str) -> None:
    ledger = balanced()
    with pytest.raises(UnbalancedLedger):
        replace(ledger, dropped={**ledger.dropped, "other": DropCount(**{field: 1})}).check()


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
