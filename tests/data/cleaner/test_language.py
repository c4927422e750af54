import pytest

from tunesmith.core.audit import Given
from tunesmith.core.errors import BadOption
from tunesmith.core.example import Cleaned, Example, Message, Place
from tunesmith.data.cleaner.language import Language

GIVEN = Given((), None, None)  # type: ignore[arg-type]  # nothing is embedded or written here
ENGLISH = "The weather was fine, so we walked to the market and bought bread for the evening."
GERMAN = "Das Wetter war schön, also gingen wir zum Markt und kauften Brot für den Abend."


def pair(prompt: str, answer: str) -> Example:
    return Example(Place("r", 1), (Message("user", prompt), Message("assistant", answer)))


def clean(row: Example, cleaner: Language) -> Cleaned:
    (cleaned,) = cleaner.clean([row], GIVEN)
    return cleaned


def test_rows_in_other_languages_are_left_out_by_language() -> None:
    rows = [Example(Place("r", n), text=text) for n, text in enumerate([ENGLISH, GERMAN, "ok", ""], 1)]
    decisions = list(Language().clean(rows, GIVEN))
    assert decisions == [Cleaned(rows[0]), Cleaned(None, "language: de"), Cleaned(rows[2]), Cleaned(rows[3])]


def test_several_languages_can_be_kept() -> None:
    assert clean(pair(GERMAN, GERMAN), Language(keep=("en", "de"))).reason == ""
    assert clean(pair(ENGLISH, ENGLISH), Language(keep=("de",))).reason == "language: en"


@pytest.mark.parametrize(("part", "reason"), [("prompt", ""), ("answer", "language: de")])
def test_prompt_or_answer_can_be_looked_at_alone(part: str, reason: str) -> None:
    assert clean(pair(ENGLISH, GERMAN), Language(part=part)).reason == reason  # type: ignore[arg-type]


def test_raw_text_is_looked_at_whatever_the_part() -> None:
    assert clean(Example(Place("r", 1), text=GERMAN), Language(part="prompt")).reason == "language: de"


def test_more_certainty_can_be_asked_for() -> None:
    text = "Kartenzahlung wurde leider abgelehnt"
    assert clean(pair(text, "x"), Language(confidence=0.5)).reason == "language: de"
    assert clean(pair(text, "x"), Language(confidence=1.0)).reason == ""


def test_a_language_that_is_not_known_is_refused() -> None:
    with pytest.raises(BadOption, match="'english'"):
        clean(pair(ENGLISH, ENGLISH), Language(keep=("english",)))
