import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planted_rows import mistyped, texts
from tunesmith.data.containment import RUN, SHARED_BY, STEP, contained
from tunesmith.data.folded import BLOCK_BYTES

TEXT, OTHER, *MORE = texts(200, seed=1)


def found(some, longer, least=0.95):
    hits = contained(some, longer, least)
    return {
        (text, inside): share
        for text, inside, share in zip(
            hits.text.tolist(), hits.inside.tolist(), hits.share.tolist(), strict=True
        )
    }


def letters(text):
    return re.sub(r"[\W_]", "", text.casefold())


def share(text, longer):
    """Say what share of a text's letters lies in runs that the longer one has, run by run."""
    text, longer = letters(text), letters(longer)
    starts = {*range(0, len(text) - RUN + 1, STEP), len(text) - RUN}
    covered = {
        at for start in starts if text[start : start + RUN] in longer for at in range(start, start + RUN)
    }
    return len(covered) / len(text)


@pytest.mark.parametrize(
    "longer",
    [
        TEXT,
        f"{OTHER} {TEXT} {OTHER}",
        f"Q: {TEXT.upper()}?\n\nA: {OTHER}",
        f"{OTHER}, “{TEXT.replace(' ', ', ')}!”",
        f"{OTHER}{TEXT.replace(' ', '')}{OTHER}",
    ],
)
def test_a_text_is_found_in_a_longer_one_whatever_its_case_and_signs(longer):
    assert found([OTHER[:20], TEXT], [*MORE, longer]) == {(1, len(MORE)): 1.0}


def test_a_text_is_not_found_where_it_is_not():
    assert found([TEXT, OTHER], MORE) == {}


def test_the_share_is_that_of_the_letters_that_are_there():
    half = len(TEXT) // 2
    (only,) = found([TEXT], [f"{OTHER} {TEXT[:half]} {MORE[0]}"], least=0.1).values()
    assert only == share(TEXT, TEXT[:half])
    assert 0.4 < only < 0.5


def test_a_text_of_which_too_little_is_there_is_not_found():
    longer = f"{OTHER} {mistyped(TEXT, 1)}"
    only = share(TEXT, longer)
    assert found([TEXT], [longer], least=only) == {(0, 0): only}
    assert found([TEXT], [longer], least=only + 0.01) == {}


def test_all_of_a_text_must_be_in_the_same_longer_one():
    half = len(TEXT) // 2
    parts = [f"{OTHER} {TEXT[: half + 20]}", f"{TEXT[half - 20 :]} {OTHER}"]
    assert found([TEXT], parts, least=0.9) == {}
    assert len(found([TEXT], [" ".join(parts)], least=0.9)) == 1


def test_every_longer_text_that_has_it_is_given():
    assert found([TEXT, OTHER], [TEXT, OTHER, MORE[0], f"{OTHER} {TEXT}"]).keys() == {
        (0, 0),
        (1, 1),
        (0, 3),
        (1, 3),
    }


def test_a_text_shorter_than_a_run_is_not_looked_for():
    short = letters(TEXT)[: RUN - 1]
    assert found([short, letters(TEXT)[:RUN]], [TEXT]) == {(1, 0): 1.0}
    assert found(["", " ", "?"], [TEXT, ""]) == {}


def test_an_instruction_that_many_texts_share_gives_none_of_them_away():
    asked = [f"{OTHER} {' '.join(more.split()[:8])}" for more in MORE[: SHARED_BY + 1]]
    assert share(asked[0], f"{OTHER} {MORE[-1]}") > 0.7
    assert found(asked, [f"{OTHER} {MORE[-1]}"], least=0.7) == {}
    assert found(asked, [MORE[-1], f"{OTHER} {MORE[3]}"], least=0.7) == {(3, 1): 1.0}
    assert len(found(asked[:-1], [f"{OTHER} {MORE[-1]}"], least=0.7)) > SHARED_BY / 2


def test_what_is_shared_counts_as_missing_where_it_is_missing():
    asked = [f"{OTHER} {' '.join(more.split()[:12])}" for more in MORE[: SHARED_BY + 1]]
    alone = " ".join(MORE[3].split()[:12])
    assert found(asked, [alone], least=0.5) == {}
    assert found(asked, [f"{OTHER} {alone}"], least=0.5) == {(3, 0): 1.0}


def test_scripts_without_spaces_are_compared_by_their_characters():
    chance = random.Random(0)
    one, other = ("".join(chance.choices([chr(c) for c in range(0x4E00, 0x9000)], k=60)) for _ in range(2))
    assert found([one, other], [f"{other[:30]}、{one}。{other[30:]}"]) == {(0, 0): 1.0}


def test_texts_longer_than_any_block_are_searched_whole():
    long = " ".join(texts(2000, seed=2))
    assert len(long) > 3 * BLOCK_BYTES
    end = long[-200:]
    assert found([end, long, TEXT], [f"{TEXT} {long}", TEXT]) == {
        (0, 0): 1.0,
        (1, 0): 1.0,
        (2, 0): 1.0,
        (2, 1): 1.0,
    }


def test_nothing_is_found_in_nothing():
    assert found([], [TEXT]) == found([TEXT], []) == found([], []) == {}


@given(st.randoms(use_true_random=False))
def test_shares_are_those_of_a_search_letter_by_letter(chance):
    sources = texts(6, seed=3)
    some = [" ".join(chance.choice(sources)[a : a + 70] for a in (0, 40)) for _ in range(5)]
    longer = [chance.choice(sources)[chance.randrange(60) :] + chance.choice(sources) for _ in range(5)]
    wanted = {(n, m): share(text, long) for n, text in enumerate(some) for m, long in enumerate(longer)}
    assert found(some, longer, least=0.3) == {pair: s for pair, s in wanted.items() if s >= 0.3}
