import numpy as np
import pytest

from tunesmith.data import vectors
from tunesmith.data.vectors import near_copies


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def planted(count, copies, dimensions=64, topics=20):
    """Make vectors of some topics, then copies of the first ones of known similarity to them."""
    chance = np.random.default_rng(0)
    centres = chance.normal(size=(topics, dimensions))
    originals = unit(centres[chance.integers(0, topics, count)] + chance.normal(size=(count, dimensions)))
    noise = unit(chance.normal(size=(copies, dimensions)))
    made = unit(originals[:copies] + noise * chance.uniform(0.05, 0.4, (copies, 1)))
    return np.concatenate([originals, made]), (originals[:copies] * made).sum(axis=1)


def copies(rows, similarity=0.95, **options):
    """Have texts embedded that are the numbers of their vectors."""
    asked = []

    def embed(texts):
        asked.append(len(texts))
        return rows[[int(text) for text in texts]]

    found = near_copies(map(str, range(len(rows))), embed, similarity, **options)
    assert sum(asked) == len(rows)
    assert max(asked, default=0) <= vectors.ROWS_AT_ONCE
    return found


def check(rows, found, similarity=0.95):
    """Make sure that every copy is one, of an earlier row that is none."""
    for number in np.flatnonzero(found.of >= 0):
        original = found.of[number]
        assert original < number
        assert found.of[original] == -1
        assert found.degree[number] == pytest.approx(float(rows[number] @ rows[original]), abs=1e-5)
        assert found.degree[number] >= similarity - 1e-5


def test_every_copy_is_found_and_nothing_else():
    rows, exact = planted(2000, 500)
    found = copies(rows)
    assert 100 < (exact >= 0.95).sum() < 400
    assert ((found.of >= 0).nonzero()[0] == 2000 + np.flatnonzero(exact >= 0.95)).all()
    assert (found.of[2000:][exact >= 0.95] == np.flatnonzero(exact >= 0.95)).all()
    check(rows, found)


def test_in_clusters_nearly_every_copy_is_found_and_nothing_else(monkeypatch):
    monkeypatch.setattr(vectors, "CLUSTER", 250)
    rows, exact = planted(4000, 1000)
    found = copies(rows, exact=1000)
    assert (found.of[:4000] == -1).all()
    near = exact >= 0.95
    assert (found.of[4000:][near] >= 0).mean() >= 0.95
    assert (found.of[4000:][~near] == -1).all()
    check(rows, found)


def test_being_put_into_clusters_twice_finds_more_than_once(monkeypatch):
    monkeypatch.setattr(vectors, "CLUSTER", 100)
    rows, _ = planted(4000, 1000)
    twice = (copies(rows, exact=1000).of >= 0).sum()
    monkeypatch.setattr(vectors, "TURNS", 1)
    assert twice > (copies(rows, exact=1000).of >= 0).sum()


def test_the_same_rows_have_the_same_copies_every_time(monkeypatch):
    monkeypatch.setattr(vectors, "CLUSTER", 50)
    rows, exact = planted(3000, 1000, topics=1)
    first = copies(rows, exact=500).of
    assert (first >= 0).sum() < (exact >= 0.95).sum()  # some are missed, so it matters where the borders are
    assert (first == copies(rows, exact=500).of).all()


def test_families_that_were_parted_come_together(monkeypatch):
    monkeypatch.setattr(vectors, "CLUSTER", 20)
    chance = np.random.default_rng(0)
    heads = np.repeat(unit(chance.normal(size=(100, 32))), 20, axis=0)
    rows = chance.permutation(unit(heads + 0.2 * unit(chance.normal(size=heads.shape))))
    found = copies(rows, exact=500)
    assert (found.of >= 0).sum() > 1000
    check(rows, found)


def arc(*degrees):
    """Give vectors of so many degrees: 13 lie between those that are 0.974 similar, 18.2 between 0.95."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


@pytest.mark.parametrize("at_once", [1, 2, 1000])
def test_the_end_of_a_chain_of_small_steps_stays_and_has_copies(monkeypatch, at_once):
    monkeypatch.setattr(vectors, "ROWS_AT_ONCE", at_once)
    assert copies(arc(0, 15, 30, 40)).of.tolist() == [-1, 0, -1, 2]


@pytest.mark.parametrize("at_once", [1, 2, 1000])
@pytest.mark.parametrize(("degrees", "named"), [((0, 20, 13), 1), ((0, 20, 7), 0)])
def test_the_most_similar_of_the_kept_rows_is_named(monkeypatch, degrees, named, at_once):
    monkeypatch.setattr(vectors, "ROWS_AT_ONCE", at_once)
    monkeypatch.setattr(vectors, "KEPT_AT_ONCE", at_once)
    assert copies(arc(*degrees)).of.tolist() == [-1, -1, named]


def test_copies_of_a_row_that_is_found_to_be_a_copy_become_copies_of_its_original_or_stay():
    of, degree = np.array([-1, 0, 1, 1]), np.zeros(4)
    vectors._lift(arc(0, 10, 17, 27), 0.95, of, degree)
    assert of.tolist() == [-1, 0, 0, -1]
    assert degree[2] == pytest.approx(np.cos(np.radians(17)))


def test_equal_rows_are_copies_of_the_first_even_at_the_highest_limit():
    rows = np.repeat(unit(np.random.default_rng(0).normal(size=(1, 500))), 3, axis=0)
    assert copies(rows, similarity=1.0).of.tolist() == [-1, 0, 0]


def test_copies_are_found_across_blocks(monkeypatch):
    monkeypatch.setattr(vectors, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(vectors, "KEPT_AT_ONCE", 5)
    rows = unit(np.random.default_rng(0).normal(size=(30, 40)))
    found = copies(np.concatenate([rows, rows[::-1]]))
    assert found.of.tolist() == [-1] * 30 + list(range(29, -1, -1))


def test_no_rows_have_no_copies():
    assert copies(np.zeros((0, 4), np.float32)).of.tolist() == []
