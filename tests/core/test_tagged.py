from array import array

import pytest

from tunesmith.core.tagged import Tagged, WordIds, words_of


def test_words_are_parted_by_space_alone() -> None:
    assert words_of(" Ada  lives\tin Paris.\n") == ("Ada", "lives", "in", "Paris.")
    assert words_of(" ") == ()


def test_what_is_written_is_read_again_and_shows_its_letters() -> None:
    tagged = Tagged(("Zoë", '"'), ("B-PER", "O"))
    assert tagged.text() == '{"words": ["Zoë", "\\""], "tags": ["B-PER", "O"]}'
    assert Tagged.read(tagged.text()) == tagged


@pytest.mark.parametrize(
    "text",
    [
        "",
        "O O",
        "[]",
        "3",
        '{"words": []}',
        '{"words": ["a"], "tags": []}',
        '{"words": [1], "tags": ["O"]}',
        '{"words": 1, "tags": 1}',
        "[" * 100_000,
    ],
)
def test_any_other_text_is_no_words_with_tags(text: str) -> None:
    assert Tagged.read(text) is None


def test_ids_that_know_their_words_are_ids() -> None:
    found = WordIds(array("i", [1, 5, 6, 2]), ("ab", "c"), (1, 2))
    assert list(found) == [1, 5, 6, 2]
    assert (len(found), found[1], found[1:3], 6 in found) == (4, 5, array("i", [5, 6]), True)


@pytest.mark.parametrize(
    "text", ['{"words": "ab", "tags": "XY"}', '{"words": ["a"], "tags": [1]}', "[]", '"a"']
)
def test_lists_of_texts_are_words_and_tags_and_nothing_else(text: str) -> None:
    assert Tagged.read(text) is None
