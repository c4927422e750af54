import pytest

from tunesmith.core.example import Place
from tunesmith.data.source._refused import EXCERPT_CHARACTERS, Refused, checked_text, excerpt


@pytest.mark.parametrize("text", ["\x1b[31mred\x07", "a\u202eb", "line\nend\r", "\ud800", "\x00", "\u2028"])
def test_an_excerpt_cannot_disturb_a_terminal(text):
    assert excerpt(text).isprintable()


@pytest.mark.parametrize("text", ["x" * EXCERPT_CHARACTERS, "é ü 漢字"])
def test_what_is_short_and_printable_is_shown_as_it_is(text):
    assert excerpt(text) == text


@pytest.mark.parametrize(
    "text", ["x" * (EXCERPT_CHARACTERS + 1), "\n" * (EXCERPT_CHARACTERS - 1), "x" * 10_000_000]
)
def test_a_long_excerpt_is_cut_and_says_so(text):
    assert len(excerpt(text)) == EXCERPT_CHARACTERS
    assert excerpt(text).endswith("…")


def test_a_refusal_becomes_a_row_with_its_place():
    row = Refused("empty answer", "'completion' is ''", "Write it.").at(Place("f.jsonl", 3, 70))
    assert str(row) == "f.jsonl:3 (byte 70): empty answer: 'completion' is ''. Write it."


def test_text_is_given_back_unchanged():
    assert checked_text(" a\r\n\u200b😀 ", "text", "'text'") == " a\r\n\u200b😀 "


def test_a_refusal_shows_the_surroundings_of_a_character():
    with pytest.raises(Refused) as caught:
        checked_text("x" * 500 + "\ud83d!", "text", "'text'")
    assert caught.value.found == r"'text', character 501: xxxxxxxxxxxxxxx\ud83d!"
