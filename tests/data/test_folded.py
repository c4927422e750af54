import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.data.folded import BLOCK_BYTES, code_points, folded
from tunesmith.data.wording import fold

texts = st.lists(st.text(st.characters(), max_size=12) | st.sampled_from(["", "a", "A ", "\ud800", "日本"]))


def read(codes):
    return "".join(map(chr, codes))


@given(texts)
def test_every_distinct_text_is_given_once_and_in_order(some):
    with folded(some) as kept:
        found = "".join(map(read, kept.blocks()))
    assert [text.rstrip("\t") for text in found.splitlines()] == list(dict.fromkeys(map(fold, some)))


def test_long_and_many_texts_come_in_blocks_of_bounded_size():
    some = [f"{number} {'x' * 500}" for number in range(1000)] + ["y" * 10 * BLOCK_BYTES, "z"]
    with folded(some) as kept:
        blocks = list(kept.blocks())
    assert sum(len(block) > BLOCK_BYTES + 600 for block in blocks) == 1
    assert len(blocks) > 7
    assert "".join(map(read, blocks)) == "".join(f"{text.ljust(5, chr(9))}\n" for text in some)


def test_texts_that_repeat_an_earlier_one_lead_to_it_across_parts():
    with folded(["b", "A  a"], ["a A", "c", "C"]) as kept:
        assert len(kept) == 5
        assert kept.ends == [2, 5]
        assert kept.distinct.tolist() == [0, 1, 3]
        assert kept.place.tolist() == [0, 1, 1, 2, 2]


def test_some_texts_are_read_by_their_numbers_in_any_order():
    with folded(["first", "second text", "third"]) as kept:
        assert read(kept.codes(np.array([2, 0, 2]))) == "third\nfirst\nthird\n"
        assert kept.lengths.tolist() == [6, 12, 6]


def test_no_text_is_shorter_than_a_piece():
    with folded(["", "ab"]) as kept:
        assert read(kept.codes(np.array([0, 1]))) == "\t\t\t\t\t\nab\t\t\t\n"


def test_nothing_is_given_of_nothing():
    with folded([], []) as kept:
        assert (list(kept.blocks()), kept.ends, len(kept)) == ([], [0, 0], 0)


def test_the_file_is_gone_afterwards():
    with folded(["some text"]) as kept:
        pass
    with pytest.raises(ValueError, match="closed"):
        kept.codes(np.array([0]))


@pytest.mark.parametrize("text", ["a", "é", "漢", "😀", "\ud800"])
def test_a_code_point_is_the_number_of_a_character(text):
    assert code_points(text.encode("utf-8", "surrogatepass")).tolist() == [ord(text)]
