"""A project keeps every annotation for ever, once each, whoever writes beside it."""

import sqlite3
from multiprocessing import get_context
from pathlib import Path

import pytest

from annotation_projects import answered, labelled, project, say, settings, text
from tunesmith.core.errors import BadData, TunesmithError
from tunesmith.core.example import BadRow, Place
from tunesmith.data.annotation.project import Progress
from tunesmith.data.annotation.store import Store
from tunesmith.data.annotation.turns import Turns


@pytest.fixture
def store(tmp_path):
    opened = project(tmp_path / "p.sqlite", map(text, range(6)))
    yield opened
    opened.close()


def standing(store):
    return {
        task.number: [(one.annotator, one.kind, one.value) for one in said] for task, said in store.standing()
    }


def test_rows_that_are_added_again_add_nothing(store):
    added = store.add([*map(text, range(8)), text(7)], settings(), {})
    assert (added.new, added.known, added.refused) == (2, 7, 0)
    assert store.progress().total == 8


def test_a_row_that_cannot_be_used_is_counted_and_the_first_is_named(store):
    bad = [BadRow(Place("rows.csv", line), "empty text", "''", "Write it.") for line in (3, 9)]
    added = store.add([*bad, text(99)], settings(), {})
    assert (added.new, added.refused, added.first_refused) == (1, 2, str(bad[0]))
    unfit = store.add([text(100)], settings("ratings"), {})
    assert (unfit.refused, unfit.first_refused) == (1, f"{text(100).place}: it has no answer")


def test_what_was_said_is_given_back(store):
    said = say(2, "ann", ["praise"], note="sure", seconds=2.5, suggested=["complaint"])
    assert store.save(said, now=7.0) == 1
    ((task, [kept]),) = store.standing()
    assert task.row == text(1)
    assert (kept.annotator, kept.value, kept.note, kept.seconds) == ("ann", ["praise"], "sure", 2.5)
    assert (kept.suggested, kept.created, kept.number) == (["complaint"], 7.0, 1)


def test_the_same_request_is_kept_once(store):
    said = say(1, "ann", ["praise"])
    assert store.save(said, now=1.0) == store.save(said, now=2.0) == 1
    assert len(store.history(1)) == 1


def test_a_row_that_is_not_there_is_refused(store):
    with pytest.raises(BadData, match="no row 77"):
        store.save(say(77, "ann", ["praise"]), now=1.0)
    with pytest.raises(BadData, match="no row 77"):
        store.task(77)


def test_a_changed_mind_is_a_new_version_and_nothing_is_lost(store):
    for value in ("praise", "complaint", "praise"):
        store.save(say(1, "ann", [value], request=f"request-{len(store.history(1))}"), now=1.0)
    store.save(say(1, "bob", ["question"]), now=1.0)
    assert standing(store) == {1: [("ann", "labels", ["praise"]), ("bob", "labels", ["question"])]}
    assert [one.value for one, _ in store.history(1)] == [["praise"], ["complaint"], ["praise"], ["question"]]


def test_undo_takes_back_what_was_said_last_and_what_stood_before_stands_again(store):
    store.save(say(1, "ann", ["praise"]), now=1.0)
    store.save(say(1, "ann", ["complaint"]), now=2.0)
    store.save(say(2, "bob", ["praise"]), now=3.0)
    taken = store.undo("ann", "undo-0001", now=4.0)
    assert (taken.task, taken.value) == (1, ["complaint"])
    assert standing(store) == {1: [("ann", "labels", ["praise"])], 2: [("bob", "labels", ["praise"])]}
    assert store.undo("ann", "undo-0002", now=5.0).value == ["praise"]
    assert standing(store) == {2: [("bob", "labels", ["praise"])]}
    assert store.undo("ann", "undo-0003", now=6.0) is None
    assert [(one.value, undoes) for one, undoes in store.history(1)] == [
        (["praise"], None), (["complaint"], None), (None, 2), (None, 1)
    ]  # fmt: skip


def test_undo_goes_back_one_version_at_a_time(store):
    for number, value in enumerate(("praise", "complaint", "question")):
        store.save(say(1, "ann", [value], request=f"request-{number}"), now=1.0)
    stood = []
    for number in range(3):
        store.undo("ann", f"undo-000{number}", now=2.0)
        stood.append([one[2] for said in standing(store).values() for one in said])
    assert stood == [[["complaint"]], [["praise"]], []]


def test_what_was_taken_back_can_be_said_anew(store):
    store.save(say(1, "ann", ["praise"]), now=1.0)
    store.undo("ann", "undo-0001", now=2.0)
    store.save(say(1, "ann", ["question"]), now=3.0)
    assert store.undo("ann", "undo-0002", now=4.0).value == ["question"]
    assert standing(store) == {}


def test_an_undo_that_is_asked_twice_is_done_once(store):
    store.save(say(1, "ann", ["praise"]), now=1.0)
    store.save(say(2, "ann", ["praise"]), now=1.0)
    assert store.undo("ann", "undo-0001", now=2.0) == store.undo("ann", "undo-0001", now=3.0)
    assert list(standing(store)) == [1]


def test_the_file_itself_refuses_to_change_or_remove_an_annotation(store, tmp_path):
    store.save(say(1, "ann", ["praise"]), now=1.0)
    connection = sqlite3.connect(tmp_path / "p.sqlite")
    for statement in ("UPDATE annotations SET value = '[]'", "DELETE FROM annotations"):
        with pytest.raises(sqlite3.IntegrityError, match="annotations are never"):
            connection.execute(statement)
    connection.close()


def test_settings_are_kept_in_versions_of_which_the_newest_counts(store, tmp_path):
    assert store.settings() == settings()
    store.configure(settings(), now=2.0)
    store.configure(settings(title="Intents"), now=3.0)
    assert store.settings().title == "Intents"
    connection = sqlite3.connect(tmp_path / "p.sqlite")
    assert connection.execute("SELECT count(*) FROM settings").fetchone() == (2,)
    connection.close()


def test_progress_counts_rows_not_opinions(store):
    store.save(say(1, "ann", ["praise"]), now=1.0)
    store.save(say(1, "bob", ["complaint"]), now=1.0)
    store.save(say(2, "ann", None, kind="skip"), now=1.0)
    store.save(say(3, "ann", None, kind="flag"), now=1.0)
    assert store.progress("ann") == Progress(total=6, done=1, mine=1, skipped=1, unsettled=2)
    assert store.progress("cara") == Progress(total=6, done=1, mine=0, skipped=0, unsettled=2)


def test_disagreements_and_flags_wait_until_somebody_settles_them(store):
    for task, values in {1: ("praise", "complaint"), 2: ("praise", "praise"), 3: ("question",)}.items():
        for person, value in zip(("ann", "bob"), values, strict=False):
            store.save(say(task, person, [value]), now=1.0)
    store.save(say(4, "ann", None, kind="flag", note="cut off"), now=1.0)
    assert store.unsettled(10) == [1, 4]
    assert store.unsettled(10, besides=[1]) == [4]
    assert store.unsettled(1) == [1]
    store.save(say(1, "judge", ["praise"], role="adjudicator"), now=2.0)
    store.save(say(4, "judge", None, kind="skip", role="adjudicator"), now=2.0)
    assert store.unsettled(10) == []
    store.undo("judge", "undo-0001", now=3.0)
    assert store.unsettled(10) == [4]


def test_ratings_disagree_where_they_are_two_apart(tmp_path):
    store = project(tmp_path / "r.sqlite", map(answered, range(3)), settings("ratings"))
    for task, values in {1: (4, 5), 2: (3, 5), 3: (2, 2)}.items():
        for person, value in zip(("ann", "bob"), values, strict=True):
            store.save(say(task, person, value, kind="rating"), now=1.0)
    assert store.unsettled(10) == [2]
    store.close()


def test_the_fingerprint_changes_with_whatever_is_said_added_or_asked(store):
    seen = {store.fingerprint()}
    assert {store.fingerprint()} == seen
    store.save(say(1, "ann", ["praise"]), now=1.0)
    seen.add(store.fingerprint())
    store.undo("ann", "undo-0001", now=2.0)
    seen.add(store.fingerprint())
    store.add([labelled(50, "praise")], settings(), {})
    seen.add(store.fingerprint())
    store.configure(settings(title="Other"), now=3.0)
    seen.add(store.fingerprint())
    assert len(seen) == 5


def test_two_projects_have_two_names(store, tmp_path):
    other = Store.create(tmp_path / "other.sqlite")
    assert other.project() != store.project()
    assert other.fingerprint() != store.fingerprint()
    other.close()


def test_a_project_that_was_opened_for_reading_cannot_be_written_to(store, tmp_path):
    reader = Store.open(tmp_path / "p.sqlite")
    with pytest.raises(TunesmithError, match="readonly"):
        reader.save(say(1, "ann", ["praise"]), now=1.0)
    reader.close()


PEOPLE, ROWS = ("ann", "bob", "cara"), 60


def _annotate(place: str, annotator: str) -> None:
    store = Store.create(Path(place))
    turns, done = Turns(store, 0.5), 0
    while tasks := turns.claim(annotator, 2, now=1.0):
        for task in tasks:
            done += 1
            store.save(say(task.number, annotator, ["praise"], request=f"{annotator}-{done:08}"), now=1.0)
            if done % 7 == 0:
                store.undo(annotator, f"undo-{annotator}-{done}", now=1.0)
    store.close()


def test_processes_annotate_side_by_side_and_nobody_s_work_is_lost_or_done_twice(tmp_path):
    place = tmp_path / "p.sqlite"
    store = project(place, map(text, range(ROWS)), settings(overlap=0.5))
    processes = [get_context("spawn").Process(target=_annotate, args=(str(place), name)) for name in PEOPLE]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    found = standing(store)
    assert len(found) == ROWS
    each = [len(said) for said in found.values()]
    assert set(each) == {1, 2}
    connection = sqlite3.connect(place)
    shared = connection.execute("SELECT count(*) FROM tasks WHERE share < 0.5").fetchone()[0]
    kept = connection.execute("SELECT count(*) FROM annotations WHERE undoes IS NULL").fetchone()[0]
    undone = connection.execute("SELECT count(*) FROM annotations WHERE undoes IS NOT NULL").fetchone()[0]
    connection.close()
    assert each.count(2) == shared  # a share of the rows was given to two people, never to three
    assert kept - undone == sum(each)
    assert undone > 0
    store.close()
