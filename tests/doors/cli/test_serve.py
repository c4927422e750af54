"""`tunesmith serve` as a user starts it: a process, a socket, and the official client."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from openai import OpenAI

from command_line import Command
from finished_run import FinishedRun
from small_runs import make_run
from tunesmith.core.cards import Decoding
from tunesmith.core.example import Message
from tunesmith.lifecycle.loaded import load
from tunesmith.monitoring.trace_store import TraceStore

START = "from tunesmith.doors.cli.app import main; main()"


@pytest.mark.parametrize("ask_to_stop", [signal.SIGTERM, signal.SIGINT])
def test_a_served_package_answers_the_official_client_and_keeps_traces(
    tiny_folder: Path, tmp_path: Path, ask_to_stop: signal.Signals
) -> None:
    package = make_run(tmp_path / "run", tiny_folder).package
    traces = tmp_path / "traces.db"
    words = ["serve", str(package), "--port", "0", "--traces", str(traces)]
    command = [sys.executable, "-c", START, *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as server:
        assert server.stderr is not None
        url = next(found[1] for line in server.stderr if (found := re.search(r"answers at (\S+)", line)))
        with OpenAI(base_url=url, api_key="none", max_retries=0) as client:
            (model,) = client.models.list().data
            asked = "Where is order 3?"
            answer = client.chat.completions.create(
                model=model.id, messages=[{"role": "user", "content": asked}], max_tokens=6
            )
        server.send_signal(ask_to_stop)
        said_last = server.stderr.read()
    assert said_last.endswith("\nStopped.\n")
    assert server.returncode == 130
    assert sorted(path.name for path in tmp_path.glob("traces.db*")) == ["traces.db"]  # all of it in one file
    said = answer.choices[0].message.content
    assert said == load(package).generate((Message("user", asked),), Decoding(max_tokens=6))
    store = TraceStore.open(str(traces))
    assert [trace.answer for trace in store.all()] == [said]
    store.close()


def test_an_address_that_cannot_be_had_is_told_before_anything_is_loaded(
    command: Command, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = command("serve", tmp_path, "--port", str(port))
    assert told.code == 2
    assert told.err.startswith(f"Cannot listen on 127.0.0.1:{port}")


@pytest.mark.parametrize("key", [None, "", " \n"])
def test_a_missing_key_is_told_before_anything_is_loaded(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.delenv("TUNESMITH_API_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("TUNESMITH_API_KEY", key)
    told = command("serve", tmp_path, "--host", "0.0.0.0", "--port", "0")
    assert told.code == 2
    assert told.err.startswith("Others can reach '0.0.0.0': set an API key in the environment variable TUNES")


def test_the_help_names_the_variable_of_the_key_where_the_address_is_chosen(command: Command) -> None:
    said = " ".join(command("serve", "--help").out.split())
    assert "TUNESMITH_API_KEY" in said.partition("--host")[2].partition("--port")[0]


def test_the_server_s_libraries_are_missed_before_anything_is_loaded(tmp_path: Path) -> None:
    block = "import sys; sys.modules.update(dict.fromkeys(['starlette', 'fastapi', 'uvicorn'])); "
    program = [sys.executable, "-c", block + START, "serve", str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "The API needs an extra that is not installed: pip install 'tunesmith[serve]'\n"


def test_an_unknown_backend_is_named_with_the_closest(
    command: Command, finished_run: FinishedRun, tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere" / "traces.db"  # refused too, so that nothing is served if this fails
    words = ("--port", "0", "--backend", "ehco", "--traces", nowhere)
    told = command("serve", finished_run.package, *words)
    assert told.code == 2
    assert "No backend is called 'ehco'. Did you mean 'echo'?" in told.err


def test_a_run_folder_is_answered_with_its_package(command: Command, finished_run: FinishedRun) -> None:
    told = command("serve", finished_run.folder.path, "--port", "0")
    assert told.code == 1
    assert f"Did you mean {finished_run.package}?" in told.err
