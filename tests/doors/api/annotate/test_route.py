"""The routes do what the page asks, keep it before they say so, and say what is wrong."""

import re
from pathlib import Path

import pytest

import tunesmith.doors.api.annotate
from annotation_projects import settings, text

FOLDER = Path(tunesmith.doors.api.annotate.__file__).parent / "page"


def say(page, task, annotator="ann", **values):
    body = {
        "request": f"request-{annotator}-{task}",
        "task": task,
        "annotator": annotator,
        "kind": "labels",
        "value": ["praise"],
    }
    return page.http.post("/api/annotations", json={**body, **values})


def test_the_page_and_all_its_files_are_given_and_nothing_else(page):
    index = page.http.get("/")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    names = sorted(path.name for path in FOLDER.iterdir())
    assert len(names) >= 9
    for name in names:
        reply = page.http.get(f"/page/{name}")
        assert (reply.status_code, reply.content) == (200, (FOLDER / name).read_bytes())
    for name in ("..%2fgate.py", "gate.py", "%2e%2e/gate.py", "..\\gate.py", "index.html%00"):
        assert page.http.get(f"/page/{name}").status_code == 404, name


def test_the_files_hold_nothing_inline_and_name_no_other_site():
    for path in FOLDER.iterdir():
        content = path.read_text("utf-8")
        addresses = set(re.findall(r"https?://[\w./]+", content)) - {"http://www.w3.org/2000/svg"}
        assert addresses == set(), path.name
        if path.suffix == ".html":
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", content)
        if path.suffix == ".js":
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", content
            )


def test_a_row_is_claimed_said_and_counted(page):
    (task,) = page.http.post("/api/claims", json={"annotator": "ann"}).json()["tasks"]
    reply = say(page, task["number"])
    assert reply.json() == {"total": 5, "done": 1, "mine": 1, "skipped": 0, "unsettled": 0}
    again = page.http.post("/api/claims", json={"annotator": "ann", "number": 5, "besides": [1]}).json()[
        "tasks"
    ]
    assert task["number"] not in [one["number"] for one in again]
    ((_, [kept]),) = page.store.standing()
    assert (kept.annotator, kept.value, kept.created) == ("ann", ["praise"], 5.0)


def test_saying_it_twice_keeps_it_once(page):
    assert say(page, 1).json() == say(page, 1).json()
    assert len(page.store.history(1)) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"value": ["joy"]}, "no label 'joy'"),
        ({"value": None}, "Labels are a list"),
        ({"kind": "rating", "value": 3}, "asks for labels"),
        ({"task": 99}, "no row 99"),
        ({"note": 3}, "note: Input should be a valid string"),
        ({"colour": "red"}, "There is no parameter 'colour'"),
        ({"value": "x" * 5_000_000}, "larger than"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(page, values, said):
    reply = say(page, values.pop("task", 1), **values)
    assert reply.status_code in (400, 413)
    assert said in reply.json()["error"]["message"]
    assert list(page.store.standing()) == []


def test_undo_shows_the_row_again_with_what_was_said(page):
    say(page, 2)
    found = page.http.post("/api/undo", json={"annotator": "ann", "request": "undo-0001"}).json()
    assert (found["task"]["number"], found["said"]["value"], found["said"]["role"]) == (
        2,
        ["praise"],
        "annotator",
    )
    assert page.http.post("/api/undo", json={"annotator": "ann", "request": "undo-0002"}).json() == {
        "task": None,
        "said": None,
    }


def test_disagreements_are_shown_measured_and_settled(page):
    say(page, 3)
    say(page, 3, "bob", value=["complaint"])
    say(page, 4)
    say(page, 4, "bob")
    (task,) = page.http.post("/api/unsettled", json={"annotator": "ann"}).json()["tasks"]
    assert [(one["annotator"], one["words"]) for one in task["opinions"]] == [
        ("ann", "praise"),
        ("bob", "complaint"),
    ]
    found = page.http.get("/api/agreement").json()
    assert (found["rows"], found["share"], found["pairs"][0]["rows"]) == (2, 0.5, 2)
    assert found["alpha"]["low"] <= found["alpha"]["value"] <= found["alpha"]["high"]
    settled = {"request": "settled-1", "role": "adjudicator", "value": ["praise"]}
    assert say(page, 3, "judge", **settled).json()["unsettled"] == 0
    assert page.http.post("/api/unsettled", json={"annotator": "ann"}).json()["tasks"] == []


def test_the_project_and_the_progress_are_told(page):
    project = page.http.get("/api/project").json()
    assert (project["work"], project["labels"], project["multiple"]) == (
        "labels",
        ["praise", "complaint", "question"],
        False,
    )
    assert project["project"] == page.store.project()
    progress = page.http.get("/api/progress", params={"annotator": "ann"}).json()
    assert progress == {"total": 5, "done": 0, "mine": 0, "skipped": 0, "unsettled": 0, "note": ""}


def test_a_row_can_be_looked_at_again(page):
    assert page.http.get("/api/suggestions/2").json()["number"] == 2
    assert page.http.get("/api/suggestions/99").status_code == 400
    assert page.http.get("/api/suggestions/x").status_code == 404


def test_texts_in_every_script_come_through_whole(serve):
    content = "مرحبا — שלום 😀 \u202e\x07 <b>&amp;</b> \ud83d".replace("\ud83d", "�")
    page = serve([text(1, content)], settings())
    (task,) = page.http.post("/api/claims", json={"annotator": "ann"}).json()["tasks"]
    assert task["turns"][0]["content"] == content
