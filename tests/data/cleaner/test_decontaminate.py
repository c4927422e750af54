import pytest

from planted_rows import material, mistyped, row, similarity, texts
from tunesmith.core.audit import Given
from tunesmith.data.check.contamination import Contamination
from tunesmith.data.cleaner.decontaminate import Decontaminate

PROMPTS, ANSWERS = texts(60, seed=1, length=12), texts(60, seed=2)
ROWS = [row(*pair, line=line) for line, pair in enumerate(zip(PROMPTS, ANSWERS, strict=True), 1)]
TRAIN, HELD_OUT = ROWS[:40], ROWS[40:]
COPIES = [
    row(PROMPTS[50].title(), "another answer", 101),
    row(mistyped(PROMPTS[51], 1), ANSWERS[51], 102),
    row("Listen.", f"{texts(1, seed=5)[0]} {PROMPTS[52]} {texts(1, seed=6)[0]}", 103),
    row(mistyped(PROMPTS[51], 1, seed=1), ANSWERS[51], 104),
]


def unasked(*_):
    raise AssertionError("nothing asks a model")


def dropped(rows, held_out=HELD_OUT, **options):
    """Give the line of every row that is left out, with the detail; all others must stay as they are."""
    decided = list(Decontaminate(**options).clean(rows, Given(held_out, unasked, unasked)))
    assert len(decided) == len(rows)
    found = {}
    for one, decision in zip(rows, decided, strict=True):
        if decision.row is None:
            assert decision.reason == "gives a held-out row away"
            found[one.place.line] = decision.detail
        else:
            assert (decision.row, decision.reason) == (one, "")
    return found


def test_it_works_on_training_rows_only():
    assert Decontaminate.after_split


def test_rows_that_have_nothing_to_do_with_held_out_ones_stay():
    assert dropped(TRAIN) == {}


def test_every_row_that_gives_a_held_out_row_away_is_left_out_and_says_which():
    first, second = (similarity(ROWS[51].whole, COPIES[number].whole) for number in (1, 3))
    assert dropped([*TRAIN, *COPIES]) == {
        101: "rows.jsonl:51: the same question",
        102: f"rows.jsonl:52: nearly the same ({first:.2f})",
        103: "rows.jsonl:53: part of a longer row (1.00)",
        104: f"rows.jsonl:52: nearly the same ({second:.2f})",
    }


def test_limits_are_options():
    assert dropped([*TRAIN, *COPIES], similarity=0.99, contained=1.0).keys() == {101, 103}
    cut = row("Listen.", f"{texts(1, seed=5)[0]} {PROMPTS[52][:-8]} {texts(1, seed=6)[0]}", 105)
    assert dropped([cut]) == {}
    assert dropped([cut], contained=0.7).keys() == {105}


def test_what_is_left_gives_nothing_away():
    rows = [*TRAIN, *COPIES]
    assert len(Contamination().look(material(rows, test=HELD_OUT))) == 1
    left = [one for one in rows if one.place.line not in dropped(rows)]
    assert Contamination().look(material(left, test=HELD_OUT)) == []


@pytest.mark.parametrize(("rows", "held_out"), [(TRAIN, []), ([], HELD_OUT), ([], [])])
def test_without_rows_on_either_side_all_stay(rows, held_out):
    assert dropped(rows, held_out) == {}
