"""Nothing of what was found is left; the same value always has the same pseudonym."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.errors import BadOption
from tunesmith.core.example import Cleaned, Example, Message, Place, ToolCall
from tunesmith.core.registry import Registry
from tunesmith.data.cleaner.redact import Redact
from tunesmith.data.parts import texts
from tunesmith.data.personal import find

GIVEN = Given((), None, None)  # type: ignore[arg-type]  # nothing is embedded or written here
MAIL, PHONE, CARD = "ada@example.org", "(415) 555-0132", "4901 4181 7246 8767"


def text(content: str, number: int = 1) -> Example:
    return Example(Place("r", number), text=content)


def redact(*contents: str, cleaner: Redact | None = None) -> list[str]:
    rows = [text(content, number) for number, content in enumerate(contents, 1)]
    return [cleaned.row.text for cleaned in (cleaner or Redact()).clean(rows, GIVEN) if cleaned.row]


def clean(row: Example, cleaner: Redact | None = None) -> Cleaned:
    (cleaned,) = (cleaner or Redact()).clean([row], GIVEN)
    return cleaned


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(b"sixteen bytes or more of it")
    return path


def test_values_are_numbered_by_kind_as_they_appear() -> None:
    assert redact(f"{MAIL} or {PHONE}", "bob@example.org", f"{MAIL}!") == [
        "[EMAIL_1] or [PHONE_1]",
        "[EMAIL_2]",
        "[EMAIL_1]!",
    ]


def test_the_same_value_written_otherwise_has_the_same_pseudonym() -> None:
    assert redact(MAIL, MAIL.upper()) == ["[EMAIL_1]"] * 2
    assert redact(CARD, CARD.replace(" ", "-")) == ["[CARD_NUMBER_1]"] * 2
    assert redact(PHONE, "415-555-0132", "+1 415 555 0132", "1 415 555 0132") == ["[PHONE_1]"] * 4
    assert redact("call 0049 30 1234567", "+49 (30) 1234567") == ["call [PHONE_1]", "[PHONE_1]"]
    assert redact("phone 030 1234567", "phone 030 7654321") == ["phone [PHONE_1]", "phone [PHONE_2]"]
    assert redact("password = 'hunter2x'", "password = 'Hunter2x'") == [
        "password = '[PASSWORD_1]'",
        "password = '[PASSWORD_2]'",
    ]


def test_a_row_without_any_is_given_back_as_it_is() -> None:
    row = text("nothing here")
    cleaned = clean(row)
    assert cleaned.row is row
    assert (cleaned.reason, cleaned.detail) == ("", "")


def test_the_reason_names_kinds_and_the_detail_counts_them_without_showing_any() -> None:
    assert clean(text(MAIL)).reason == "redacted: e-mail address"
    both = clean(text(f"{MAIL}, bob@example.org, {PHONE}"))
    assert both.reason == "redacted: e-mail address and telephone number"
    assert both.detail == "e-mail address 2, telephone number 1"
    assert clean(text(f"{MAIL}, {PHONE}, {CARD}")).reason == "redacted: three kinds or more"


def test_every_part_of_a_row_is_redacted() -> None:
    call = ToolCall("send", json.dumps({"to": MAIL, "times": 2}))
    row = Example(
        Place("r", 1),
        messages=(
            Message("system", MAIL),
            Message("user", MAIL),
            Message("assistant", MAIL, reasoning=MAIL, tool_calls=(call,)),
            Message("tool", MAIL),
        ),
        rejected=(Message("assistant", MAIL),),
        labels=(MAIL,),
        wanted=json.dumps([MAIL]),
        tools=json.dumps([{"description": MAIL}]),
        fields={"contact": MAIL, "more": [{"mail": MAIL}], "id": 7},
    )
    cleaned = clean(row)
    assert MAIL not in repr(cleaned)
    assert repr(cleaned.row).count("[EMAIL_1]") == repr(row).count(MAIL) == 12
    assert cleaned.row
    assert json.loads(cleaned.row.messages[2].tool_calls[0].arguments) == {"to": "[EMAIL_1]", "times": 2}
    assert cleaned.row.fields["id"] == 7
    assert cleaned.row.place == row.place


def test_the_key_of_a_json_value_says_what_it_is() -> None:
    call = ToolCall("call", '{"phone": 4155550132, "order": 4155550132}')
    row = Example(Place("r", 1), (Message("user", "x"), Message("assistant", "", tool_calls=(call,))))
    cleaned = clean(row).row
    assert cleaned
    assert json.loads(cleaned.messages[1].tool_calls[0].arguments) == {
        "phone": "[PHONE_1]",
        "order": 4155550132,
    }


def test_the_name_of_a_column_says_what_it_holds() -> None:
    row = Example(Place("r", 1), text="x", fields={"phone": 4155550132, "created": "2024-05-06T07:08:09"})
    cleaned = clean(row).row
    assert cleaned
    assert cleaned.fields == {"phone": "[PHONE_1]", "created": "2024-05-06T07:08:09"}


def test_the_key_of_a_json_value_is_redacted_by_itself() -> None:
    row = Example(Place("r", 1), text="x", wanted=json.dumps({MAIL: f"is {PHONE}"}))
    cleaned = clean(row)
    assert cleaned.row
    assert json.loads(cleaned.row.wanted) == {"[EMAIL_1]": "is [PHONE_1]"}
    assert cleaned.detail == "e-mail address 1, telephone number 1"


def test_the_reason_is_of_the_row_alone() -> None:
    reasons = [cleaned.reason for cleaned in Redact().clean([text(MAIL), text("x"), text(PHONE)], GIVEN)]
    assert reasons == ["redacted: e-mail address", "", "redacted: telephone number"]


def test_only_the_wanted_kinds_are_replaced() -> None:
    assert redact(f"{MAIL}, {PHONE}", cleaner=Redact(kinds=("phone",))) == [f"{MAIL}, [PHONE_1]"]


def test_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(BadOption, match="Did you mean 'email'"):
        Registry("data.cleaner", Cleaner).build("redact", {"kinds": ["emial"]})


def test_with_a_key_pseudonyms_do_not_depend_on_other_rows(key: Path) -> None:
    alone = redact(MAIL, cleaner=Redact(key=key))
    after = redact("bob@example.org", MAIL, cleaner=Redact(key=key))
    assert alone == after[1:]
    assert alone != after[:1]
    assert re.fullmatch(r"\[EMAIL_[a-p]{12}\]", alone[0])  # digits would look like somebody's


def test_another_key_gives_other_pseudonyms(key: Path) -> None:
    before = redact(MAIL, cleaner=Redact(key=key))
    key.write_bytes(b"sixteen bytes or more of others")
    assert redact(MAIL, cleaner=Redact(key=key)) != before


def test_the_kind_is_part_of_what_is_hashed(key: Path) -> None:
    first, second = redact("SSN 638335807", "phone 638335807", cleaner=Redact(key=key))
    assert first.startswith("SSN [US_SSN_")
    assert second.startswith("phone [PHONE_")
    assert first[-13:] != second[-13:]


def test_a_key_that_is_missing_or_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="cannot be read"):
        redact(MAIL, cleaner=Redact(key=tmp_path / "none"))
    (tmp_path / "short").write_bytes(b"fifteen bytes!!\n")
    with pytest.raises(BadOption, match="holds 15 bytes, and a key needs at least 16"):
        redact(MAIL, cleaner=Redact(key=tmp_path / "short"))


def test_what_shows_only_when_something_else_is_gone_is_replaced_too() -> None:
    """Directly behind a letter no telephone number begins; behind a pseudonym one does."""
    assert [match.kind for match in find(MAIL + PHONE)] == ["email"]
    assert redact(MAIL + PHONE) == ["[EMAIL_1][PHONE_1]"]


def test_fakes_look_real_and_are_the_same_for_the_same_value() -> None:
    first, second, third = redact(
        f"I am {MAIL}.", "I am bob@example.org.", f"I am {MAIL}.", cleaner=Redact(style="fakes")
    )
    assert first == third != second
    assert [match.kind for match in find(first)] == ["email"]
    assert "ada@" not in first
    assert first.endswith("@example.org.")


def test_all_texts_of_a_row_may_be_searched_again_and_nothing_is_found() -> None:
    row = Example(
        Place("r", 1),
        (
            Message("user", f"{MAIL} {CARD} {PHONE} DOB 12/03/1984"),
            Message("assistant", "password = 'hunter2x'"),
        ),
        wanted='{"ssn": "638-33-5807"}',
    )
    cleaned = clean(row).row
    assert cleaned
    assert [match for _, part in texts(cleaned) for match in find(part)] == []


PIECES = st.sampled_from(
    [
        *(
            MAIL,
            PHONE,
            CARD,
            "+44 20 7946 0958",
            "638-33-5807",
            "DE60 1234 5678 0012 3456 78",
            "203.0.113.77",
        ),
        *(
            "password = ",
            "'hunter2x'",
            "postgres://a:b1c2@",
            "DOB ",
            "12/03/1984",
            "SSN ",
            "call ",
            "token: ",
        ),
        *(
            "@",
            ":",
            " ",
            "\n",
            "1",
            "a",
            ".",
            "[EMAIL_1]",
            "-",
            "/",
            "Authorization: Bearer ",
            "AB12cd34EF56gh78",
        ),
    ]
)


@any_of(st.lists(PIECES, max_size=10).map("".join), st.booleans())
def test_nothing_that_would_be_found_is_left(content: str, keyed: bool) -> None:
    cleaner = Redact()
    (left,) = redact(content, cleaner=cleaner) if not keyed else [redact(content, "x", cleaner=cleaner)[0]]
    assert find(left) == []


@any_of(st.lists(st.text(max_size=40), max_size=6))
def test_every_row_gets_exactly_one_decision(contents: list[str]) -> None:
    rows = [text(content, number) for number, content in enumerate(contents, 1)]
    decisions = list(Redact().clean(rows, GIVEN))
    assert [decision.row.place for decision in decisions if decision.row] == [row.place for row in rows]
