"""The byte models are probability distributions, and learn what there is to learn."""

import math

import baselines
import numpy as np
import pytest

TEXTS = ["the cat sat on the mat", "the dog sat on the log", "a cat and a dog"] * 3


@pytest.mark.parametrize("order", [1, 2, 3, 8])
@pytest.mark.parametrize("context", ["the c", "zzzzz", "", "a dog sat"])
def test_the_probabilities_of_all_next_bytes_add_up_to_one(order: int, context: str) -> None:
    tables = baselines._tables(baselines._grams(TEXTS, order), order)
    history = (bytes(order) + context.encode())[len(context.encode()) + 1 :]
    start = int.from_bytes(history, "big") << 8
    wanted = np.array([start | byte for byte in range(256)], dtype=np.uint64)
    probability = np.full(256, 1 / 256)
    for size, table in enumerate(tables, 1):
        probability = table.interpolate(baselines._last(wanted, size), probability)
    assert probability.sum() == pytest.approx(1)
    assert probability.min() > 0


def test_an_unseen_byte_costs_at_least_a_uniform_guess() -> None:
    assert baselines.byte_model(["aaaa"], ["\x01"], order=3) > 8


def test_the_first_order_agrees_with_counting() -> None:
    # 6 a and 2 b: each discounted by 0.75, what is freed (2 x 0.75 of 8) spread over 256 bytes.
    freed = 2 * 0.75 / 8 / 256
    expected = -(math.log2((6 - 0.75) / 8 + freed) + math.log2((2 - 0.75) / 8 + freed)) / 2
    assert baselines.byte_model(["aaaaaabb"], ["ab"], order=1) == pytest.approx(expected)


def test_longer_contexts_predict_repeated_text_better() -> None:
    costs = [baselines.byte_model(TEXTS, ["the cat sat on the log"], order) for order in (1, 2, 4, 8)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < 1.5


def test_an_order_beyond_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 8; found 9"):
        baselines.byte_model(TEXTS, TEXTS, order=9)


def test_training_texts_help_a_compressor() -> None:
    found = baselines.baselines(TEXTS, ["the cat sat on the log. " * 4])
    assert found["uniform"] == 8
    assert found["xz_after_training"] < found["xz"]
    assert found["byte_8_gram"] < found["byte_5_gram"] < found["byte_unigram"]
