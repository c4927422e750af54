from dataclasses import replace

import pytest

from natural_rows import labelled
from planted_rows import material, row
from tunesmith.data.check.class_balance import ClassBalance


def rows_of(**counts):
    names = [label.replace("__", " ") for label, count in counts.items() for _ in range(count)]
    return [labelled(f"text {line}", name, line=line) for line, name in enumerate(names, 1)]


def look(train, validation=(), test=(), **options):
    return ClassBalance(**options).look(material(train, kind="labels", validation=validation, test=test))


def test_even_labels_are_a_note_with_their_numbers():
    (finding,) = look(rows_of(a=30, b=20, c=50))
    assert (finding.check, finding.severity, finding.rows) == ("class_balance", "note", 100)
    assert finding.sentence == (
        "3 labels in 100 training rows, from 20 (b) to 50 (c); as even as 2.8 labels with equally many."
    )
    assert list(finding.chart.items()) == [("c", 50), ("a", 30), ("b", 20)]
    assert finding.remedy == ""


@pytest.mark.parametrize(
    ("counts", "effective"), [({"a": 7, "b": 7, "c": 7, "d": 7}, "4.0"), ({"a": 9, "b": 1}, "1.4")]
)
def test_the_effective_number_is_the_exponential_of_the_entropy(counts, effective):
    (finding,) = look(rows_of(**counts), least_rows=1)
    assert f"as even as {effective} labels" in finding.sentence


def test_uneven_labels_are_warned_of_from_the_ratio_on():
    (finding,) = look(rows_of(a=100, b=10))
    assert (finding.severity, finding.remedy) == ("warning", "data.clean=[{name: balance}] evens them out.")
    (finding,) = look(rows_of(a=99, b=10))
    assert finding.severity == "note"
    (finding,) = look(rows_of(a=99, b=10), ratio=9.9)
    assert finding.severity == "warning"


def test_a_single_label_is_warned_of():
    (finding,) = look(rows_of(a=30))
    assert (finding.severity, finding.sentence) == ("warning", "All 30 training rows have the same label: a.")


def test_rare_labels_are_counted_and_shown_rarest_first():
    rare, balance = look(rows_of(a=30, b=9, c=4, d=10))
    assert (rare.severity, rare.rows) == ("warning", 13)
    assert rare.sentence == "2 of 4 labels have fewer than 10 training rows: 13 rows in all."
    assert rare.examples == ('rows.csv:40: "c" in 4 rows', 'rows.csv:31: "b" in 9 rows')
    assert balance.severity == "note"
    assert len(look(rows_of(a=30, b=9, c=4, d=10), least_rows=4)) == 1


def test_rows_that_are_repeated_or_weighted_count_as_they_are_learned():
    rare = [replace(row, times=8.0) for row in rows_of(b=10)]
    found = look([*rows_of(a=100), *rare])
    assert [finding.severity for finding in found] == ["note"]
    assert found[0].sentence.endswith(" As rows are repeated and weighted, they count as 80.0 to 100.0 rows.")
    assert found[0].chart == {"a": 100, "b": 10}
    heavy = [
        replace(row, messages=(*row.messages[:-1], replace(row.messages[-1], weight=8.0))) for row in rare
    ]
    (finding,) = look([*rows_of(a=60), *heavy])  # now it is the frequent one that counts less
    assert (finding.severity, "balance" in finding.remedy) == ("warning", True)
    assert "evens them out" not in finding.remedy


def test_of_a_chain_of_spellings_each_leads_to_the_last():
    rows = [*rows_of(refunds=500, refundss=20), labelled("x", "refundsss")]
    assert '{"refundss": "refunds", "refundsss": "refunds"}' in look(rows, least_rows=1)[0].remedy


def test_rare_labels_are_shown_with_their_training_rows():
    rare, _ = look(rows_of(a=30, c=1), test=rows_of(c=3))
    assert rare.sentence == "1 of 2 labels have fewer than 10 training rows: 1 row in all."
    assert rare.examples == ('rows.csv:31: "c" in 1 row',)


def test_labels_that_are_never_trained_are_named_with_their_place():
    held_out = [replace(row, place=replace(row.place, file="test.csv")) for row in rows_of(z=2, y=1)]
    untrained, _ = look(rows_of(a=30, b=20), test=held_out, validation=rows_of(a=3))
    assert (untrained.severity, untrained.rows) == ("warning", 3)
    assert untrained.sentence.startswith("2 labels occur in validation or test only")
    assert untrained.examples == ('test.csv:3: "y" in 1 row', 'test.csv:1: "z" in 2 rows')
    assert "by: stratified" in untrained.remedy


@pytest.mark.parametrize(
    "other",
    [
        "Card_Arrival",
        "card arrival",
        "card-arrival",
        " card_arrival ",
        "CARD  ARRIVAL.",
        "card_arival",
        "crad_arrival",
        "card_arrivals",
        "card_arrivel",
    ],
)
def test_another_spelling_of_a_label_is_found(other):
    rows = [
        *rows_of(card_arrival=40, refund=40),
        *(labelled(f"more {n}", other, line=90 + n) for n in range(2)),
    ]
    spelling = look(rows, least_rows=1)[0]
    assert (spelling.severity, spelling.rows) == ("warning", 2)
    assert spelling.sentence == "1 label looks like another spelling of a more frequent one."
    assert spelling.examples == (f'rows.csv:90: "{other}" in 2 rows, like "card_arrival" in 40',)
    assert spelling.remedy == (
        f'data.clean=[{{name: relabel, names: {{"{other}": "card_arrival"}}}}] joins them, '
        "if that is what they are."
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A", "A-"),  # two grades
        ("c", "c++"),
        ("cats", "bats"),  # too short to be sure
        ("level_1", "level_2"),  # numbers differ on purpose
        ("version12", "version21"),
        ("hateful", "grateful"),
        ("positive", "negative"),
        ("abcdef", "abdecf"),  # a letter moved by two places
        ("abcdef", "badcfe"),
    ],
)
def test_labels_that_differ_in_more_are_no_spellings(one, other):
    rows = [*(labelled("x", one) for _ in range(40)), *(labelled("y", other) for _ in range(2))]
    assert all("spelling" not in finding.sentence for finding in look(rows, least_rows=1))


def test_a_frequent_label_is_not_held_for_misspelt():
    rows = rows_of(refund=40, refunds=3)
    assert all("spelling" not in finding.sentence for finding in look(rows, least_rows=1))
    assert "spelling" in look(rows_of(refund=60, refunds=3), least_rows=1)[0].sentence


def test_a_long_list_of_labels_is_one_bar_from_the_fortieth_on():
    (finding,) = look(rows_of(**{f"label{number:03d}": 100 - number for number in range(60)}))
    assert len(finding.chart) == 40
    assert finding.chart["21 others"] == sum(100 - number for number in range(39, 60))


def test_each_label_of_a_row_with_several_counts():
    rows = [labelled(f"text {line}", "a", "b", line=line) for line in range(20)]
    (finding,) = look([*rows, *rows_of(c=20)])
    assert finding.sentence.startswith("3 labels in 40 training rows, from 20")


def test_rows_without_labels_and_numbers_to_predict_are_passed_over():
    assert look([]) == look([row("question", "answer")] * 50) == []
    assert look([replace(row, value=1.5) for row in rows_of(a=50)]) == []


def test_warnings_come_before_notes():
    assert [finding.severity for finding in look(rows_of(a=30, b=4), test=rows_of(z=2))] == [
        "warning",
        "warning",
        "note",
    ]
