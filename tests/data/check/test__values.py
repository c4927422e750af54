from tunesmith.core.audit import MOST_EXAMPLES, Material
from tunesmith.core.example import Example, Message, Place
from tunesmith.data.check._values import survey


def material(*texts: str) -> Material:
    rows = [Example(Place("rows.txt", number), text=text) for number, text in enumerate(texts, 1)]
    return Material("text", {"train": rows[:1], "test": rows[1:]}, {}, None, 100)  # type: ignore[arg-type]


def test_values_and_rows_of_all_splits_are_counted() -> None:
    found = survey(material("ada@example.org", "nothing", "bob@example.org, eve@example.org"), ["email"])
    assert (found.looked_at, found.rows) == (3, 2)
    assert found.counts == {"e-mail address": 3}
    assert found.share == "2 of 3 rows"
    assert found.by_kind == "e-mail address 3"


def test_an_example_shows_the_place_and_a_mask() -> None:
    found = survey(material("nothing", "bob@example.org, eve@example.org"), ["email"])
    assert found.examples == ["rows.txt:2, text: e-mail address b************g and 1 more"]


def test_few_examples_are_kept() -> None:
    found = survey(material(*["ada@example.org"] * 30), ["email"])
    assert len(found.examples) == MOST_EXAMPLES
    assert found.rows == 30


def test_texts_of_a_conversation_are_searched_apart() -> None:
    row = Example(Place("a", 1), (Message("user", "My SSN is"), Message("assistant", "638335807")))
    whole = Material("conversations", {"train": [row]}, {}, None, 100)  # type: ignore[arg-type]
    assert survey(whole, ["us_ssn"]).rows == 0
