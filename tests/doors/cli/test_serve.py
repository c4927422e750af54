"""`tunesmith serve` as a user starts it: a process, a socket, and the official client."""

import re
import signal
import subprocess
import sys
from pathlib import Path

from openai import OpenAI

from small_runs import make_run
from tunesmith.core.cards import Decoding, Message
from tunesmith.lifecycle.loaded import load
from tunesmith.monitoring.trace_store import TraceStore

START = "from tunesmith.doors.cli.app import main; main()"


def test_a_served_package_answers_the_official_client_and_keeps_traces(
    tiny_folder: Path, tmp_path: Path
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
        server.send_signal(signal.SIGTERM)
        server.stderr.read()
    said = answer.choices[0].message.content
    assert said == load(package).generate((Message("user", asked),), Decoding(max_tokens=6))
    store = TraceStore.open(str(traces))
    assert [trace.answer for trace in store.all()] == [said]
    store.close()
