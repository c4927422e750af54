import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.data.folded import code_points
from tunesmith.data.shingles import END, SHINGLE, hash_shingles, mix

texts = st.lists(st.text(st.characters(exclude_characters="\n"), min_size=SHINGLE, max_size=30), min_size=1)


def hashed(some):
    hashes, starts = hash_shingles(code_points("".join(text + END for text in some).encode()))
    return [part.tolist() for part in np.split(hashes, starts[1:])]


@given(texts)
def test_every_text_has_a_hash_for_each_of_its_pieces_and_no_other(some):
    assert [len(part) for part in hashed(some)] == [len(text) - SHINGLE + 1 for text in some]


@given(texts)
def test_hashes_are_equal_where_pieces_are(some):
    pieces = [text[at : at + SHINGLE] for text in some for at in range(len(text) - SHINGLE + 1)]
    hashes = [number for part in hashed(some) for number in part]
    assert len(set(zip(pieces, hashes, strict=True))) == len(set(pieces)) == len(set(hashes))


@given(texts)
def test_a_text_is_hashed_alike_alone_and_among_others(some):
    assert hashed(some) == [hashed([text])[0] for text in some]


def test_hashes_never_change_between_versions_and_machines():
    assert hashed(["a text"]) == [[18035337197609593586, 4842563209654552055]]


def test_mixing_keeps_numbers_apart_and_spreads_them_over_all_bits():
    numbers = mix(np.arange(100_000, dtype=np.uint64))
    assert len(set(numbers.tolist())) == 100_000
    ones = [(numbers >> np.uint64(bit) & np.uint64(1)).mean() for bit in range(64)]
    assert 0.49 < min(ones) <= max(ones) < 0.51
