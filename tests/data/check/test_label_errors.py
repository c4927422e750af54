import random
import sys
from dataclasses import replace

import pytest

from natural_rows import answered, labelled, natural_rows, natural_text, topics
from planted_rows import material, row
from tunesmith.core.errors import MissingExtra
from tunesmith.data.check.label_errors import LabelErrors

ROWS = natural_rows(600, share=0.7)
FLIPPED = range(7, 600, 51)


def look(rows, kind="labels", **options):
    return LabelErrors(**options).look(material(rows, kind=kind))


def flipped(rows, numbers):
    """Give some rows the label of the next topic."""
    changed = list(rows)
    for number in numbers:
        before = int(rows[number].labels[0].split()[1])
        changed[number] = answered(rows[number], f"label {(before + 1) % 4}")
    return changed


def lines(finding):
    return [int(example.split(":")[1]) for example in finding.examples]


def test_labels_that_are_right_leave_no_doubt():
    assert look(ROWS) == []


@pytest.fixture(scope="module")
def finding():
    """What is found where twelve labels are wrong."""
    (found,) = look(flipped(ROWS, FLIPPED))
    return found


def test_planted_errors_are_counted_and_come_first(finding):
    assert len(FLIPPED) == 12
    assert (finding.check, finding.severity, finding.rows) == ("label_errors", "warning", 12)
    assert finding.sentence == (
        "12 labels of 600 rows (2.0%) are probably wrong: a model that did not see the row "
        "would give another. It agrees with 98.0% of all labels."
    )
    named = [example.split(" ")[0].rstrip(":") for example in finding.examples[:3]]
    assert f"data.clean=[{{name: exclude, rows: [{', '.join(named)}]}}]" in finding.remedy
    assert {line - 1 for line in lines(finding)} <= set(FLIPPED)
    assert len(finding.examples) == 10


def test_a_doubt_says_both_labels_how_likely_they_are_and_what_the_row_says(finding):
    line = lines(finding)[0]
    given, wanted = f"label {(line + 1) % 4}", f"label {line % 4}"
    assert finding.examples[0].startswith(f"rows.csv:{line}: labelled {given} (")
    assert f"), reads like {wanted} (" in finding.examples[0]
    assert ROWS[line - 1].messages[0].content.startswith(finding.examples[0].split("): ")[1].rstrip("…"))
    assert sum(finding.chart.values()) == 12
    assert finding.chart[f"{given} → {wanted}"] >= 1


def test_equal_rows_do_not_vouch_for_each_other():
    wrong = flipped(ROWS, [7])[7]
    copies = [replace(wrong, place=replace(wrong.place, line=1000 + number)) for number in range(9)]
    (finding,) = look([*ROWS, *copies])
    assert {line for line in lines(finding) if line >= 1000} == set(range(1000, 1009))


def test_labels_with_few_texts_are_not_judged_and_named():
    chance = random.Random(5)
    rare = [labelled(natural_text(chance), name, line=500) for name in ("b", "a", "c", "d") for _ in range(4)]
    (finding,) = look([*flipped(ROWS, FLIPPED), *rare])
    assert "12 labels of 600 rows" in finding.sentence
    assert finding.sentence.endswith(
        " Not judged, for too few texts have or lack them: 4 labels (a, b, c, ...)."
    )


def test_five_equal_texts_are_one_text():
    copies = [labelled("always the same", "e", line=500)] * 30
    (finding,) = look([*flipped(ROWS, FLIPPED), *copies])
    assert finding.sentence.endswith(" Not judged, for too few texts have or lack them: 1 label (e).")


def test_a_sample_is_said_and_depends_on_what_rows_say_alone():
    rows = flipped(ROWS, FLIPPED)
    (finding,) = look(rows, most_rows=300)
    assert "Looked at: a sample of 300 of 600 rows." in finding.sentence
    (again,) = look(rows[::-1], most_rows=300)
    assert set(lines(again)) == set(lines(finding))


def test_a_model_that_knows_little_doubts_nothing_and_says_so():
    chance = random.Random(3)
    (finding,) = look([answered(row, f"label {chance.randrange(2)}") for row in ROWS])
    assert (finding.severity, finding.rows, finding.examples) == ("note", 600, ())
    assert finding.sentence.startswith("The labels of 600 rows cannot be judged by their words")


def test_few_errors_are_a_note():
    rows = natural_rows(800, share=0.5)
    (finding,) = look(flipped(rows, [7, 300, 550]))
    assert (finding.severity, finding.rows) == ("note", 3)


def several():
    """Make rows with one to three topics and as many labels, six of which have lost or won some."""
    chance, every = random.Random(1), topics(3)
    rows, planted = [], set()
    for line in range(1, 401):
        named = [number for number in range(3) if chance.random() < 0.5] or [0]
        text = " ".join(natural_text(chance, every[number], 1.0) for number in named)
        labels = tuple(f"t{number}" for number in named)
        wrong = tuple(name for name in ("t0", "t1", "t2") if (name in labels) != (name == "t1"))
        if line % 50 == 21 and wrong:
            planted.add(line)
        rows.append(labelled(text, *(wrong if line in planted else labels), line=line))
    return rows, planted


def test_labels_that_are_missing_or_too_much_are_found_where_rows_have_several():
    rows, planted = several()
    (finding,) = look(rows)
    assert planted < set(lines(finding))
    assert (len(planted), finding.rows) == (6, 7)
    assert finding.sentence.startswith("7 labels of 400 rows (1.8%) are probably wrong")
    assert any(": t1 is there, which the text makes" in example for example in finding.examples)
    assert any(": t1 is not there, which the text makes" in example for example in finding.examples)


def test_a_label_that_few_rows_or_nearly_all_have_is_not_judged_beside_others():
    rows = [replace(row, labels=(*row.labels, "all")) for row in several()[0]]
    rows[7] = replace(rows[7], labels=(*rows[7].labels, "one"))
    (finding,) = look(rows)
    assert finding.rows == 7
    assert finding.sentence.endswith(" Not judged, for too few texts have or lack them: 2 labels (all, one).")


@pytest.mark.parametrize("kind", ["conversations", "text", "pairs", "prompts", "ratings"])
def test_rows_without_labels_are_passed_over(kind):
    assert look([row("question", "answer")] * 200, kind=kind) == []


def test_what_cannot_be_judged_is_passed_over():
    assert look([]) == look(ROWS[:99]) == []
    assert look([answered(row, "same") for row in ROWS]) == []
    assert look([replace(row, value=1.0) for row in ROWS]) == []
    assert look([answered(row, f"label {number}") for number, row in enumerate(ROWS)]) == []


def test_all_splits_are_looked_at_together(finding):
    rows = flipped(ROWS, FLIPPED)
    (parted,) = LabelErrors().look(
        material(rows[:300], kind="labels", validation=rows[300:350], test=rows[350:])
    )
    assert parted == finding


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtra, match="looking for wrong labels"):
        look(ROWS)
