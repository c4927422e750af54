from dataclasses import replace

import pytest

from planted_rows import material, mistyped, row, texts
from tunesmith.core.example import Place
from tunesmith.data.check.contamination import Contamination

PROMPTS, ANSWERS = texts(500, seed=1, length=12), texts(500, seed=2)
ROWS = [row(*pair, line=line) for line, pair in enumerate(zip(PROMPTS, ANSWERS, strict=True), 1)]
TRAIN, VALIDATION, TEST, SUITE = ROWS[:150], ROWS[150:200], ROWS[200:400], ROWS[400:]


def look(*copies, against=True, **options):
    """Look at the four sets, with copies put behind the training rows."""
    learned = [replace(copy, place=Place("learned.jsonl", line)) for line, copy in enumerate(copies, 1)]
    sets = {"suite": SUITE} if against else {}
    rows = material([*TRAIN, *learned], validation=VALIDATION, test=TEST, against=sets)
    return Contamination(**options).look(rows)


def near(number):
    return row(mistyped(PROMPTS[number], 1), mistyped(ANSWERS[number], 1))


def loud(number):
    return row(PROMPTS[number].upper(), "something else")


def longer(number):
    return row("Listen.", f"{texts(1, seed=number)[0]} {PROMPTS[number]} {texts(1, seed=number + 1)[0]}")


def test_rows_that_all_differ_are_not_worth_a_word():
    assert look() == []


def test_every_sort_of_copy_of_a_test_row_is_counted():
    (finding,) = look(near(210), loud(211), loud(212), longer(213), ROWS[214])
    assert (finding.check, finding.severity, finding.rows) == ("contamination", "stop", 5)
    assert finding.sentence == (
        "Training rows give 5 of 200 test rows (2.5%) away: 3 the same question, 1 nearly the same, "
        "1 part of a longer row. A score on them says little."
    )
    assert finding.chart == {"the same question": 3, "nearly the same": 1, "part of a longer row": 1}
    shown = PROMPTS[211][:79]
    assert finding.examples[1].startswith(f"rows.jsonl:212 and learned.jsonl:2, the same question: {shown}")
    assert "decontaminate" in finding.remedy
    assert "by: group" in finding.remedy


def test_few_test_rows_are_a_warning_and_more_stop():
    assert [finding.severity for finding in look(near(210), near(211))] == ["warning"]
    assert [finding.severity for finding in look(near(210), near(211), near(212))] == ["stop"]


def test_how_many_are_too_many_is_an_option():
    assert look(near(210), most=0)[0].severity == "stop"
    assert look(*map(near, range(210, 220)), most=0.1)[0].severity == "warning"


def test_validation_rows_are_a_warning_however_many():
    (finding,) = look(*map(near, range(150, 190)))
    assert (finding.severity, finding.rows) == ("warning", 40)
    assert finding.sentence.startswith("Training rows give 40 of 50 validation rows (80.0%) away")


def test_a_single_row_of_an_evaluation_set_stops():
    (finding,) = look(loud(410))
    assert (finding.severity, finding.rows) == ("stop", 1)
    assert finding.sentence.startswith("Training rows give 1 of 100 rows of suite (1.0%) away: 1 the same")
    assert finding.remedy == "data.clean=[{name: decontaminate}] leaves those training rows out."


def test_every_set_has_a_finding_of_its_own_those_that_stop_first():
    found = look(near(160), near(210), near(410), longer(411))
    assert [(finding.severity, finding.rows) for finding in found] == [
        ("stop", 2),
        ("warning", 1),
        ("warning", 1),
    ]
    assert ["suite" in found[0].sentence, "validation" in found[1].sentence, "test" in found[2].sentence] == [
        True
    ] * 3


def test_rows_of_evaluation_sets_that_are_like_test_rows_are_not_learned():
    rows = material(TRAIN, test=TEST, against={"suite": [near(210), loud(211)]})
    assert Contamination().look(rows) == []


@pytest.mark.parametrize(
    ("options", "copy"), [({"similarity": 0.99}, near(210)), ({"contained": 1.0}, longer(210))]
)
def test_limits_are_options(options, copy):
    if "contained" in options:
        copy = row("Listen.", f"{texts(1, seed=3)[0]} {mistyped(PROMPTS[210], 1)[:-1]}.")
        assert len(look(copy, contained=0.5)) == 1
    assert look(copy, **options) == []


def test_without_held_out_rows_nothing_is_compared():
    assert Contamination().look(material(TRAIN)) == []
