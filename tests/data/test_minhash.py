import math

import numpy as np
import pytest

from planted_rows import mistyped, pieces, similarity, texts
from tunesmith.data.folded import folded
from tunesmith.data.minhash import MOST_HASHES, RECALL, Bands, Sketches, choose, sketch

ORIGINALS = texts(1500)
COPIES = [mistyped(text, 1 + number % 8, seed=number) for number, text in enumerate(ORIGINALS)]
EXACT = np.array([similarity(*pair) for pair in zip(ORIGINALS, COPIES, strict=True)])


def sketched(some, bands):
    with folded(some) as kept:
        assert len(kept.distinct) == len(some)
        return sketch(kept.blocks(), len(some), bands)


@pytest.fixture(scope="module")
def both():
    return sketched([*ORIGINALS, *COPIES], choose(0.8))


def shared(sketches):
    """Say of every original whether it shares a band with its copy."""
    return (sketches.keys[:, : len(ORIGINALS)] == sketches.keys[:, len(ORIGINALS) :]).any(axis=0)


def agreement(sketches):
    numbers = np.arange(len(ORIGINALS))
    return sketches.agreement(numbers, numbers + len(ORIGINALS))


@pytest.mark.parametrize("wanted", [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_the_chosen_bands_find_what_is_just_similar_enough(wanted):
    bands = choose(wanted)
    assert bands.chance(wanted) >= RECALL
    assert bands.hashes <= MOST_HASHES
    # One minimum more in every band would need more of them than there may be, or find too little.
    longer = (
        Bands(MOST_HASHES // (bands.rows + 1), bands.rows + 1) if bands.rows < MOST_HASHES else Bands(0, 1)
    )
    assert longer.chance(wanted) < RECALL


def test_eight_tenths_are_looked_for_with_seventeen_bands_of_seven():
    assert choose(0.8) == Bands(17, 7)
    assert choose(0.8).fewest(0.8) == math.floor(95.2 - 2.5 * math.sqrt(119 * 0.8 * 0.2))


def test_even_the_least_similar_have_bands():
    assert choose(0.01) == Bands(MOST_HASHES, 1)


def test_bands_are_shared_as_often_as_the_formula_says(both):
    bands = choose(0.8)
    for low, high in ((0.6, 0.7), (0.7, 0.8), (0.8, 0.9)):
        some = (low <= EXACT) & (high > EXACT)
        expected = [bands.chance(s) for s in EXACT[some]]
        deviation = math.sqrt(sum(chance * (1 - chance) for chance in expected))
        assert some.sum() > 100
        assert abs(shared(both)[some].sum() - sum(expected)) < 3 * deviation


def test_minima_agree_as_often_as_texts_are_similar(both):
    off = agreement(both) / choose(0.8).hashes - EXACT
    expected = np.sqrt(EXACT * (1 - EXACT) / choose(0.8).hashes)
    assert abs(off.mean()) < 3 * expected.mean() / math.sqrt(len(off)) + 1 / 256  # a byte agrees by chance
    assert off.std() < 1.15 * expected.mean()


def test_minima_agree_as_often_as_those_of_datasketch(both):
    datasketch = pytest.importorskip("datasketch")

    def minima(text):
        made = datasketch.MinHash(num_perm=choose(0.8).hashes)
        made.update_batch([piece.encode() for piece in pieces(text)])
        return made

    some = range(0, len(ORIGINALS), 5)
    theirs = np.array([minima(ORIGINALS[n]).jaccard(minima(COPIES[n])) for n in some])
    ours = agreement(both)[some] / choose(0.8).hashes
    assert np.abs(ours - EXACT[some]).mean() < 1.2 * np.abs(theirs - EXACT[some]).mean()


def test_texts_that_have_nothing_in_common_share_no_band(both):
    assert not (both.keys[:, :750] == both.keys[:, 750:1500]).any()
    apart = both.agreement(np.arange(750), np.arange(750, 1500))
    assert apart.max() < choose(0.8).fewest(0.8)


def test_few_pairs_of_eight_tenths_agree_too_little(both):
    near = EXACT >= 0.8
    assert (agreement(both)[near] >= choose(0.8).fewest(0.8)).mean() > 0.99


def test_a_text_is_sketched_alike_alone_and_among_others(both):
    alone = sketched(ORIGINALS[700:701], choose(0.8))
    assert (alone.keys[:, 0] == both.keys[:, 700]).all()
    assert (alone.marks[0] == both.marks[700]).all()


def test_sketches_never_change_between_versions_and_machines():
    made = sketched(["a text that stays as it is"], Bands(2, 3))
    assert made.marks.tolist() == [[164, 23, 196, 106, 87, 246]]
    assert made.keys.tolist() == [[3371599503], [1476591329]]


def keyed(*keys):
    return Sketches(np.array(keys, np.uint32), np.zeros((len(keys[0]), 1), np.uint8))


def listed(pairs):
    return [
        (one, other)
        for left, right in pairs
        for one, other in zip(left.tolist(), right.tolist(), strict=True)
    ]


def test_texts_that_share_a_band_are_paired_the_earlier_first():
    sketches = keyed([5, 7, 5, 1, 7, 5], [0, 1, 2, 3, 4, 0])
    assert sorted(listed(sketches.pairs(10))) == [(0, 2), (0, 5), (0, 5), (1, 4), (2, 5)]


def test_pairs_of_a_crowd_grow_with_its_size_not_with_its_square():
    assert listed(keyed([1] * 5).pairs(2)) == [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4)]
    assert len(listed(keyed([1] * 10_000).pairs(3))) == 9_999 + 9_998 + 9_997


def test_texts_of_two_sides_are_paired_with_each_other_only():
    sketches = keyed([1, 1, 2, 1, 2, 3])
    left, right = np.array([1, 2, 3]), np.array([0, 4, 5])
    assert listed(sketches.pairs_between(left, right, 9)) == [(1, 0), (2, 4), (3, 0)]
    assert listed(sketches.pairs_between(left, right, 1)) == [(1, 0), (2, 4)]


def test_nobody_is_paired_with_nobody():
    nobody = np.zeros(0, np.int64)
    assert listed(keyed([]).pairs(3)) == listed(keyed([1, 1]).pairs_between(nobody, np.array([0]), 3)) == []
    assert listed(keyed([1, 1]).pairs_between(np.array([0]), nobody, 3)) == []
