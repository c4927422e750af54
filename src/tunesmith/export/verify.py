"""Prove a package: a process that knows nothing but its folder must answer as the trained model did."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tunesmith.core.errors import BadBase, DamagedFile
from tunesmith.export.probe import Comparison


def verify(folder: Path, command: Sequence[str]) -> Comparison:
    """Load a package in a fresh process, offline, and hold it against its probes.

    `command` loads a package the way the server does: the folder is added to it, and it prints one line of
    JSON, the comparison or an error. Raises DamagedFile where the package does not answer like the trained
    model, and BadBase where its base is gone or changed.
    """
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [*command, str(folder)],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        start_new_session=True,  # a Ctrl-C is for the run, not for the process that proves its package
    )
    answer = _answer(done.stdout)
    if done.returncode or answer is None:
        _refuse(folder, answer, done.stderr)
    assert answer is not None
    comparison = Comparison(answer["difference"], answer["tolerance"], tuple(answer["notes"]))
    if not comparison.is_close:
        raise DamagedFile(
            f"{folder} does not answer like the model that was trained: logits differ by "
            f"{comparison.difference:.3g}, {comparison.tolerance:.3g} is allowed. Do not use it."
        )
    return comparison


def _answer(output: str) -> dict[str, Any] | None:
    try:
        return json.loads(output.splitlines()[-1])
    except (IndexError, ValueError):
        return None


def _refuse(folder: Path, answer: dict[str, Any] | None, talk: str) -> None:
    if answer is None:
        last = talk.strip().splitlines()[-1:] or ["it said nothing"]
        raise DamagedFile(f"{folder} could not be loaded by a fresh process: {last[0]}")
    kind = {kind.__name__: kind for kind in (BadBase, DamagedFile)}.get(answer["kind"], DamagedFile)
    raise kind(answer["error"])
