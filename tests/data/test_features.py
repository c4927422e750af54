import numpy as np
import pytest

from natural_rows import natural_rows
from planted_rows import raw, row
from planted_rows import words as made_up
from tunesmith.data.features import (
    MOST_CHARACTERS,
    asked,
    batches,
    counted,
    cut,
    phrases,
    pieces,
    tfidf,
    words,
)

TEXTS = [row.messages[0].content for row in natural_rows(60)]


def test_a_row_is_told_apart_by_what_it_asks_and_raw_text_by_itself():
    assert asked(row("where is it?", "there")) == "where is it?"
    assert asked(raw("once upon a time")[0]) == "once upon a time"


def test_words_are_runs_of_letters_and_runs_of_other_signs():
    found = words(["Don't STOP!! now_1", "", "naïve, 東京"])
    read = [found.read(place, 1) for place in range(len(found.hashes))]
    assert read == ["don't", "stop", "!!", "now_1", "naïve", ",", "東", "京"]
    assert found.texts.tolist() == [0, 0, 0, 0, 2, 2, 2, 2]


def test_a_word_has_one_hash_wherever_it_stands_and_no_other_has_it():
    some = words([" ".join(made_up()), *made_up()[::-1]])
    hashes = dict(zip((some.read(place, 1) for place in range(len(some.hashes))), some.hashes, strict=True))
    assert len(some.hashes) == 2 * len(made_up())
    assert len(set(some.hashes.tolist())) == len(set(made_up())) == len(hashes)
    assert words(["KETTLE"]).hashes == words(["a kettle"]).hashes[1:]


def test_phrases_are_known_by_their_words_in_order_and_end_with_their_text():
    found = words(["a b c", "b c", "c b", "x"])
    hashes, first = found.phrases(2)
    assert [found.read(place, 2) for place in first.tolist()] == ["a b", "b c", "b c", "c b"]
    assert hashes[1] == hashes[2]
    assert len({*hashes.tolist()}) == 3
    assert [len(found.phrases(length)[0]) for length in (1, 3, 4, 9)] == [8, 1, 0, 0]


def test_phrases_of_different_lengths_are_different():
    found = words(["a a a"])
    assert len({int(found.phrases(length)[0][0]) for length in (1, 2, 3)}) == 3


@pytest.mark.parametrize("length", [1, 3, 8])
def test_pieces_are_all_runs_of_bytes_between_two_spaces(length):
    texts = ["Kettle  boils", "", "é", "x"]
    naive = [
        [spaced[start : start + length] for start in range(len(spaced) - length + 1)]
        for spaced in (f" {' '.join(text.lower().split())} ".encode() for text in texts)
    ]
    hashes, text = pieces(length)(texts)
    assert text.tolist() == [number for number, own in enumerate(naive) for _ in own]
    pairs = set(zip(hashes.tolist(), (piece for own in naive for piece in own), strict=True))
    assert len(pairs) == len(set(hashes.tolist())) == len({piece for own in naive for piece in own})


def test_batches_keep_texts_in_order_and_cut_what_is_too_long_for_one():
    texts = ["a" * 10, "", "b" * (MOST_CHARACTERS + 5), "c", *["d" * 1000] * 100]
    found = list(batches(texts))
    assert [text for batch in found for text in batch] == [text[:MOST_CHARACTERS] for text in texts]
    assert all(sum(map(len, batch)) <= MOST_CHARACTERS for batch in found)
    assert 3 <= len(found) <= 5
    assert list(batches([])) == []


@pytest.mark.parametrize("letter", ["x", "\u6771", "\U00020001", "İ"])
def test_the_fullest_batch_can_be_read(letter):
    (batch,) = batches([letter * MOST_CHARACTERS])
    assert len(words(batch).hashes) in (1, MOST_CHARACTERS)
    assert len(pieces(3)(batch)[0]) >= MOST_CHARACTERS


def test_what_a_text_repeats_is_counted():
    found = words(["a b a", "b", "a a a"])
    text, place, count = counted(found.hashes, found.texts, bits=16)
    a, b = cut(words(["a", "b"]).hashes, 16).tolist()
    assert sorted(zip(text.tolist(), place.tolist(), count.tolist(), strict=True)) == sorted(
        [(0, a, 2), (0, b, 1), (1, b, 1), (2, a, 3)]
    )


def test_weights_are_those_that_scikit_learn_gives_words():
    from sklearn.feature_extraction.text import TfidfVectorizer

    judge = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True, min_df=2).fit_transform(TEXTS)
    own = tfidf(TEXTS, [phrases(1)])
    assert own.shape == judge.shape
    assert np.allclose((own @ own.T).toarray(), (judge @ judge.T).toarray(), atol=1e-6)


def test_texts_of_several_batches_are_weighed_like_those_of_one(monkeypatch):
    whole = tfidf(TEXTS, [pieces(3)])
    monkeypatch.setattr("tunesmith.data.features.MOST_CHARACTERS", 500)
    assert len(list(batches(TEXTS))) > 5
    assert (tfidf(TEXTS, [pieces(3)]) != whole).nnz == 0


def test_texts_that_share_nothing_have_no_features():
    assert tfidf(["a", "b"], [phrases(1)]).shape == (2, 0)
