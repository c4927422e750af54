"""Entity F1 as the CoNLL shared tasks count it; the cases are worked out by hand from the definition."""

import pytest

from tunesmith.core.cards import Completion
from tunesmith.core.errors import BadData
from tunesmith.core.tagged import Tagged
from tunesmith.evaluation.metric.entity_f1 import EntityF1, entities


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("O O", []),
        ("B-PER I-PER O B-LOC", [("PER", 0, 2), ("LOC", 3, 4)]),
        ("B-PER B-PER", [("PER", 0, 1), ("PER", 1, 2)]),  # B always begins one
        ("I-PER I-PER O", [("PER", 0, 2)]),  # I begins one where none of its type goes on
        ("B-PER I-LOC I-LOC", [("PER", 0, 1), ("LOC", 1, 3)]),
        ("I-PER O I-PER", [("PER", 0, 1), ("PER", 2, 3)]),
        ("B-PER I-PER E-PER S-LOC", [("PER", 0, 3), ("LOC", 3, 4)]),
        ("S-LOC S-LOC E-LOC I-LOC", [("LOC", 0, 1), ("LOC", 1, 2), ("LOC", 2, 3), ("LOC", 3, 4)]),
        ("B-LOC S-LOC", [("LOC", 0, 1), ("LOC", 1, 2)]),  # a single word never goes on
        ("B-A-B I-A-B", [("A-B", 0, 2)]),
        ("B I O I", [("", 0, 2), ("", 3, 4)]),
        ("NN NN VB", [("NN", 0, 2), ("VB", 2, 3)]),  # without a place, alike tags are one
        ("", []),
    ],
)
def test_entities_are_runs_of_words(tags, found):
    assert list(entities(tags.split())) == found


def answer(tags: str) -> str:
    return Tagged(tuple(f"w{number}" for number in range(len(tags.split()))), tuple(tags.split())).text()


WANTED = "B-PER I-PER O B-LOC"


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (answer(WANTED), (2, 2, 2)),
        (answer("B-PER O O B-LOC"), (1, 2, 2)),  # too short is wrong
        (answer("B-PER I-PER O B-ORG"), (1, 2, 2)),  # so is another type
        (answer("O O O O"), (0, 0, 2)),
        (answer("B-PER I-PER"), (1, 1, 2)),  # cut off: what was not read was not found
        (answer("B-PER I-PER O B-LOC").replace("w0", "v0"), (0, 0, 2)),  # other words
        ("a person and a place", (0, 0, 2)),
    ],
)
def test_an_entity_is_right_as_a_whole_or_not_at_all(said, counts, example):
    assert EntityF1().score(Completion(said), example(answer(WANTED))) == counts


def test_the_value_is_that_of_all_rows_together():
    assert EntityF1().summarise([3.0, 4.0, 8.0]) == 0.5
    assert EntityF1().summarise([0.0, 0.0, 0.0]) == 0.0


def test_a_reference_of_another_kind_has_no_entities(example):
    assert EntityF1().score(Completion(answer(WANTED)), example("red")) == (0.0, 0.0, 0.0)


def test_tags_that_are_numbers_are_refused() -> None:
    with pytest.raises(BadData, match="the tag '0' is a number"):
        list(entities(["0", "3"]))
