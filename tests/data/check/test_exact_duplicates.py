from dataclasses import replace

from planted_rows import material, raw, row, texts
from tunesmith.core.audit import MOST_EXAMPLES
from tunesmith.data.check.exact_duplicates import ExactDuplicates

PROMPTS, ANSWERS = texts(100, seed=1, length=8), texts(100, seed=2)
ROWS = [row(*pair, line=line) for line, pair in enumerate(zip(PROMPTS, ANSWERS, strict=True), 1)]


def look(*arguments, **more):
    return ExactDuplicates().look(material(*arguments, **more))


def again(number, line, **changes):
    """Give a row once more, at another place."""
    return replace(row(PROMPTS[number], ANSWERS[number], line), **changes)


def test_rows_that_all_differ_are_not_worth_a_word():
    assert look(ROWS[:80], validation=ROWS[80:90], test=ROWS[90:]) == []


def test_rows_that_repeat_an_earlier_one_are_counted_in_all_and_in_training():
    train = [*ROWS[:80], *(again(number, 200 + number) for number in (3, 3, 7))]
    (rows,) = look(train, validation=ROWS[80:90], test=[*ROWS[90:], again(95, 300), again(1, 301)])
    assert (rows.check, rows.severity, rows.rows) == ("exact_duplicates", "warning", 5)
    assert (
        rows.sentence == "Rows that repeat an earlier row in all they say: 5 of 105, 3 of them in training."
    )
    assert rows.chart == {"train": 3, "validation": 0, "test": 2}
    assert rows.remedy == "data.clean=[{name: deduplicate}] keeps the first of them."
    assert rows.examples[2].startswith(f"rows.jsonl:207 repeats rows.jsonl:8: {PROMPTS[7]}")


def test_a_row_that_differs_in_anything_that_is_learned_repeats_none():
    assert look([*ROWS, again(3, 200, value=1.0), again(4, 201, labels=("x",))])[0].rows == 2
    (prompts,) = look([*ROWS, again(3, 200, value=1.0), again(4, 201, labels=("x",))])
    assert prompts.sentence.startswith("Rows that repeat the prompt of an earlier row: 2 of 102")


def test_repeated_prompts_are_counted_to_the_letter_and_apart_from_case():
    train = [
        *ROWS,
        row(PROMPTS[0], "another answer", 200),
        row(PROMPTS[0], "a third answer", 201),
        row(PROMPTS[1].upper(), "loud", 202),
        row(f" {PROMPTS[2].replace(' ', '  ')}\n", "spaced", 203),
        again(5, 204),
    ]
    rows, prompts = look(train)
    assert rows.rows == 1
    assert (prompts.severity, prompts.rows) == ("warning", 5)
    assert prompts.sentence == (
        "Rows that repeat the prompt of an earlier row: 5 of 105, 5 of them in training; 3 to the letter, "
        "2 apart from case and white space. Prompts that are asked more than once: 4. "
        "Rows that repeat the answer as well: 1."
    )
    assert prompts.examples[1].startswith("rows.jsonl:201 repeats rows.jsonl:1: ")
    assert "by: prompt" in prompts.remedy


def test_many_answers_to_the_same_prompts_are_a_note_unless_rows_repeat_as_well():
    several = [row(PROMPTS[0], f"answer {number}", 200 + number) for number in range(20)]
    (asked,) = look([*ROWS, *several])
    assert (asked.severity, asked.rows) == ("note", 20)
    assert asked.sentence.endswith("So many different answers look wanted.")
    assert [found.severity for found in look([*ROWS, *several, again(5, 300)])] == ["warning", "warning"]


def test_the_order_of_splits_decides_which_row_is_the_first():
    (rows,) = look(ROWS[:5], test=[again(2, 300)])
    (shown,) = rows.examples
    assert shown.startswith(f"rows.jsonl:300 repeats rows.jsonl:3: {PROMPTS[2]}")


def test_raw_text_has_no_prompts():
    (rows,) = look(raw("a", "b", "a", "A"), kind="text")
    assert rows.sentence == "Rows that repeat an earlier row in all they say: 1 of 4, 1 of them in training."


def test_ten_rows_are_shown_and_all_are_counted():
    (rows,) = look([*ROWS, *(again(number, 200 + number) for number in range(30))])
    assert (rows.rows, len(rows.examples)) == (30, MOST_EXAMPLES)


def test_what_is_shown_cannot_disturb_a_terminal():
    red = row("\x1b[31mred\u202e", "a\nb")
    rows, prompts = look([red, replace(red, place=ROWS[0].place), replace(red, labels=("x",))])
    assert all(example.isprintable() for example in (*rows.examples, *prompts.examples))


def test_a_few_among_many_are_a_note():
    many = [row(f"question {number}", f"answer {number}", number) for number in range(1000)]
    rows, prompts = look([*many, many[3], row("Question 5", "something else", 2000)])
    assert [rows.severity, prompts.severity] == ["note", "note"]
    (rows,) = look([*many, *many[:9]])
    assert rows.severity == "warning"


def test_nothing_is_said_of_no_rows():
    assert look([]) == []
