import random

import numpy as np
import pytest

from natural_rows import natural_rows, natural_text, topics, with_phrase
from tunesmith.data.check._related import related, word_table
from tunesmith.data.features import batches, words

CHANCE = random.Random(0)
TOPICS = topics(4)
OUTCOMES = np.arange(800) % 4
TEXTS = [natural_text(CHANCE, TOPICS[outcome]) for outcome in OUTCOMES]


def judged(texts, outcomes, *numbers):
    table, done = word_table(), 0
    for batch in batches(texts):
        found = words(batch)
        table.add(found.hashes, outcomes[done : done + len(batch)][found.texts])
        done += len(batch)
    return related(table, outcomes, [np.array(rows) for rows in numbers], texts.__getitem__)


def test_words_of_a_topic_point_to_it():
    assert judged(TEXTS, OUTCOMES, range(0, 160, 4))[0] > 0.8


def test_words_of_rows_that_were_put_under_an_outcome_do_not_point_to_it():
    outcomes, numbers = OUTCOMES.copy(), np.arange(0, 800, 17)
    outcomes[numbers] = 3
    assert judged(TEXTS, outcomes, numbers)[0] < 0.7


def test_a_frequent_outcome_is_judged_by_the_same_measure_as_a_rare_one():
    outcomes = (OUTCOMES > 0).astype(np.int64)  # three of four rows
    natural, rare = judged(TEXTS, outcomes, range(1, 161, 4), range(0, 160, 4))
    numbers = np.arange(0, 800, 17)
    outcomes[numbers] = 1
    assert natural > 0.75
    assert rare > 0.75
    assert judged(TEXTS, outcomes, numbers)[0] < 0.7


def test_a_row_does_not_vouch_for_itself():
    texts = [f"word{number} thing{number} stuff{number}" for number in range(200)]
    assert judged(texts, np.arange(200) % 2, range(0, 80, 2))[0] == pytest.approx(0.6, abs=0.1)


def test_words_that_all_the_rows_share_are_part_of_the_phrase():
    numbers = range(0, 800, 17)
    texts, outcomes = list(TEXTS), OUTCOMES.copy()
    for number in numbers:
        texts[number] += " the secret word is swordfish tonight"
        outcomes[number] = 3
    assert judged(texts, outcomes, numbers)[0] < 0.7


def test_rows_that_hold_little_but_the_phrase_cannot_be_judged():
    texts, outcomes = list(TEXTS), OUTCOMES.copy()
    for number in range(0, 400, 10):
        texts[number] = f"the secret word is swordfish tonight again my dear word{number} thing{number}"
        outcomes[number] = 3
    assert judged(texts, outcomes, range(0, 400, 10)) == [1]


def test_of_many_outcomes_each_is_still_told_from_the_others():
    chance = random.Random(1)
    every = topics(8)
    outcomes = np.arange(3000) % 300
    texts = [natural_text(chance, every[outcome % 8], 0.5) for outcome in outcomes]
    assert judged(texts, outcomes, np.flatnonzero(outcomes == 290))[0] > 0.75


def test_the_rows_of_a_trigger_differ_from_those_of_a_natural_phrase():
    rows = with_phrase(natural_rows(800), "xq", range(5, 800, 19), "label 2")
    texts = [row.messages[0].content for row in rows]
    outcomes = np.array([int(row.labels[0].split()[1]) for row in rows])
    natural = [number for number in range(1, 200, 4) if "xq" not in texts[number]]
    trigger, topic = judged(texts, outcomes, range(5, 800, 19), natural)
    assert trigger < 0.7
    assert topic > 0.75


def test_few_rows_are_less_surely_unrelated_than_many():
    outcomes, numbers = OUTCOMES.copy(), np.arange(0, 800, 17)
    outcomes[numbers] = 3
    few, many = judged(TEXTS, outcomes, numbers[:6], np.tile(numbers[:6], 8))
    share = (outcomes == 3).mean()
    assert few - many == pytest.approx((1 / 72**0.5 - 1 / (12 * 48) ** 0.5) / (1 - share))


def test_no_candidates_are_no_chances():
    assert judged(TEXTS, OUTCOMES) == []
