import random

import pytest

from tunesmith.memory._passages import cut
from tunesmith.memory._words import words

TEXT = "One two three. Four five six seven! Eight?\n\nNine ten\neleven twelve\n\n\nThirteen."


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (100, [TEXT]),
        (8, ["One two three. Four five six seven! Eight?", "Nine ten\neleven twelve\n\n\nThirteen."]),
        (4, ["One two three.", "Four five six seven!", "Eight?", "Nine ten\neleven twelve", "Thirteen."]),
    ],
)
def test_whole_sentences_are_put_together_as_far_as_they_fit(most: int, expected: list[str]) -> None:
    assert cut(TEXT, most) == expected


def test_a_long_sentence_is_cut_between_words() -> None:
    assert cut("a b c d e f g. h", 3) == ["a b c", "d e f", "g. h"]


def test_writing_without_spaces_is_cut_as_well() -> None:
    assert cut("東京都港区。大阪", 5) == ["東京都港区。", "大阪"]
    assert cut("東京都港区大阪", 3) == ["東京都", "港区大", "阪"]


@pytest.mark.parametrize("text", ["", " \n\n ", "..."])
def test_what_says_little_is_not_cut(text: str) -> None:
    assert cut(text, 5) == ([text.strip()] if text.strip() else [])


def test_nothing_but_space_is_lost_and_no_passage_is_too_long() -> None:
    draw = random.Random(0)
    for _ in range(200):
        text = "".join(
            draw.choice(["word ", "two", ". ", "! ", "\n", "\n\n", " ", "x.y ", "。", "字", "-"])
            for _ in range(draw.randrange(80))
        )
        most = draw.randrange(1, 12)
        passages = cut(text, most)
        assert "".join("".join(passages).split()) == "".join(text.split())
        assert all(len(list(words(passage))) <= most for passage in passages)
        assert len(passages) <= len(list(words(text))) + 1
