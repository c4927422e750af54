"""Batches hold every answer once, keep to their budget, and never mix answers that may not grow alike."""

from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.cards import Decoding, Model
from tunesmith.generation.backend._answer import Answer
from tunesmith.generation.backend._batches import batches

CONTEXT = 40


def answers_of(model: Model, lengths: list[int]) -> list[Answer]:
    return [Answer.begin(model.chat, CONTEXT, [1] * length, Decoding(max_tokens=9)) for length in lengths]


def test_every_answer_is_in_one_batch_within_budget_and_context(tiny_model: Model) -> None:
    @given(lengths=st.lists(st.integers(1, CONTEXT - 1), max_size=30), budget=st.integers(1, 300))
    def check(lengths: list[int], budget: int) -> None:
        answers = answers_of(tiny_model, lengths)
        found = list(batches(answers, budget))
        assert sorted(position for batch in found for position in batch) == list(range(len(lengths)))
        for batch in found:
            longest = max(lengths[position] for position in batch)
            limits = {answers[position].limit for position in batch}
            assert len(limits) == 1
            assert longest + limits.pop() <= CONTEXT
            assert len(batch) == 1 or len(batch) * (longest + answers[batch[0]].limit) <= budget

    check()


def test_answers_of_similar_length_share_a_batch(tiny_model: Model) -> None:
    answers = answers_of(tiny_model, [3, 20, 4, 21])
    assert list(batches(answers, 60)) == [[3, 1], [2, 0]]
