"""Tags that lay text out are told from what stands in angle brackets otherwise."""

import pytest

from tunesmith.data.markup import ENTITIES, TAGS


@pytest.mark.parametrize("text", ["<b>", "</p>", "<br/>", "<BR>", '<a href="x">', "<h2 class=y>"])
def test_tags_of_text_are_tags(text: str):
    assert TAGS.fullmatch(text)


@pytest.mark.parametrize("text", ["<T>", "<think>", "<|end|>", "a < b > c", "<b", "<bold>"])
def test_other_things_in_angle_brackets_are_none(text: str):
    assert not TAGS.search(text)


@pytest.mark.parametrize("text", ["&amp;", "&nbsp;", "&#233;", "&#xE9;", "&frac12;"])
def test_entities_are_known_by_their_form(text: str):
    assert ENTITIES.fullmatch(text)
    assert not ENTITIES.search(text.rstrip(";"))
