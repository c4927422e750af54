import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from tunesmith.core.audit import Given
from tunesmith.core.example import Cleaned, Example, Message, Place, ToolCall
from tunesmith.data.cleaner.normalise import Normalise

GIVEN = Given((), None, None)  # type: ignore[arg-type]  # nothing is embedded or written here


def clean(text: str, **options: object) -> Cleaned:
    (cleaned,) = Normalise(**options).clean([Example(Place("r", 1), text=text)], GIVEN)  # type: ignore[arg-type]
    return cleaned


@pytest.mark.parametrize(
    ("text", "left", "reason"),
    [
        ("cafe\u0301", "caf\u00e9", "Unicode NFC"),
        ("e\u200b\u0301", "\u00e9", "invisible signs, Unicode NFC"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd", "line ends"),
        ("a\u00a0b\u202fc\u3000d", "a b c d", "non-breaking spaces"),
        ("a\u200bb\ufeffc\x07d\u00ade", "abcde", "invisible signs"),
        ("a\u202eb", "ab", "invisible signs"),
        ("ask\U000e0041\U000e0042", "ask", "invisible signs"),
        (" \n a \n", "a", "outer white space"),
        ("\n\n  first\n  second\n", "  first\n  second", "outer white space"),
        ("a\u00a0b\r\n", "a b", "line ends, non-breaking spaces, outer white space"),
    ],
)
def test_by_default_what_nobody_sees_is_written_one_way(text: str, left: str, reason: str) -> None:
    cleaned = clean(text)
    assert cleaned.row
    assert (cleaned.row.text, cleaned.reason) == (left, f"normalised: {reason}")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "plain",
            "\u201ccurly\u201d",
            "a  b",
            "a\n\n\n\nb",
            "&amp; <b>bold</b>",
            "x\tx",
            "  indented\n  code",
        ),
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family is joined by signs without width
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian parts words by one
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
        "\ufb01n",  # a ligature
    ],
)
def test_by_default_what_may_be_meant_stays(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.row
    assert (cleaned.row.text, cleaned.reason) == (text, "")


@pytest.mark.parametrize(
    ("options", "text", "left", "reason"),
    [
        ({"quotes": True}, "\u201ca\u201d \u2018b\u2019", "\"a\" 'b'", "quotation marks"),
        (
            {"html_entities": True},
            "a &amp; &lt;b&gt;&nbsp;c",
            "a & <b> c",
            "HTML entities, non-breaking spaces",
        ),
        ({"html_tags": True}, "<p class='x'>a<br/>b</p> 1 < 2 > 0 <T>", "a\nb 1 < 2 > 0 <T>", "HTML tags"),
        ({"html_tags": True}, "<tr><td>1</td><td>2</td></tr>", "1 2", "HTML tags"),
        ({"html_tags": True}, "<p>a</p><P>b</P>x<B>y</B>z", "a\nb\nxyz", "HTML tags"),
        ({"html_tags": True, "html_entities": True}, "&lt;b&gt;", "<b>", "HTML entities"),
        ({"blanks": True}, "a  b\t\tc\n\n \n\nd", "a b c\n\nd", "blanks"),
        ({"unicode": "NFKC"}, "\ufb01n \uff21", "fin A", "Unicode NFKC"),
    ],
)
def test_more_can_be_asked_for(options: dict[str, object], text: str, left: str, reason: str) -> None:
    cleaned = clean(text, **options)
    assert cleaned.row
    assert (cleaned.row.text, cleaned.reason) == (left, f"normalised: {reason}")


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("line_ends", "a\r\nb"),
        ("spaces", "a\u00a0b"),
        ("invisible", "a\u200bb"),
        ("trim", " a "),
    ],
)
def test_each_step_can_be_left_out(option: str, text: str) -> None:
    assert clean(text).reason
    cleaned = clean(text, **{option: False})
    assert cleaned.row
    assert cleaned.row.text == text


def test_unicode_can_be_left_as_it_is() -> None:
    assert clean("cafe\u0301", unicode=None).reason == ""


def test_a_row_with_a_text_of_which_nothing_is_left_is_left_out() -> None:
    turns = (Message("user", "hi"), Message("assistant", "\u200b\ufeff"))
    (cleaned,) = Normalise().clean([Example(Place("r", 1), turns)], GIVEN)
    assert cleaned == Cleaned(None, "nothing left once normalised")


def test_every_turn_is_rewritten_and_json_is_not() -> None:
    call = ToolCall("f", '{"a": " x\u00a0y "}')
    row = Example(
        Place("r", 1),
        (Message("user", " a "), Message("assistant", "b ", reasoning=" c", tool_calls=(call,))),
        rejected=(Message("assistant", "\td\n"),),
        wanted='" e "',
    )
    (cleaned,) = Normalise().clean([row], GIVEN)
    assert cleaned.row
    assert [turn.content for turn in cleaned.row.messages] == ["a", "b"]
    assert cleaned.row.messages[1].reasoning == "c"
    assert cleaned.row.messages[1].tool_calls == (call,)
    assert (cleaned.row.rejected[0].content, cleaned.row.wanted) == ("d", '" e "')


def test_a_reason_is_of_its_own_row() -> None:
    rows = [Example(Place("r", n), text=text) for n, text in enumerate(["a\u00a0b", " c ", "d"], 1)]
    reasons = [cleaned.reason for cleaned in Normalise().clean(rows, GIVEN)]
    assert reasons == ["normalised: non-breaking spaces", "normalised: outer white space", ""]


@any_of(st.lists(st.text(), max_size=5))
def test_every_row_gets_one_decision_and_once_is_enough(texts: list[str]) -> None:
    rows = [Example(Place("r", number), text=text) for number, text in enumerate(texts, 1)]
    decisions = list(Normalise().clean(rows, GIVEN))
    assert len(decisions) == len(rows)
    left = [decision.row for decision in decisions if decision.row]
    assert [cleaned.reason for cleaned in Normalise().clean(left, GIVEN)] == [""] * len(left)
