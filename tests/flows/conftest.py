"""What flows share."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture(scope="module")
def proved_by_forks() -> Iterator[None]:
    """Prove the packages of a module's runs by forks of one process; `finished_run` waits for a new one."""
    if os.name != "posix":
        yield  # by the real command
        return
    script = Path(__file__).parents[1] / "warm_prober.py"
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        address = f"{folder}/socket"
        server = subprocess.Popen([sys.executable, "-P", script, "serve", address])
        patch.setattr("tunesmith.lifecycle.run.COMMAND", (sys.executable, "-P", str(script), "ask", address))
        yield
        server.terminate()
        server.wait()
