import random
from string import ascii_letters, digits, punctuation

import numpy as np
import pytest

from natural_rows import natural_text
from tunesmith.data.check import _surprise
from tunesmith.data.check._surprise import deviations, strangeness

CHANCE = random.Random(0)
TEXTS = [natural_text(CHANCE) for _ in range(300)]
NOISE = [
    "".join(random.Random(seed).choices(ascii_letters + digits + punctuation, k=40)) for seed in range(5)
]


def test_noise_stands_out_even_where_it_comes_in_several_rows():
    wording, _ = strangeness(lambda: iter([*TEXTS, *NOISE]), 1)
    assert set(np.argsort(-wording)[:5].tolist()) == set(range(300, 305))
    assert wording[300:].min() > 8
    assert wording[:300].max() < 6


def test_another_language_stands_out_by_its_words():
    wording, _ = strangeness(lambda: iter([*TEXTS, "der die das und oder aber nicht auch noch schon"]), 1)
    assert wording.argmax() == 300


def test_a_text_is_judged_by_the_others_alone():
    repeated = "qqq " * 400
    wording, _ = strangeness(lambda: iter([*TEXTS, repeated]), 1)
    assert wording.argmax() == 300


def test_parts_of_rows_are_compared_with_their_like():
    numbers = [" ".join(str(CHANCE.randrange(1000)) for _ in range(10)) for _ in range(300)]
    parted = [text for pair in zip(TEXTS, numbers, strict=True) for text in pair]
    wording, _ = strangeness(lambda: iter(parted), 2)
    assert wording.max() < 6
    swapped = [*parted[:10], parted[11], parted[10], *parted[12:]]
    wording, _ = strangeness(lambda: iter(swapped), 2)
    assert set(np.argsort(-wording)[:2].tolist()) == {10, 11}


def test_a_text_without_words_has_no_wording():
    wording, size = strangeness(lambda: iter([*TEXTS, "", "  "]), 1)
    assert np.isneginf(wording[300:]).all()
    assert size[300] < -6


def test_a_short_text_may_be_unusual_by_chance():
    wording, _ = strangeness(lambda: iter([*TEXTS, "xq", "xq jv zz kx qj vv qx zj"]), 1)
    assert wording[300] < wording[301]


def test_longer_texts_are_above_and_shorter_ones_below():
    _, size = strangeness(lambda: iter([*TEXTS, "word " * 3000, "a"]), 1)
    assert size[300] > 6
    assert size[301] < -6
    assert np.abs(size[:300]).max() < 6


def test_only_the_beginning_of_a_text_is_read_for_its_wording(monkeypatch):
    monkeypatch.setattr(_surprise, "MOST_CHARACTERS", 20)
    wording, size = strangeness(lambda: iter([*TEXTS, TEXTS[0][:20] + "@#$%" * 50]), 1)
    assert wording[300] < 5
    assert size[300] > 2


def test_deviations_are_robust_and_never_measured_against_nothing():
    values = np.array([1.0, 2, 3, 4, 5, 1000])
    assert deviations(values)[:5] == pytest.approx((values[:5] - 3.5) / (1.4826 * 1.5))
    assert deviations(np.array([1.0, 1, 1, 1.2])) == pytest.approx([0, 0, 0, 2])


def test_no_texts_are_no_numbers():
    wording, size = strangeness(lambda: iter([]), 2)
    assert len(wording) == len(size) == 0
