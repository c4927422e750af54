"""Summing up reads what is there, and never makes a store where there is none."""

from pathlib import Path

import pytest

from kept_traces import keep_traces
from tunesmith.core.errors import BadData
from tunesmith.lifecycle.monitor import summarise


def test_a_summary_counts_answers_tokens_and_corrections(tmp_path: Path) -> None:
    found = summarise(keep_traces(tmp_path / "traces.db", corrected=1, untouched=3))
    assert (found.traces, found.corrected, found.prompt_tokens, found.tokens) == (4, 1, 20, 8)


def test_a_missing_store_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="no traces at"):
        summarise(str(tmp_path / "traces.db"))
    assert list(tmp_path.iterdir()) == []
