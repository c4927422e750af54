from tunesmith.data._form import THINGS, Form, anything


def test_a_form_accepts_what_its_pattern_finds_unless_it_says_otherwise() -> None:
    form = Form(kind="badge", title="badge", pattern="[A-Z]{3}")
    assert form.valid is anything
    assert anything("ABC")
    assert not form.secret


def test_words_for_things_are_written_as_they_are_compared() -> None:
    assert all(word == word.lower().strip() for word in THINGS)
    assert "order" in THINGS
