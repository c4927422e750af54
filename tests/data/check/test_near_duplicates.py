from dataclasses import replace

from planted_rows import material, mistyped, row, similarity, texts
from tunesmith.data.check.near_duplicates import NearDuplicates

PROMPTS, ANSWERS = texts(100, seed=1, length=8), texts(100, seed=2)
ROWS = [row(*pair, line=line) for line, pair in enumerate(zip(PROMPTS, ANSWERS, strict=True), 1)]


def near(number, errors, line, seed=0):
    return row(PROMPTS[number], mistyped(ANSWERS[number], errors, seed), line)


def look(rows, **options):
    return NearDuplicates(**options).look(material(rows))


def test_rows_that_all_differ_are_not_worth_a_word():
    assert look(ROWS) == look([]) == []


def test_near_copies_are_counted_without_those_to_the_letter():
    copies = [near(3, 1, 200), near(3, 1, 201, seed=1), near(5, 2, 202), near(6, 9, 203)]
    exact = [replace(ROWS[number], place=near(0, 0, 300 + number).place) for number in (8, 9)]
    (finding,) = look([*ROWS, *copies, *exact])
    assert (finding.check, finding.severity, finding.rows) == ("near_duplicates", "warning", 3)
    assert finding.sentence == (
        "Training rows that say nearly the same as an earlier one (similarity 0.8 or more): 3 of 106 (2.8%). "
        "2 more repeat one to the letter. The largest group has 3 rows."
    )
    assert finding.remedy == "data.clean=[{name: deduplicate, by: near}] keeps the first of each group."


def test_rows_to_the_letter_alone_are_another_check_s_business():
    assert look([*ROWS, replace(ROWS[4], place=ROWS[5].place)]) == []


def test_examples_go_from_the_least_to_the_most_similar_and_name_both_places():
    (finding,) = look([*ROWS, near(7, 1, 200), near(5, 3, 201)])
    degrees = [similarity(ROWS[n].whole, copy.whole) for n, copy in ((5, near(5, 3, 1)), (7, near(7, 1, 1)))]
    assert 0.8 <= degrees[0] < 0.9 < degrees[1]
    least, most = finding.examples
    assert least.startswith(f"rows.jsonl:201 is like rows.jsonl:6 ({degrees[0]:.2f}): {PROMPTS[5]}")
    assert most.startswith(f"rows.jsonl:200 is like rows.jsonl:8 ({degrees[1]:.2f}): {PROMPTS[7]}")
    assert finding.chart == {"0.85 to 0.90": 1, "0.90 to 0.95": 1}


def test_of_many_copies_ten_are_shown_that_span_all_similarities():
    copies = [near(number, 1 + number % 4, 200 + number) for number in range(60)]
    (finding,) = look([*ROWS, *copies])
    degrees = [float(example.split("(")[1][:4]) for example in finding.examples]
    assert len(degrees) == 10
    assert degrees == sorted(degrees)
    assert degrees[-1] - degrees[0] > 0.1


def test_another_similarity_finds_more_or_less():
    rows = [*ROWS, near(5, 3, 201)]
    degree = similarity(ROWS[5].whole, rows[-1].whole)
    assert len(look(rows, similarity=degree)) == 1
    assert look(rows, similarity=degree + 0.01) == []


def test_rows_that_were_made_from_others_may_resemble_them():
    made = replace(near(3, 1, 4), made_by="typing errors")
    assert look([made, *ROWS, made]) == []
    (finding,) = look([made, *ROWS, made, near(3, 1, 200)])
    assert finding.examples[0].startswith("rows.jsonl:200 is like rows.jsonl:4 ")
    assert finding.sentence.startswith(
        "Training rows that say nearly the same as an earlier one (similarity 0.8 or more): 1 of 101 "
    )


def test_a_few_among_many_are_a_note():
    few = [*ROWS, near(3, 1, 500)]
    assert [found.severity for found in look(few)] == ["warning"]
    others = [row(text, text, line) for line, text in enumerate(texts(110, seed=3), 501)]
    assert [found.severity for found in look([*few, *others])] == ["note"]


def test_only_training_rows_are_looked_at():
    assert NearDuplicates().look(material(ROWS, test=[near(3, 1, 200)], validation=[near(4, 1, 201)])) == []
