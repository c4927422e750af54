import numpy as np
import pytest

from planted_rows import material, mistyped, row, similarity, texts
from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.errors import BadOption
from tunesmith.core.registry import Registry
from tunesmith.data.check.near_duplicates import NearDuplicates
from tunesmith.data.cleaner.deduplicate import Deduplicate

PROMPTS, ANSWERS = texts(60, seed=1, length=8), texts(60, seed=2)
ROWS = [row(*pair, line=line) for line, pair in enumerate(zip(PROMPTS, ANSWERS, strict=True), 1)]
COPIES = [
    row(PROMPTS[3], ANSWERS[3], 101),
    row(PROMPTS[4].upper(), ANSWERS[4], 102),
    row(PROMPTS[5], "another answer", 103),
    row(PROMPTS[6], mistyped(ANSWERS[6], 2), 104),
    row(PROMPTS[3], ANSWERS[3], 105),
]


def unasked(*_):
    raise AssertionError("nothing asks a model")


NOTHING = Given((), unasked, unasked)


def dropped(rows, given=NOTHING, **options):
    """Give the line of every row that is left out, with the reason; all others must stay as they are."""
    decided = list(Deduplicate(**options).clean(rows, given))
    assert len(decided) == len(rows)
    for one, decision in zip(rows, decided, strict=True):
        if decision.row is not None:
            assert decision.row is one
            assert decision.reason == ""
    pairs = zip(rows, decided, strict=True)
    return {one.place.line: (was.reason, was.detail) for one, was in pairs if was.row is None}


def test_rows_to_the_letter_are_left_out_by_default():
    exact = ("exact duplicate", "of rows.jsonl:4")
    assert dropped([*ROWS, *COPIES]) == {101: exact, 105: exact}


def test_by_prompt_the_first_answer_stays():
    found = dropped([*ROWS, *COPIES], by="prompt")
    assert found == {
        line: ("repeated prompt", f"of rows.jsonl:{original}")
        for line, original in ((101, 4), (102, 5), (103, 6), (104, 7), (105, 4))
    }


def test_near_copies_are_left_out_and_named_with_their_similarity():
    degree = similarity(ROWS[6].whole, COPIES[3].whole)
    assert dropped([*ROWS, *COPIES], by="near") == {
        101: ("near duplicate", "of rows.jsonl:4 (1.00)"),
        102: ("near duplicate", "of rows.jsonl:5 (1.00)"),
        104: ("near duplicate", f"of rows.jsonl:7 ({degree:.2f})"),
        105: ("near duplicate", "of rows.jsonl:4 (1.00)"),
    }
    assert dropped([*ROWS, *COPIES], by="near", similarity=0.99).keys() == {101, 102, 105}


def test_by_meaning_vectors_are_compared():
    angles = {text: number for number, text in enumerate(ANSWERS)}

    def embed(some):
        turned = np.radians([10 * angles[text.splitlines()[1]] for text in some])
        return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)

    found = dropped(ROWS[:5], Given((), embed, unasked), by="semantic")
    assert found == {
        2: ("semantic duplicate", "of rows.jsonl:1 (0.98)"),
        4: ("semantic duplicate", "of rows.jsonl:3 (0.98)"),
    }
    assert dropped(ROWS[:5], Given((), embed, unasked), by="semantic", similarity=0.99) == {}


def test_what_the_check_counts_is_what_is_left_out():
    rows = [*ROWS, *COPIES]
    (finding,) = NearDuplicates().look(material(rows))
    exact = dropped(rows)
    assert finding.rows == len(dropped(rows, by="near").keys() - exact.keys()) == 2


@pytest.mark.parametrize("by", ["exact", "prompt", "near"])
def test_nothing_is_left_out_twice(by):
    rows = [one for one in [*ROWS, *COPIES] if one.place.line not in dropped([*ROWS, *COPIES], by=by)]
    assert dropped(rows, by=by) == {}


@pytest.mark.parametrize("by", ["exact", "prompt", "near", "semantic"])
def test_no_rows_are_no_trouble(by):
    assert dropped([], by=by) == {}


@pytest.mark.parametrize("by", ["exact", "prompt"])
def test_a_similarity_that_would_have_no_effect_is_refused(by):
    with pytest.raises(BadOption, match=f"by={by} knows only equal and unequal"):
        Registry("data.cleaner", Cleaner).build("deduplicate", {"by": by, "similarity": 0.9})


@pytest.mark.parametrize("similarity", [0.4, 1.1])
def test_a_similarity_out_of_range_is_refused(similarity):
    with pytest.raises(BadOption, match="similarity"):
        Registry("data.cleaner", Cleaner).build("deduplicate", {"by": "near", "similarity": similarity})
