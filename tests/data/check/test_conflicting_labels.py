import pytest

from natural_rows import labelled
from planted_rows import material, row, texts
from tunesmith.data.check.conflicting_labels import ConflictingLabels

TEXTS = texts(100, length=6)
LABELLED = [labelled(text, f"label {line % 3}", line=line) for line, text in enumerate(TEXTS, 1)]
CHATS = [row(text, f"answer number {line}", line) for line, text in enumerate(TEXTS, 1)]


def look(rows, kind="labels", test=()):
    return ConflictingLabels().look(material(rows, kind=kind, test=test))


def test_equal_texts_with_equal_labels_are_not_worth_a_word():
    assert look([*LABELLED, *LABELLED]) == look([]) == []
    assert look([*CHATS, *CHATS], kind="conversations") == []


def test_the_same_text_with_other_labels_is_warned_of_with_both_places():
    others = [
        labelled(f" {TEXTS[4].upper()}  ", "label 0", line=201),
        labelled(TEXTS[4], "label 2", line=202),
        labelled(TEXTS[9], "label 2", line=203),
        labelled(TEXTS[20], "label 0", line=204),
    ]
    (finding,) = look([*LABELLED, *others])
    assert (finding.check, finding.severity, finding.rows) == ("conflicting_labels", "warning", 5)
    assert finding.sentence == "2 texts in 5 rows have different labels in different rows."
    assert finding.examples == (
        f'rows.csv:5: "label 2", rows.csv:201: "label 0", both to: {TEXTS[4]}',
        f'rows.csv:10: "label 1", rows.csv:203: "label 2", both to: {TEXTS[9]}',
    )
    assert "{name: deduplicate, by: prompt}" in finding.remedy


def test_the_order_of_several_labels_does_not_matter():
    one, other = labelled("text", "a", "b", line=1), labelled("text", "b", "a", line=2)
    assert look([one, other]) == []
    assert len(look([one, labelled("text", "a", line=2)])) == 1


def test_splits_are_compared_with_each_other():
    (finding,) = look(LABELLED, test=[labelled(TEXTS[0], "label 2", line=301)])
    assert finding.sentence == "1 text in 2 rows has different labels in different rows."
    assert finding.examples[0].startswith('rows.csv:1: "label 1", rows.csv:301: "label 2"')


def test_at_most_ten_conflicts_are_shown_and_all_are_counted():
    (finding,) = look([*LABELLED, *(labelled(text, "other", line=300) for text in TEXTS[:15])])
    assert (finding.rows, len(finding.examples)) == (30, 10)


def test_prompts_that_mostly_have_several_answers_are_taken_as_they_are():
    second = [row(text, f"another answer {line}", 200 + line) for line, text in enumerate(TEXTS[:50])]
    (finding,) = look([*CHATS, *second], kind="conversations")
    assert (finding.severity, finding.rows) == ("note", 100)
    assert finding.sentence == (
        "Several answers per prompt: 100 rows over 50 prompts. So many look wanted; each is learned."
    )


def test_few_prompts_with_short_answers_that_differ_disagree():
    second = [row(TEXTS[3], "no", 201), row(TEXTS[7], "a much longer answer that may say just the same", 202)]
    (finding,) = look([*CHATS, *second], kind="conversations")
    assert (finding.severity, finding.rows) == ("note", 4)
    assert finding.sentence == (
        "Several answers per prompt: 4 rows over 2 prompts. 1 of them has answers of at most 5 words, which "
        "disagree."
    )
    assert finding.examples == (
        f'rows.jsonl:4: "answer number 4", rows.jsonl:201: "no", both to: {TEXTS[3]}',
    )


def test_few_prompts_with_long_answers_are_counted_only():
    second = [row(TEXTS[7], "a much longer answer that may say just the same", 202)]
    (finding,) = look([*CHATS, *second], kind="conversations")
    assert finding.sentence == "Several answers per prompt: 2 rows over 1 prompt."


def test_answers_that_differ_in_case_and_spaces_are_the_same():
    assert look([*CHATS, row(TEXTS[7], "ANSWER  number 8", 202)], kind="conversations") == []


@pytest.mark.parametrize("kind", ["text", "pairs", "prompts", "ratings"])
def test_other_rows_are_passed_over(kind):
    assert look([*CHATS, row(TEXTS[7], "other", 202)], kind=kind) == []
