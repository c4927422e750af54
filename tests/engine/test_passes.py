from collections import Counter

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_parts import encoded, random_rows
from tunesmith.engine.passes import Pass, passes

CPU = torch.device("cpu")


def one(*rows: tuple[list[int], list[float]]) -> Pass:
    (batch,) = passes([encoded(ids, weights, str(n)) for n, (ids, weights) in enumerate(rows)], 1000, CPU)
    return batch


def test_a_row_is_read_up_to_its_last_wanted_token_and_not_beyond() -> None:
    batch = one(([5, 6, 7, 8, 9], [0, 0, 1, 1, 0]))
    assert batch.ids_BT.tolist() == [[5, 6, 7]]
    assert batch.predict_BT.tolist() == [[False, True, True]]
    assert batch.targets_R.tolist() == [7, 8]


def test_targets_and_weights_stand_in_the_order_of_the_marked_positions() -> None:
    batch = one(([1, 2, 3, 4], [0, 0.5, 0, 2]), ([5, 6, 7, 8, 9], [0, 0, 3, 0, 4]))
    assert batch.keys == ("1", "0")
    assert batch.ids_BT.tolist() == [[5, 6, 7, 8], [1, 2, 3, 0]]
    assert batch.predict_BT.tolist() == [[False, True, False, True], [True, False, True, False]]
    assert batch.targets_R.tolist() == [7, 9, 2, 4]
    assert batch.weights_R.tolist() == [3, 4, 0.5, 2]


def test_shorter_rows_are_padded_on_the_right_and_nothing_is_predicted_there() -> None:
    batch = one(([1, 2, 3, 4, 5], [0, 1, 1, 1, 1]), ([6, 7], [0, 1]))
    assert batch.ids_BT.tolist() == [[1, 2, 3, 4], [6, 0, 0, 0]]
    assert batch.predict_BT[1].tolist() == [True, False, False, False]


def test_the_longest_rows_come_first() -> None:
    widths = [batch.ids_BT.shape[1] for batch in passes(random_rows(30), 64, CPU)]
    assert len(widths) > 5
    assert widths == sorted(widths, reverse=True)


def test_a_row_longer_than_a_pass_gets_one_of_its_own() -> None:
    row = encoded(range(1, 21), [0.0] + [1.0] * 19)
    shapes = [tuple(batch.ids_BT.shape) for batch in passes([row, row], 5, CPU)]
    assert shapes == [(1, 19), (1, 19)]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 25), st.integers(1, 300), st.integers(0, 1000))
def test_every_wanted_token_is_predicted_once_within_the_budget(
    count: int, tokens_per_pass: int, seed: int
) -> None:
    rows = random_rows(count, seed)
    seen: Counter[tuple[str, int]] = Counter()
    for batch in passes(rows, tokens_per_pass, CPU):
        assert batch.ids_BT.numel() <= tokens_per_pass or len(batch.ids_BT) == 1
        counts = batch.predict_BT.sum(1).tolist()
        owners = [key for key, wanted in zip(batch.keys, counts, strict=True) for _ in range(wanted)]
        seen.update(zip(owners, batch.targets_R.tolist(), strict=True))
        assert len(batch.weights_R) == len(batch.targets_R) == int(batch.predict_BT.sum())
    wanted = Counter(
        (row.key, token) for row in rows for token, weight in zip(row.ids, row.weights, strict=True) if weight
    )
    assert seen == wanted


def test_no_rows_make_no_pass() -> None:
    assert list(passes([], 100, CPU)) == []


def test_rows_of_equal_length_keep_their_order() -> None:
    rows = [encoded([1, 2, 3], [0, 1, 1], key) for key in "abcdef"]
    assert [key for batch in passes(rows, 4, CPU) for key in batch.keys] == list("abcdef")
