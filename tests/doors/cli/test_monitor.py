"""`tunesmith monitor` in words and as JSON."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kept_traces import keep_traces
from tunesmith.doors.cli.app import build


@pytest.mark.parametrize("as_json", [False, True])
def test_monitor_says_how_many_answers_were_corrected(tmp_path: Path, as_json: bool) -> None:
    traces = keep_traces(tmp_path / "traces.db", corrected=1, untouched=3)
    done = CliRunner().invoke(build(), ["monitor", traces, *(["--json"] if as_json else [])])
    assert done.exit_code == 0, done.output
    if as_json:
        assert json.loads(done.stdout)["share_corrected"] == 0.25
    else:
        assert "4 answers, 1 corrected (25.0%)" in done.stdout
