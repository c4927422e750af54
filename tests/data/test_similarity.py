import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planted_rows import mistyped, pieces, similarity, texts
from tunesmith.data import similarity as searching
from tunesmith.data.folded import folded
from tunesmith.data.similarity import equal, jaccard, near_copies, nearest

UNRELATED = texts(300, seed=1)
short = st.lists(st.text(st.sampled_from("ab É漢\n"), max_size=9), max_size=30)


def copies(some, limit=0.8):
    found = near_copies(some, limit)
    return {number: int(of) for number, of in enumerate(found.of) if of >= 0}


def swapped(text):
    first, second, *rest = text.split()
    return " ".join([second, first, *rest])


def chain():
    """Give three texts of which the second is like the first, and the third like the second only."""
    (text,) = texts(1, length=40)
    near = mistyped(text, 4)
    return text, near, mistyped(near, 4, seed=8)


def until(low, high, change):
    """Give a copy of each of 50 texts, changed until it is as similar as is wanted."""
    made = []
    for number, text in enumerate(texts(50, seed=2)):
        attempts = (change(text, times, number) for times in range(1, 100))
        made.append(next(copy for copy in attempts if low <= similarity(text, copy) < high))
    return made


def appended(text, times, seed):
    return f"{text} {' '.join(texts(1, seed=100 + seed, length=50)[0].split()[:times])}"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text, id="nothing"),
        pytest.param(str.upper, id="case"),
        pytest.param(str.title, id="capitals"),
        pytest.param(lambda text: f"  {text.replace(' ', chr(10) + chr(9))}\r\n", id="white space"),
        pytest.param(swapped, id="two words that changed places"),
        pytest.param(lambda text: mistyped(text, 2), id="typing errors"),
        pytest.param(lambda text: f"{text} Thanks!", id="a word more"),
    ],
)
def test_every_copy_is_found_and_nothing_else(change):
    originals = texts(50, seed=2)
    made = [change(text) for text in originals]
    assert min(similarity(*pair) for pair in zip(originals, made, strict=True)) >= 0.8
    assert copies([*originals, *UNRELATED, *made]) == {350 + number: number for number in range(50)}


@pytest.mark.parametrize("change", [mistyped, appended])
def test_what_is_a_little_above_the_limit_is_found_and_a_little_below_is_not(change):
    originals, above, below = texts(50, seed=2), until(0.82, 0.92, change), until(0.68, 0.78, change)
    assert copies([*originals, *above]) == {50 + number: number for number in range(50)}
    assert copies([*originals, *below]) == {}


def test_what_is_called_similar_is_and_nearly_all_that_is_just_similar_is_found():
    originals = texts(2000, seed=3)
    made = [mistyped(text, 3 + number % 4, seed=number) for number, text in enumerate(originals)]
    exact = np.array([similarity(*pair) for pair in zip(originals, made, strict=True)])
    found = nearest(made, originals, 0.8)
    assert (found.of[found.of >= 0] == np.flatnonzero(found.of >= 0)).all()
    assert (exact[found.of >= 0] >= 0.8).all()
    just = (exact >= 0.8) & (exact < 0.83)
    assert just.sum() > 300
    assert (found.of[just] >= 0).mean() >= 0.97
    assert (found.of[exact >= 0.8] >= 0).mean() >= 0.98


@pytest.mark.parametrize(("limit", "errors"), [(0.5, 16), (0.65, 10), (0.9, 3)])
def test_other_limits_are_kept_as_well(limit, errors):
    originals = texts(1000, seed=4)
    made = [mistyped(text, 1 + number % errors, seed=number) for number, text in enumerate(originals)]
    exact = np.array([similarity(*pair) for pair in zip(originals, made, strict=True)])
    found = nearest(made, originals, limit).of >= 0
    assert 200 < (exact >= limit).sum() < 1000
    assert not found[exact < limit].any()
    assert found[exact >= limit].mean() >= 0.97


def test_the_degree_is_exactly_the_share_of_common_pieces():
    originals = texts(100, seed=5)
    made = [mistyped(text, number % 4, seed=number) for number, text in enumerate(originals)]
    found = near_copies([*originals, *made], 0.7)
    assert (found.of[100:] == range(100)).all()
    exact = [similarity(*pair) for pair in zip(originals, made, strict=True)]
    assert found.degree[100:].tolist() == exact
    assert not found.degree[:100].any()


def test_as_many_copies_are_found_as_datasketch_finds():
    datasketch = pytest.importorskip("datasketch")
    originals = texts(400, seed=6)
    made = [mistyped(text, 3 + number % 3, seed=number) for number, text in enumerate(originals)]
    exact = [similarity(*pair) for pair in zip(originals, made, strict=True)]
    index = datasketch.MinHashLSH(num_perm=119, params=(17, 7))
    minima = []
    for number, text in enumerate([*originals, *made]):
        minima.append(datasketch.MinHash(num_perm=119))
        minima[-1].update_batch([piece.encode() for piece in pieces(text)])
        if number < 400:
            index.insert(number, minima[-1])
    theirs = sum(n in index.query(minima[400 + n]) and exact[n] >= 0.8 for n in range(400))
    ours = int((nearest(made, originals, 0.8).of >= 0).sum())
    assert theirs > 100
    assert ours >= 0.98 * theirs


def test_the_first_kept_row_is_named_not_one_that_is_left_out_itself():
    (text,) = texts(1)
    assert copies([text, mistyped(text, 1), mistyped(text, 2), text]) == {1: 0, 2: 0, 3: 0}


def test_the_end_of_a_chain_of_small_steps_stays():
    text, near, far = chain()
    assert similarity(text, near) >= 0.8 <= similarity(near, far)
    assert similarity(text, far) < 0.8
    assert copies([text, near, far]) == {1: 0}
    assert copies([near, text, far]) == {1: 0, 2: 0}


@pytest.mark.parametrize("seed", range(5))
def test_copies_are_those_that_are_found_by_going_through_all_rows_one_by_one(seed):
    some = texts(2, seed=seed, length=30)
    for step in range(60):  # chains that grow from their ends, and from one place in three in between
        some.append(mistyped(some[-2] if step % 3 else some[step // 2], 2, seed=1000 * seed + step))
    random.Random(seed).shuffle(some)
    kept, wanted = [], {}
    for number, text in enumerate(some):
        similar = [earlier for earlier in kept if similarity(some[earlier], text) >= 0.8]
        if similar:
            wanted[number] = similar[0]
        else:
            kept.append(number)
    assert 10 < len(wanted) < 55
    assert copies([*some, *UNRELATED]) == wanted


def test_a_row_that_repeats_a_copy_is_a_copy_of_the_same_row():
    (text,) = texts(1)
    found = near_copies([text, mistyped(text, 2), mistyped(text, 2).upper()], 0.8)
    assert found.of.tolist() == [-1, 0, 0]
    assert found.degree[1] == found.degree[2] == similarity(text, mistyped(text, 2))


@given(short)
def test_equal_texts_are_always_found(some):
    plain = [" ".join(text.casefold().split()) for text in some]
    found = near_copies(some, 1.0)
    for number, text in enumerate(plain):
        if text in plain[:number]:
            assert found.of[number] >= 0
            assert found.degree[number] == 1


@given(short)
def test_every_copy_is_similar_to_an_earlier_row_that_is_none(some):
    found = near_copies(some, 0.5)
    for number, of in enumerate(found.of.tolist()):
        if of >= 0:
            assert of < number
            assert found.of[of] == -1
            assert found.degree[number] == similarity(some[number], some[of]) >= 0.5


@given(short.filter(bool))
def test_similarity_is_symmetric_and_exact(some):
    with folded(some) as kept:
        left, right = (part.ravel() for part in np.meshgrid(range(len(some)), range(len(some))))
        there, back = jaccard(kept, left, right), jaccard(kept, right, left)
    assert there.tolist() == back.tolist()
    assert there.tolist() == [similarity(some[a], some[b]) for a, b in zip(left, right, strict=True)]


@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_unrelated_rows_before_and_between_change_nothing(shuffler):
    family = [mistyped(text, min(seed, 1), seed) for text in texts(5, seed=7) for seed in range(3)]
    alone = copies(family)
    places = sorted(shuffler.sample(range(60), len(family)))
    mixed = UNRELATED[:60]
    for place, text in zip(places, family, strict=True):
        mixed[place] = text
    assert copies(mixed) == {places[row]: places[of] for row, of in alone.items()}
    assert len(alone) == 10


@settings(max_examples=25)
@given(st.permutations(range(15)))
def test_groups_without_chains_are_the_same_in_every_order(order):
    family = [mistyped(text, min(seed, 1), seed) for text in texts(5, seed=7) for seed in range(3)]
    found = copies([family[number] for number in order])
    assert {(order[row] // 3, order[of] // 3) for row, of in found.items()} == {(n, n) for n in range(5)}
    assert len(found) == 10
    assert all(of < row for row, of in found.items())


def test_texts_longer_than_any_block_are_compared_whole():
    text = " ".join(texts(3000, seed=8))
    wrong = mistyped(text, 500)
    assert len(text) > 10 * searching.BYTES_AT_ONCE
    found = near_copies([text, *UNRELATED, wrong], 0.8)
    assert found.of[-1] == 0
    assert found.degree[-1] == similarity(text, wrong)
    assert (found.of[:-1] == -1).all()


def test_other_scripts_are_compared_by_their_characters():
    chance = random.Random(0)
    text = "".join(chance.choices([chr(code) for code in range(0x4E00, 0x9000)], k=200))
    other = "".join(chance.choices([chr(code) for code in range(0x4E00, 0x9000)], k=200))
    assert copies([text, other, mistyped(text, 3)]) == {2: 0}


def test_a_thousand_copies_of_one_text_are_all_found():
    (text,) = texts(1, length=60)
    made = list(dict.fromkeys(mistyped(text, 3, seed=number) for number in range(1000)))
    assert copies([*UNRELATED, text, *made]) == {301 + number: 300 for number in range(len(made))}


def test_a_text_that_was_unlike_many_others_is_compared_no_more(monkeypatch):
    monkeypatch.setattr(searching, "MOST_REFUSED", 0)
    (text,) = texts(1)
    assert copies([text, mistyped(text, 1), text]) == {2: 0}


def test_what_was_in_vain_for_links_is_forgotten_when_they_are_followed(monkeypatch):
    (text,) = texts(1, length=40)
    far = mistyped(text, 5)
    assert 0.75 < similarity(text, far) < 0.8
    monkeypatch.setattr(searching, "MOST_REFUSED", 1)
    assert copies([text, far, f"{far} x"]) == {2: 1}


def test_only_so_many_kept_rows_of_a_group_are_compared_with_the_others(monkeypatch):
    text, near, far = chain()
    group = [text, near, far, f"{far} x"]
    assert copies(group) == {1: 0, 3: 2}
    monkeypatch.setattr(searching, "MOST_KEPT", 1)
    assert copies(group) == {1: 0}


def test_rows_are_held_against_others_not_against_each_other():
    one, other, third = texts(3, seed=9)
    found = nearest([one, one, other, mistyped(third, 2)], [third, other, third], 0.8)
    assert found.of.tolist() == [-1, -1, 1, 0]
    assert found.degree.tolist() == [0, 0, 1, similarity(third, mistyped(third, 2))]


def test_of_equal_rows_that_others_are_held_against_the_first_is_named():
    assert nearest(["some text"], ["another", "some  text", "Some text"], 0.8).of.tolist() == [1]


@pytest.mark.parametrize(("some", "against"), [([], []), (["a"], []), ([], ["a"])])
def test_nothing_is_like_nothing(some, against):
    assert nearest(some, against, 0.8).of.tolist() == [-1] * len(some)


def test_no_rows_have_no_copies():
    assert near_copies([], 0.8).of.tolist() == []


def test_equal_digests_are_copies_of_the_first():
    found = equal([b"a" * 16, b"b" * 16, b"a" * 16, b"a" * 16])
    assert found.of.tolist() == [-1, -1, 0, 0]
    assert found.degree.tolist() == [0, 0, 1, 1]
