from pathlib import Path

from tunesmith.core.audit import Finding, Material
from tunesmith.core.example import Example, Place
from tunesmith.data.check.languages import Languages

ENGLISH = "The weather was fine, so we walked to the market and bought bread, number {}."
GERMAN = "Das Wetter war schön, also gingen wir zum Markt und kauften Brot, Nummer {}."


def rows(english: int, german: int, short: int = 0) -> list[Example]:
    texts = [ENGLISH] * english + [GERMAN] * german + ["ok"] * short
    return [Example(Place("r", n), text=text.format(n)) for n, text in enumerate(texts, 1)]


def look(some: list[Example], check: Languages) -> list[Finding]:
    parts = {"train": some[::2], "test": some[1::2]}
    return check.look(Material("text", parts, {}, None, 100))  # type: ignore[arg-type]


def test_a_small_minority_is_a_warning_that_names_its_rows() -> None:
    (finding,) = look(rows(38, 2, 5), Languages())
    assert (finding.check, finding.severity, finding.rows) == ("languages", "warning", 2)
    assert finding.sentence == "Languages of all 45 rows: en 38, de 2; 5 could not be told."
    assert sorted(finding.examples) == ["r:39: de", "r:40: de"]
    assert finding.chart == {"en": 38, "de": 2}
    assert "{name: language, keep: [en]}" in finding.remedy


def test_a_few_rows_among_many_are_a_note_that_names_them() -> None:
    (finding,) = look(rows(400, 1), Languages())
    assert (finding.severity, finding.rows, finding.examples) == ("note", 1, ("r:401: de",))
    assert "{name: language, keep: [en]}" in finding.remedy


def test_examples_stand_in_the_order_of_the_rows() -> None:
    (finding,) = Languages().look(Material("text", {"train": rows(60, 5)}, {}, None, 100))  # type: ignore[arg-type]
    assert finding.examples == tuple(f"r:{number}: de" for number in range(61, 66))


def test_a_large_minority_is_a_note() -> None:
    (finding,) = look(rows(20, 10), Languages())
    assert (finding.severity, finding.rows, finding.remedy, finding.examples) == ("note", 0, "", ())


def test_how_small_a_minority_is_can_be_said() -> None:
    (finding,) = look(rows(20, 10), Languages(minority=0.5))
    assert finding.severity == "warning"


def test_a_sample_is_chosen_by_hash_and_its_size_is_said() -> None:
    some = rows(30, 30)
    (finding,) = look(some, Languages(sample=20))
    assert finding.sentence.startswith("Languages of 20 of 60 rows:")
    assert 4 <= finding.chart["de"] <= 16  # not the first rows, nor the last
    assert look(some, Languages(sample=20)) == [finding]
    assert look(list(reversed(some)), Languages(sample=20))[0].chart == finding.chart


def test_the_sample_stays_when_rows_are_added() -> None:
    """Rows with the smallest hashes are taken: only those that new ones push out change."""
    few, many = rows(100, 0), rows(100, 20)
    (before,), (after,) = look(few, Languages(sample=100)), look(many, Languages(sample=100))
    assert before.chart == {"en": 100}
    assert 80 <= after.chart["en"] < 100
    assert after.chart["en"] + after.chart["de"] == 100


def test_texts_that_cannot_be_told_give_no_finding() -> None:
    assert look(rows(0, 0, 3), Languages()) == []
    assert look([], Languages()) == []


def test_the_recipe_line_of_the_remedy_names_a_cleaner_that_is_there() -> None:
    from tunesmith.data.cleaner import language

    assert Path(language.__file__).name == "language.py"
