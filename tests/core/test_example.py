"""An example says what it asks, what it wants, and by which name it is found."""

from tunesmith.core.example import BadRow, Example, Message, Place

PLACE = Place("a.jsonl", 3, 40)
ASKED = (Message("system", "Be kind."), Message("user", "Hello?"))
ANSWERED = (*ASKED, Message("assistant", "Hi."))


def test_a_place_is_told_with_its_byte_where_there_is_one():
    assert str(PLACE) == "a.jsonl:3 (byte 40)"
    assert str(Place("a.pdf", 2)) == "a.pdf:2"


def test_prompt_and_reference_part_before_the_last_answer():
    whole = Example(PLACE, ANSWERED)
    assert (whole.prompt, whole.reference) == (ASKED, "Hi.")
    alone = Example(PLACE, ASKED, wanted="42")
    assert (alone.prompt, alone.reference) == (ASKED, "42")
    text = Example(PLACE, text="Once.")
    assert (text.prompt, text.reference) == ((), "Once.")


def test_all_that_a_row_says_is_its_turns_or_its_text():
    assert Example(PLACE, ANSWERED).whole == "Be kind.\nHello?\nHi."
    assert Example(PLACE, text="Once.").whole == "Once."


def test_only_a_single_label_is_the_label():
    assert Example(PLACE, labels=("a",)).label == "a"
    assert Example(PLACE, labels=("a", "b")).label is None
    assert Example(PLACE).label is None


def test_rows_made_from_one_place_have_names_of_their_own():
    names = {Example(PLACE, made_by=by).name for by in ("", "noise 1", "noise 2")}
    assert names == {str(PLACE), f"{PLACE}, noise 1", f"{PLACE}, noise 2"}


def test_a_bad_row_says_where_what_and_what_to_do():
    assert str(BadRow(PLACE, "empty answer", "'' ", "Write it.")) == (
        "a.jsonl:3 (byte 40): empty answer: '' . Write it."
    )
