from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material
from tunesmith.core.example import Example, Message, Place, ToolCall
from tunesmith.data.check.missing_values import MissingValues


def row(number: int, answer: str, **more: object) -> Example:
    turns = (Message("user", "Who?"), Message("assistant", answer))
    return Example(Place("r", number), turns, **more)  # type: ignore[arg-type]


def look(*rows: Example, check: MissingValues | None = None) -> list[Finding]:
    material = Material("conversations", {"train": rows[:1], "test": rows[1:]}, {}, None, 100)  # type: ignore[arg-type]
    return (check or MissingValues()).look(material)


def test_texts_that_say_nothing_are_a_warning_with_shares() -> None:
    (finding,) = look(row(1, "Ada."), row(2, "N/A"), row(3, "-"), row(4, "Bob."))
    assert (finding.check, finding.severity, finding.rows) == ("missing_values", "warning", 2)
    assert "assistant in 2 rows (50.0%)" in finding.sentence
    assert finding.examples == ("r:2: assistant", "r:3: assistant")
    assert finding.chart == {"assistant": 0.5}
    assert "{name: missing}" in finding.remedy


def test_columns_with_missing_values_are_a_note() -> None:
    (finding,) = look(
        row(1, "Ada.", fields={"topic": "", "id": 0}),
        row(2, "Bob.", fields={"topic": "art", "id": 7}),
        row(3, "Eve.", fields={"id": None}),
        row(4, "Zoe.", fields={"topic": "null", "id": 9}),
    )
    assert finding.severity == "note"
    assert finding.chart == {"topic": 0.75, "id": 0.25}  # empty, absent, a placeholder; 0 is a value
    assert finding.rows == 3


def test_both_may_be_found() -> None:
    assert [finding.severity for finding in look(row(1, "", fields={"a": ""}))] == ["warning", "note"]


def test_rejected_turns_and_raw_texts_are_looked_at() -> None:
    liked = row(1, "Ada.", rejected=(Message("assistant", "null"),))
    assert look(liked)[0].chart == {"rejected": 1.0}
    assert look(Example(Place("r", 1), text=" \n"))[0].chart == {"text": 1.0}


def test_a_row_counts_once_however_often_it_says_nothing() -> None:
    turns = (
        Message("user", "?"),
        Message("assistant", "Ada."),
        Message("user", "-"),
        Message("assistant", "Bob."),
    )
    (finding,) = look(Example(Place("r", 1), turns))
    assert finding.chart == {"user": 1.0}
    assert "user in 1 row (100.0%)" in finding.sentence


def test_an_answer_that_calls_a_tool_may_be_empty() -> None:
    call = Message("assistant", "", tool_calls=(ToolCall("f", "{}"),))
    assert look(Example(Place("r", 1), (Message("user", "Do it"), call))) == []


def test_what_the_system_or_a_tool_says_may_be_empty() -> None:
    call = Message("assistant", "", tool_calls=(ToolCall("f", "{}", "1"),))
    turns = (Message("system", "-"), Message("user", "Do it"), call, Message("tool", "[]", call="1"))
    assert look(Example(Place("r", 1), (*turns, Message("assistant", "Nothing found.")))) == []


def test_a_label_may_be_called_none_but_not_na() -> None:
    assert look(row(1, "none", labels=("none",))) == []
    assert look(row(1, "n/a", labels=("n/a",)))[0].chart == {"label": 1.0}


def test_other_words_can_be_given() -> None:
    assert look(row(1, "Leer")) == []
    assert look(row(1, "Leer"), check=MissingValues(also=("LEER",)))[0].chart == {"assistant": 1.0}
    assert look(row(1, "none"), check=MissingValues(ignore=("None",))) == []


def test_few_examples_are_kept_and_clean_rows_give_no_finding() -> None:
    (finding,) = look(*(row(number, "") for number in range(30)))
    assert (len(finding.examples), finding.rows) == (MOST_EXAMPLES, 30)
    assert look(row(1, "Ada.", fields={"a": "b"})) == []
    assert look() == []
