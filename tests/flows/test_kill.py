"""A run that is killed ends as if it had not been."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TRIALS = 20


@pytest.mark.timeout(900)  # about twenty seconds on an idle core, but cores are not always idle
@pytest.mark.skipif(os.name != "posix", reason="forks and SIGKILL are POSIX")
def test_a_run_killed_at_20_random_moments_ends_bit_identical(tiny_folder: Path) -> None:
    script = Path(__file__).with_name("kill_trials.py")
    command = [sys.executable, str(script), "--base", str(tiny_folder), "--trials", str(TRIALS)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["kills"] >= TRIALS // 2  # most were killed before they were done
    assert found["kills_in_training"] >= 3
    assert found["identical"] == found["trials"] == TRIALS
