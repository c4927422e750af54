"""Everybody gets rows that still need somebody, in order; what is on one screen is not given to another."""

import pytest

from annotation_projects import answered, pair, project, say, settings, text
from tunesmith.data.annotation.project import Suggestion
from tunesmith.data.annotation.turns import HOLD_SECONDS, Turns


@pytest.fixture
def store(tmp_path):
    opened = project(tmp_path / "p.sqlite", map(text, range(8)))
    yield opened
    opened.close()


def numbers(tasks):
    return [task.number for task in tasks]


def test_rows_come_in_the_order_that_was_given(store):
    turns = Turns(store, overlap=0.0)
    turns.rank([5, 3, 8])
    assert numbers(turns.claim("ann", 3, now=0.0)) == [5, 3, 8]
    assert len(turns.claim("ann", 9, now=0.0)) == 8  # what is not named comes after it
    turns.rank([2])
    assert numbers(turns.claim("ann", 1, now=0.0)) == [2]


def test_a_row_on_one_screen_is_not_given_to_another_until_it_is_let_go(store):
    turns = Turns(store, overlap=0.0)
    mine = numbers(turns.claim("ann", 3, now=0.0))
    assert not set(mine) & set(numbers(turns.claim("bob", 8, now=1.0)))
    assert set(mine) <= set(numbers(turns.claim("cara", 8, now=HOLD_SECONDS + 0.5)))


def test_my_own_rows_are_given_to_me_again_after_a_reload(store):
    turns = Turns(store, overlap=0.0)
    mine = numbers(turns.claim("ann", 2, now=0.0))
    assert numbers(turns.claim("ann", 2, now=1.0)) == mine
    assert not set(mine) & set(numbers(turns.claim("ann", 2, now=1.0, besides=mine)))


def test_a_row_that_is_done_is_given_to_nobody_else_without_overlap(store):
    turns = Turns(store, overlap=0.0)
    (task,) = turns.claim("ann", 1, now=0.0)
    store.save(say(task.number, "ann", ["praise"]), now=0.0)
    for person in ("ann", "bob"):
        assert task.number not in numbers(turns.claim(person, 8, now=1.0))


def test_with_overlap_a_second_person_gets_what_the_first_did_before_anything_new(store):
    turns = Turns(store, overlap=1.0)
    turns.rank([4, 6, 1, 2, 3, 5, 7, 8])
    for task in (1, 2):
        store.save(say(task, "ann", ["praise"]), now=0.0)
    assert numbers(turns.claim("bob", 3, now=0.0)) == [1, 2, 4]
    assert numbers(turns.claim("ann", 2, now=0.0)) == [4, 6]
    store.save(say(1, "bob", ["praise"]), now=0.0)
    assert 1 not in numbers(turns.claim("cara", 8, now=0.0))


def test_two_may_have_a_shared_row_on_their_screens_but_not_three(store):
    turns = Turns(store, overlap=1.0)
    first, second = (numbers(turns.claim(person, 8, now=0.0)) for person in ("ann", "bob"))
    assert len(first) == len(second) == 8
    assert turns.claim("cara", 8, now=0.0) == []


def test_the_share_that_is_given_to_two_is_decided_by_content_and_seed(tmp_path):
    shares = []
    for name, rows in (("a", range(400)), ("b", reversed(range(400)))):
        store = project(tmp_path / f"{name}.sqlite", map(text, rows))
        with store.database.reading() as connection:
            found = connection.execute(
                "SELECT identity FROM tasks WHERE share < 0.25 ORDER BY identity"
            ).fetchall()
        shares.append([row["identity"] for row in found])
        store.close()
    assert shares[0] == shares[1]
    assert 75 < len(shares[0]) < 125


def test_a_skipped_row_is_not_mine_any_more_but_somebody_else_s(store):
    turns = Turns(store, overlap=0.0)
    store.save(say(3, "ann", None, kind="skip"), now=0.0)
    assert 3 not in numbers(turns.claim("ann", 8, now=0.0))
    store.database.close()
    assert 3 in numbers(turns.claim("bob", 8, now=HOLD_SECONDS + 1.0))


def test_a_flagged_or_settled_row_is_given_to_nobody(store):
    turns = Turns(store, overlap=1.0)
    store.save(say(3, "ann", None, kind="flag"), now=0.0)
    store.save(say(4, "judge", ["praise"], role="adjudicator"), now=0.0)
    assert not {3, 4} & set(numbers(turns.claim("bob", 8, now=0.0)))


def test_a_row_that_was_taken_back_is_held_for_whoever_did(store):
    turns = Turns(store, overlap=0.0)
    store.save(say(3, "ann", ["praise"]), now=0.0)
    store.undo("ann", "undo-0001", now=0.0)
    turns.claim_this("ann", 3, now=0.0)
    assert 3 not in numbers(turns.claim("bob", 8, now=0.0))
    assert 3 in numbers(turns.claim("ann", 8, now=0.0))


def test_rows_that_an_audit_doubts_come_first_also_where_the_project_knows_them(store):
    doubts = {"rows.csv:5": "label_errors", "rows.csv:7": "outlier"}
    store.add(map(text, range(8)), settings(), doubts)
    found = Turns(store, overlap=0.0).claim("ann", 3, now=0.0)
    assert {task.doubt for task in found[:2]} == {"label_errors", "outlier"}
    assert found[2].doubt == ""


def test_what_a_model_suggests_is_shown_and_replaced_by_what_it_suggests_later(store):
    turns = Turns(store, overlap=0.0)
    turns.suggest([Suggestion(2, ["praise"], "linear", 0.75, (("praise", 0.75), ("complaint", 0.25)))])
    turns.suggest([Suggestion(2, ["complaint"], "linear", 0.5)])
    turns.rank([2])
    (task,) = turns.claim("ann", 1, now=0.0)
    assert task.suggestion == Suggestion(2, ["complaint"], "linear", 0.5, ())


def test_a_conversation_to_rank_waits_for_a_second_answer(tmp_path):
    store = project(tmp_path / "r.sqlite", [answered(1), answered(2), pair(3)], settings("ranking"))
    turns = Turns(store, overlap=0.0)
    assert numbers(turns.claim("ann", 9, now=0.0)) == [3]
    turns.suggest([Suggestion(1, "On its way.", "tiny"), Suggestion(2, None, "tiny")])
    assert sorted(numbers(turns.claim("ann", 9, now=0.0))) == [1, 3]
    store.close()


def test_the_rows_ahead_are_those_without_a_suggestion_first_what_is_on_a_screen(store):
    turns = Turns(store, overlap=0.0)
    turns.rank([1, 2, 3, 4, 5, 6, 7, 8])
    turns.claim("ann", 1, now=0.0, besides=[1, 2, 3, 4, 5, 6, 7])
    turns.suggest([Suggestion(1, "x", "tiny")])
    store.save(say(2, "ann", ["praise"]), now=0.0)
    assert numbers(turns.ahead(3, now=1.0)) == [8, 3, 4]
    assert numbers(turns.ahead(3, now=HOLD_SECONDS + 1.0)) == [3, 4]


def test_open_rows_are_those_that_nobody_did_and_fewer_of_them_are_a_fair_sample(store):
    turns = Turns(store, overlap=1.0)
    store.save(say(2, "ann", ["praise"]), now=0.0)
    store.save(say(3, "ann", None, kind="skip"), now=0.0)
    everything = numbers(turns.open(100))
    assert sorted(everything) == [1, 3, 4, 5, 6, 7, 8]
    assert everything != sorted(everything)
    assert numbers(turns.open(4)) == everything[:4]
