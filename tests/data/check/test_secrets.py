import pytest

from tunesmith.core.audit import Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.core.errors import BadOption
from tunesmith.core.example import Example, Message, Place, ToolCall
from tunesmith.core.registry import Registry

CALL = ToolCall("login", '{"user": "ada", "password": "Tr0ub4dor"}')
ROWS = [
    Example(Place("r", 1), (Message("user", "password = 'hunter2x'"), Message("assistant", "No."))),
    Example(Place("r", 2), (Message("user", "Log in"), Message("assistant", "", tool_calls=(CALL,)))),
    Example(Place("r", 3), (Message("user", "I am ada@example.org"), Message("assistant", "Hi!"))),
]


def look(rows: list[Example], **options: object) -> list[Finding]:
    check = Registry("data.check", Check).build("secrets", options)
    return check.look(Material("conversations", {"train": rows}, {}, None, 100))  # type: ignore[arg-type]


def test_secrets_stop_a_run() -> None:
    (finding,) = look(ROWS)
    assert (finding.check, finding.severity, finding.rows) == ("secrets", "stop", 2)
    assert finding.sentence.startswith("Secrets in 2 of 3 rows: password or key 2.")
    assert finding.chart == {"password or key": 2}
    assert "{name: redact}" in finding.remedy


def test_no_secret_is_shown() -> None:
    (finding,) = look(ROWS)
    assert finding.examples == (
        "r:1, user: password or key h******x",
        "r:2, tool call: password or key T*******r",
    )


def test_personal_data_is_another_check_s() -> None:
    assert look(ROWS[2:]) == []


def test_a_kind_that_is_no_secret_is_refused() -> None:
    assert look(ROWS, kinds=["jwt"]) == []
    with pytest.raises(BadOption, match=r"secrets.kinds: there is no kind 'email' here"):
        look(ROWS, kinds=["email"])
