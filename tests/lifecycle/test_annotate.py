"""A project is opened, asked about and closed as a whole; what is refused leaves nothing behind."""

import time
from pathlib import Path

import pytest

from annotation_projects import say
from tunesmith.core.errors import BadBase, BadData, BadOption
from tunesmith.data.annotation.store import Store
from tunesmith.lifecycle.annotate import Opening, open_desk


@pytest.fixture
def rows(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("text\nIt broke.\nLovely!\nWhere is it?\n")
    return file


def opened(rows, **values):
    options = values.pop("options", ["labels=[praise, complaint]", "overlap=1"])
    return open_desk(Opening(rows.parent / "p.sqlite", rows, options, **values), lambda: 5.0)


def test_opening_says_how_rows_are_read_and_how_many_are_new(rows):
    desk, notes = opened(rows)
    desk.close()
    assert notes[0].startswith("CSV with column 'text', read as text")
    assert notes[1] == "rows added: 3, known already: 0"
    again, notes = opened(rows)
    again.close()
    assert notes[1] == "rows added: 0, known already: 3"


def test_a_project_is_opened_again_without_rows_or_options(rows):
    opened(rows)[0].close()
    desk, notes = open_desk(Opening(rows.parent / "p.sqlite"), time.time)
    assert notes == []
    assert desk.settings.labels == ("praise", "complaint")
    assert len(desk.claim("ann", 9, [])) == 3
    desk.close()


def test_what_is_said_is_checked_and_kept_with_the_time(rows):
    desk, _ = opened(rows)
    (task,) = desk.claim("ann", 1, [])
    assert desk.save(say(task.number, "ann", ["praise"])).done == 1
    with pytest.raises(BadData, match="no label 'joy'"):
        desk.save(say(task.number, "ann", ["joy"]))
    ((_, [kept]),) = desk.store.standing()
    assert (kept.value, kept.created) == (["praise"], 5.0)
    desk.close()


def test_undo_gives_the_row_and_what_was_said_and_holds_it(rows):
    desk, _ = opened(rows, options=["labels=[praise, complaint]", "overlap=0"])
    (task,) = desk.claim("ann", 1, [])
    desk.save(say(task.number, "ann", ["praise"]))
    found = desk.undo("ann", "undo-0001")
    assert found is not None
    assert (found[0].row, found[1].value) == (task.row, ["praise"])
    assert desk.undo("ann", "undo-0002") is None
    assert task.number not in [one.number for one in desk.claim("bob", 9, [])]
    desk.close()


def test_rows_to_settle_come_with_all_opinions(rows):
    desk, _ = opened(rows)
    for person, label in (("ann", "praise"), ("bob", "complaint")):
        desk.save(say(2, person, [label]))
    ((task, said),) = desk.unsettled(5, [])
    assert (task.number, [(one.annotator, one.value) for one in said]) == (
        2,
        [("ann", ["praise"]), ("bob", ["complaint"])],
    )
    assert desk.unsettled(5, [2]) == []
    assert (desk.agreement().rows, desk.agreement().share) == (1, 0.0)
    desk.close()


def test_doubtful_rows_come_first_and_are_counted(rows, tmp_path):
    (tmp_path / "audit.txt").write_text(f"{rows}:4 (byte 20): unlikely\n")
    desk, notes = opened(rows, doubtful=tmp_path / "audit.txt")
    assert notes[-1] == "rows that an audit names, which come first: 1"
    (task,) = desk.claim("ann", 1, [])
    assert (task.doubt, task.row.text) == ("unlikely", "Where is it?")
    desk.close()


def test_rows_that_cannot_be_used_are_told(rows):
    rows.write_text("text\nIt broke.\n \nLovely!\n")
    desk, notes = opened(rows)
    desk.close()
    assert notes[2].startswith("rows that cannot be used: 1. The first: ")
    assert ":3" in notes[2]


def test_what_is_named_wrongly_is_refused_before_a_project_is_made(rows, tmp_path):
    for values, error in (
        ({"options": []}, BadOption),
        ({"options": ["labels=[a, b]", "work=answers"], "model": str(tmp_path / "nowhere")}, BadBase),
        ({"doubtful": tmp_path / "nowhere"}, BadOption),
    ):
        with pytest.raises(error):
            opened(rows, **values)
    with pytest.raises(BadOption, match="Name a file of rows"):
        open_desk(Opening(tmp_path / "p.sqlite"), time.time)
    assert not (tmp_path / "p.sqlite").exists()


def test_a_source_that_fails_leaves_no_open_file(rows, tmp_path):
    rows.write_text("text\n")
    with pytest.raises(BadData):
        opened(rows)
    assert list(tmp_path.glob("p.sqlite-*")) == []  # SQLite takes them away when the last one closes


def test_the_rows_whose_answers_are_being_written_are_known(rows, tiny_folder: Path):
    rows.write_text("text\nIt broke.\n")
    desk, _ = opened(rows, options=["work=answers"], model=str(tiny_folder))
    assert desk.assistant is not None
    for _ in range(500):
        if not desk.being_written():
            break
        time.sleep(0.02)
    tasks = desk.claim("ann", 9, [])
    assert all(task.suggestion is not None for task in tasks)
    assert len(tasks) == 1
    desk.close()
    assert desk.being_written() == set()
    Store.open(rows.parent / "p.sqlite").close()
