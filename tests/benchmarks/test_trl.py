"""What TRL's collator saw is counted step by step."""

from benchmarks.contestant.trl import Seen


def test_tokens_are_counted_by_step_and_an_epoch_s_last_step_may_be_smaller() -> None:
    seen = Seen(collate=len, dense=True, compact=False)
    for _ in range(2):
        for length in (3, 4, 5):
            assert seen([{"input_ids": [1] * length, "labels": [-100] * length}]) == 1
    assert seen.per_step(accumulation=2, epochs=2) == [7, 5, 7, 5]
    assert seen.per_step(accumulation=1, epochs=1) == [3, 4, 5, 3, 4, 5]


def test_a_pack_is_told_by_the_lengths_of_its_rows() -> None:
    seen = Seen(collate=len, dense=True, compact=False)
    seen([{"input_ids": [1] * 7, "labels": [-100] * 4 + [1] * 3, "seq_lengths": [3, 4]}])
    (ran,) = seen.ran
    assert (ran.executed.pairs, ran.own_pairs, ran.wanted) == (49, 6 + 10, 3)
