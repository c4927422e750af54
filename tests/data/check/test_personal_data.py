import pytest

from tunesmith.core.audit import Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.core.errors import BadOption
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.registry import Registry
from tunesmith.data.check.personal_data import PersonalData

ROWS = [
    Example(Place("r", 1), (Message("user", "I am ada@example.org"), Message("assistant", "Hi!"))),
    Example(Place("r", 2), (Message("user", "Who?"), Message("assistant", "Call (415) 555-0132"))),
    Example(Place("r", 3), (Message("user", "password = 'hunter2x'"), Message("assistant", "No."))),
]


def look(rows: list[Example], **options: object) -> list[Finding]:
    check = Registry("data.check", Check).build("personal_data", options)
    return check.look(Material("conversations", {"train": rows}, {}, None, 100))  # type: ignore[arg-type]


def test_personal_data_is_a_warning_with_counts_by_kind() -> None:
    (finding,) = look(ROWS)
    assert (finding.check, finding.severity, finding.rows) == ("personal_data", "warning", 2)
    assert finding.sentence.startswith("Personal data in 2 of 3 rows: e-mail address 1, telephone number 1.")
    assert finding.chart == {"e-mail address": 1, "telephone number": 1}
    assert "{name: redact}" in finding.remedy


def test_no_value_is_shown() -> None:
    (finding,) = look(ROWS)
    assert finding.examples == (
        "r:1, user: e-mail address a************g",
        "r:2, assistant: telephone number (************2",
    )


def test_clean_rows_give_no_finding_and_secrets_are_another_check_s() -> None:
    assert look(ROWS[2:]) == []
    assert look([]) == []


def test_only_the_kinds_that_are_asked_for_count() -> None:
    (finding,) = look(ROWS, kinds=["phone"])
    assert finding.chart == {"telephone number": 1}


def test_a_kind_that_is_not_personal_is_refused() -> None:
    with pytest.raises(BadOption, match=r"personal_data.kinds: there is no kind 'password' here"):
        look(ROWS, kinds=["password"])
    assert PersonalData(kinds=("email",)).kinds == ("email",)
