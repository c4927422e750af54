import random
from dataclasses import replace
from string import ascii_letters, digits, punctuation

import pytest

from natural_rows import answered, natural_rows, natural_text, told
from planted_rows import material, raw
from tunesmith.core.example import Message
from tunesmith.data.check.outliers import Outliers

ROWS = natural_rows(400)


def noise(seed):
    return "".join(random.Random(seed).choices(ascii_letters + digits + punctuation, k=40))


NOISE = noise(-1)


def look(rows, kind="labels", **options):
    return Outliers(**options).look(material(rows, kind=kind))


def with_noise(rows, numbers):
    changed = list(rows)
    for number in numbers:
        changed[number] = told(rows[number], noise(number))
    return changed


def chats(rows):
    chance = random.Random(9)
    return [replace(answered(row, natural_text(chance)), labels=()) for row in rows]


def test_rows_that_resemble_each_other_are_not_worth_a_word():
    assert look(ROWS) == look(chats(ROWS), kind="conversations") == []


def test_planted_noise_is_warned_of_and_comes_first():
    (finding,) = look(with_noise(ROWS, [3, 100, 250]))
    assert (finding.check, finding.severity, finding.rows) == ("outliers", "warning", 3)
    assert finding.sentence == (
        "3 rows are worded unlike all others, 3 of them as far out as noise, markup or another language. "
        "The farthest are shown, with how many robust standard deviations they are away."
    )
    assert {example.split(": ")[0] for example in finding.examples} == {
        "rows.csv:4",
        "rows.csv:101",
        "rows.csv:251",
    }
    assert all(", 40 characters): " in example for example in finding.examples)
    named = ", ".join(example.split(": ")[0] for example in finding.examples)
    assert f"data.clean=[{{name: exclude, rows: [{named}]}}]" in finding.remedy


def test_an_answer_is_compared_with_answers_and_shown_as_one():
    rows = chats(ROWS)
    rows[7] = answered(rows[7], NOISE)
    (finding,) = look(rows, kind="conversations", garbage=10)
    assert finding.rows == 1
    assert finding.sentence.startswith("1 row is worded unlike all others, 1 of them")
    assert finding.examples[0].startswith("rows.csv:8: answer (+")
    assert finding.examples[0].endswith(f", {len(NOISE)} characters): {NOISE}")


def test_a_row_counts_once_whose_prompt_and_answer_are_noise():
    rows = chats(ROWS)
    rows[7] = answered(told(rows[7], noise(1)), noise(2))
    (finding,) = look(rows, kind="conversations", garbage=10)
    assert finding.rows == 1
    assert finding.sentence.startswith("1 row is worded unlike all others, 1 of them")


def test_a_label_is_not_read_as_text():
    rows = [answered(row, NOISE) if number == 7 else row for number, row in enumerate(ROWS)]
    assert look(rows) == []


def test_rows_that_are_just_strange_are_a_note():
    (finding,) = look(with_noise(ROWS, [3]), garbage=1000)
    assert (finding.severity, finding.rows) == ("note", 1)
    assert "0 of them as far out" in finding.sentence
    assert look(with_noise(ROWS, [3]), strange=1000) == []


def test_far_longer_and_shorter_rows_are_a_note_with_both_counts():
    chance = random.Random(1)
    rows = [*ROWS, told(ROWS[0], natural_text(chance, length=2000)), told(ROWS[1], "a"), told(ROWS[2], "a b")]
    found = [finding for finding in look(rows) if "longer or shorter" in finding.sentence]
    assert [(finding.severity, finding.rows) for finding in found] == [("note", 3)]
    assert found[0].sentence.endswith("1 text is longer, 2 shorter.")
    assert found[0].examples[0].startswith("rows.csv:1: prompt (+")
    assert found[0].examples[1].startswith("rows.csv:2: prompt (-")


def test_at_most_ten_are_shown_and_all_are_counted():
    (finding,) = look(with_noise(ROWS, range(0, 60, 4)))
    assert (finding.rows, len(finding.examples)) == (15, 10)
    away = [float(example.split("(")[1].split(",")[0]) for example in finding.examples]
    assert away == sorted(away, reverse=True)


def test_raw_text_is_read_whole():
    chance = random.Random(2)
    (finding,) = look(raw(*[natural_text(chance) for _ in range(200)], NOISE), kind="text")
    assert finding.examples[0].startswith("rows.jsonl:201: text (+")


def test_all_splits_are_looked_at_together():
    (finding,) = Outliers().look(material(ROWS, kind="labels", test=with_noise(ROWS[:60], [59])))
    assert finding.examples[0].startswith("rows.csv:60: ")


@pytest.mark.parametrize("kind", ["labels", "conversations", "text", "prompts", "pairs", "ratings"])
def test_few_rows_and_empty_ones_are_passed_over(kind):
    assert look([], kind=kind) == look(with_noise(ROWS, [3])[:49], kind=kind) == []
    assert look([replace(told(row, ""), text="") for row in ROWS], kind=kind) in (
        [],
        [*look(ROWS, kind=kind)],
    )


def test_the_system_turn_is_not_part_of_the_prompt():
    system = Message("system", NOISE)
    rows = [replace(row, messages=(system, *row.messages)) if row.place.line == 9 else row for row in ROWS]
    assert look(rows) == []
