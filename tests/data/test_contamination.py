from dataclasses import replace

import pytest

from planted_rows import mistyped, raw, row, similarity, texts
from tunesmith.core.example import Message
from tunesmith.data.contamination import CONTAINED, NEARLY_SAME, SAME_QUESTION, WAYS, Limits, leaked, leaking

LIMITS = Limits(0.8, 0.95)
QUESTIONS, ANSWERS = texts(40, seed=1), texts(40, seed=2)
ROWS = [row(*pair, line=line) for line, pair in enumerate(zip(QUESTIONS, ANSWERS, strict=True), 1)]
HELD, TRAINING = ROWS[:10], ROWS[10:]


def both(held, training):
    """Say what is found from either side: pairs of a held-out row and a training row, with the way."""
    there, back = leaked(held, training, LIMITS), leaking(training, held, LIMITS)
    forwards = {(int(n), int(there.of[n])): WAYS[there.way[n]] for n in there.rows}
    backwards = {(int(back.of[n]), int(n)): WAYS[back.way[n]] for n in back.rows}
    assert forwards == backwards
    return forwards


def test_rows_that_have_nothing_to_do_with_each_other_are_not_found():
    assert both(HELD, TRAINING) == {}


@pytest.mark.parametrize(
    ("copy", "way"),
    [
        (row(QUESTIONS[3], ANSWERS[3]), SAME_QUESTION),
        (row(QUESTIONS[3].upper(), "another answer"), SAME_QUESTION),
        (row(mistyped(QUESTIONS[3], 2), ANSWERS[3]), NEARLY_SAME),
        (row(QUESTIONS[3], mistyped(ANSWERS[3], 2)), SAME_QUESTION),
        (row("Read this.", f"{QUESTIONS[3]} Well: {texts(1, seed=9)[0]}"), CONTAINED),
        (row(f"{texts(1, seed=9)[0]} {QUESTIONS[3]}", f"{ANSWERS[3]} {texts(1, seed=8)[0]}"), CONTAINED),
    ],
)
def test_a_planted_copy_is_found_from_either_side(copy, way):
    assert both(HELD, [*TRAINING, copy]) == {(3, 30): way}


def test_the_first_way_in_which_a_row_was_found_is_said():
    learned = [row(QUESTIONS[3], "another answer"), *TRAINING, row(mistyped(QUESTIONS[3], 1), ANSWERS[3])]
    found = leaked(HELD, learned, LIMITS)
    assert (found.of[3], found.say(3)) == (0, SAME_QUESTION)


def test_a_short_question_is_the_same_whatever_is_answered():
    held = row("What is the capital of France?", "Paris")
    learned = row("what is the capital of  France?", "The capital of France is Paris, a city on the Seine.")
    assert both([held], [*TRAINING, learned]) == {(0, 30): SAME_QUESTION}


def test_system_turns_make_no_difference():
    told = replace(HELD[2], messages=(Message("system", texts(1, seed=5)[0]), *HELD[2].messages))
    assert both(HELD, [*TRAINING, told]) == {(2, 30): SAME_QUESTION}


def test_rows_that_share_only_their_system_turn_are_not_found():
    system = Message("system", " ".join(texts(10, seed=5)))
    told = [replace(one, messages=(system, *one.messages)) for one in ROWS]
    assert both(told[:10], told[10:]) == {}


def test_raw_text_asks_nothing_but_is_found_whole():
    held, learned = (
        raw(*QUESTIONS[:5], file="held"),
        raw(*QUESTIONS[5:], mistyped(QUESTIONS[2], 2), file="new"),
    )
    assert both(held, learned) == {(2, 35): NEARLY_SAME}


def test_a_row_is_described_by_way_and_degree():
    copy = row(mistyped(QUESTIONS[3], 2), ANSWERS[3])
    found = leaked(HELD, [copy, *TRAINING], LIMITS)
    degree = similarity(HELD[3].whole, copy.whole)
    assert found.rows.tolist() == [3]
    assert found.say(3) == f"nearly the same ({degree:.2f})"
    assert found.ways() == {NEARLY_SAME: 1}
    assert leaked(HELD, ROWS[3:4], LIMITS).say(3) == "the same question"


def test_a_part_of_what_was_found_is_numbered_from_its_own_beginning():
    found = leaked(HELD, [*TRAINING, HELD[7], HELD[2]], LIMITS)
    assert found[5:10].rows.tolist() == [2]
    assert found[5:10].of.tolist() == [-1, -1, 30, -1, -1]
    assert len(found[5:10]) == 5


def test_the_row_that_holds_most_is_named():
    held = row("Say it.", " ".join(texts(4, seed=6)))
    text = held.reference
    learned = [
        row("a", f"{text[:-20]} {texts(20, seed=7)[0]}"),
        row("b", f"{text} {' '.join(texts(4, seed=7))}"),
    ]
    for some, named in ((learned, 1), (learned[::-1], 0)):
        found = leaked([held], some, Limits(1.0, 0.9))
        assert found.of.tolist() == [named]
        assert found.say(0) == "part of a longer row (0.98)"
    assert leaked([held], learned[:1], Limits(1.0, 0.9)).say(0) == "part of a longer row (0.94)"


def test_nothing_leaks_where_there_is_nothing():
    assert both(HELD, []) == both([], TRAINING) == both([], []) == {}
