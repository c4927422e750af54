"""`tunesmith data annotate` as a user starts it: a process, a link, and a file that holds everything."""

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from annotation_projects import project, say, text
from command_line import Command
from tunesmith.data.annotation.store import Store

START = "from tunesmith.doors.cli.app import main; main()"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.csv"
    file.write_text("text\n" + "".join(f"Row number {number}.\n" for number in range(400)))
    return file


@contextmanager
def started(*words: str | Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Start the command, and come in through the link that it prints."""
    command = [sys.executable, "-c", START, "data", "annotate", *map(str, words), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as server:
        assert server.stderr is not None
        found = next(
            m for line in server.stderr if (m := re.search(r"annotate at (\S+)/\?token=(\S+)", line))
        )
        with httpx.Client(base_url=found[1], headers={"origin": found[1]}, timeout=30) as client:
            client.get("/", params={"token": found[2]}).raise_for_status()
            try:
                yield server, client
            finally:
                server.kill()


def keep(client: httpx.Client, task: int, annotator: str) -> None:
    """Say something of a row; returns once the server has confirmed it."""
    body = {
        "request": f"{annotator}-{task:06}",
        "task": task,
        "annotator": annotator,
        "kind": "labels",
        "value": ["good"],
    }
    client.post("/api/annotations", json=body).raise_for_status()


def test_it_serves_until_it_is_asked_to_stop_and_leaves_one_file(rows: Path, tmp_path: Path) -> None:
    place = tmp_path / "p.sqlite"
    with started(rows, "labels=[good, bad]", "--project", place) as (server, client):
        (task,) = client.post("/api/claims", json={"annotator": "ann"}).json()["tasks"]
        keep(client, task["number"], "ann")
        server.send_signal(signal.SIGTERM)
        assert server.stderr is not None
        said_last = server.stderr.read()
    assert server.returncode == 130
    assert said_last.endswith(f"everything is kept in {place}\n\nStopped.\n")
    assert sorted(path.name for path in tmp_path.glob("p.sqlite*")) == ["p.sqlite"]
    store = Store.open(place)
    assert store.progress().done == 1
    store.close()


def test_a_kill_in_the_middle_loses_nothing_that_was_confirmed(rows: Path, tmp_path: Path) -> None:
    place, confirmed, enough = tmp_path / "p.sqlite", list[tuple[int, str]](), threading.Event()

    def annotate(client: httpx.Client, person: str, first: int) -> None:
        for task in range(first, 400, 2):
            try:
                keep(client, task, person)
            except httpx.HTTPError:
                return
            confirmed.append((task, person))
            if len(confirmed) >= 40:
                enough.set()

    with started(rows, "labels=[good, bad]", "--project", place) as (server, client):
        people = [threading.Thread(target=annotate, args=(client, *one)) for one in (("ann", 1), ("bob", 2))]
        for person in people:
            person.start()
        assert enough.wait(60)
        server.send_signal(signal.SIGKILL)
        for person in people:
            person.join()
    assert 40 <= len(confirmed) < 400
    store = Store.create(place)
    kept = {(task.number, one.annotator) for task, said in store.standing() for one in said}
    assert set(confirmed) <= kept
    assert len(kept) - len(confirmed) <= 2  # what was on its way when the server was killed
    assert store.progress().total == 400
    store.close()


def test_what_was_annotated_is_exported_and_what_was_not_is_said(command: Command, tmp_path: Path) -> None:
    store = project(tmp_path / "p.sqlite", [text(1), text(2)])
    store.save(say(1, "ann", ["praise"]), now=1.0)
    store.close()
    told = command("data", "annotate", "--project", tmp_path / "p.sqlite", "--export", tmp_path / "out.jsonl")
    assert told.code == 0
    assert "1 of 2 rows decided by policy majority" in told.out
    assert (tmp_path / "out.jsonl").read_text().count("\n") == 1
    told = command(
        "data",
        "annotate",
        "policy=sole",
        "--project",
        tmp_path / "p.sqlite",
        "--export",
        tmp_path / "x.jsonl",
    )
    assert told.code == 2
    assert "policy" in told.err


def test_an_address_that_cannot_be_had_is_told_before_anything_is_read(
    command: Command, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        told = command("data", "annotate", tmp_path / "nowhere.csv", "--port", str(other.getsockname()[1]))
    assert told.code == 2
    assert told.err.startswith("Cannot listen on 127.0.0.1")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["rows.csv"], 2, "Name at least two labels"),
        (["rows.csv", "more.csv"], 2, "Give one source: rows.csv or more.csv."),
        (["rows.csv", "labels=[a,b]", "colour=red"], 2, "There is no option 'colour'"),
        ([], 2, "Name a file of rows"),
        (["nowhere.csv", "labels=[a,b]"], 3, "nowhere.csv"),
    ],
)
def test_what_cannot_be_done_is_told(
    command: Command, rows: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(rows.parent)
    told = command("data", "annotate", *words, "--port", "0")
    assert (told.code, said in told.err) == (code, True), told.err
    assert not (rows.parent / "annotations.sqlite").exists()


def test_the_server_s_libraries_are_missed_in_one_line(rows: Path) -> None:
    block = "import sys; sys.modules.update(dict.fromkeys(['starlette', 'fastapi', 'uvicorn'])); "
    program = [sys.executable, "-c", block + START, "data", "annotate", str(rows)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "The API needs an extra that is not installed: pip install 'tunesmith[serve]'\n"
