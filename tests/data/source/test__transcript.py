import pytest
from hypothesis import given

from tunesmith.core.example import Message
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._transcript import is_transcript, read_transcript
from written_rows import conversations, transcript


def can_be_written(turns):
    """A transcript has no place for a system turn, nor for texts that look like the next speaker."""
    return turns[0].role == "user" and not any("\n\n" in turn.content for turn in turns)


@given(conversations(weight=1.0).filter(can_be_written))
def test_what_was_written_is_read_as_it_was(turns):
    assert read_transcript(transcript(turns), "'chosen'") == turns


def test_spaces_and_blank_lines_of_the_turns_are_kept():
    text = "\n\nHuman:  two \n\nlines\n\nAssistant: a\n\nHuman resources: b\n\nHuman:no space\n\nAssistant: "
    with pytest.raises(Refused) as caught:
        read_transcript(text, "'chosen'")
    assert (caught.value.reason, caught.value.found) == ("empty answer", "'chosen', turn 4 is ''")
    with pytest.raises(Refused, match="empty message"):
        read_transcript("\n\nHuman: \n\nAssistant: a", "'chosen'")
    assert read_transcript(f"{text}x", "'chosen'") == (
        Message("user", " two \n\nlines"),
        Message("assistant", "a\n\nHuman resources: b"),
        Message("user", "no space"),
        Message("assistant", "x"),
    )


@pytest.mark.parametrize("text", ["Human: a", "\nHuman: a", " \n\nHuman: a", "\n\nhuman: a", "", None, ["x"]])
def test_only_a_text_that_begins_with_the_person_is_a_transcript(text):
    assert not is_transcript(text)
    with pytest.raises(Refused):
        read_transcript(text, "'chosen'")


def test_a_text_without_speakers_is_refused_by_name():
    assert is_transcript("\n\nHuman: a")
    with pytest.raises(Refused) as caught:
        read_transcript("So\n\nHuman: a", "'chosen'")
    assert (caught.value.reason, caught.value.found) == (
        "not a transcript",
        "'chosen' begins with 'So\\n\\nHuman: a'",
    )
