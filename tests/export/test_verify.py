import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest
from safetensors.torch import load_file, save_file

from tunesmith.core.errors import BadBase, DamagedFile
from tunesmith.export.probe import LOGITS, Comparison
from tunesmith.export.verify import verify
from tunesmith.lifecycle.probe import COMMAND


def saying(answer: dict[str, object], code: int = 0) -> tuple[str, ...]:
    """Give a command that prints an answer after some talk, as a library may."""
    return sys.executable, "-c", f"print('loading'); print({json.dumps(answer)!r}); raise SystemExit({code})"


RUN = """
import signal, sys
from pathlib import Path
from tunesmith.export.verify import verify

asked = []
if sys.argv[2] == "a run that is asked to stop":
    signal.signal(signal.SIGINT, lambda *_: asked.append("asked"))
print(verify(Path(sys.argv[1]), (sys.executable, "-c", sys.argv[3])).difference, *asked)
"""
PROOF = """
import json, os, sys, time
from pathlib import Path

folder = Path(sys.argv[1])
(folder / "begun").write_text(f"{os.getpid()}\\n")
while not (folder / "go on").exists():
    time.sleep(0.01)
print(json.dumps({"difference": 0.5, "tolerance": 1.0, "notes": []}))
"""


@contextmanager
def interrupted(folder: Path, who: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Press Ctrl-C at a process that verifies; give it, and the number of the one that proves the package."""
    program = [sys.executable, "-c", RUN, str(folder), who, PROOF]
    pipe = subprocess.PIPE
    # A session of its own: the terminal sends Ctrl-C to all processes of the group in the foreground.
    with subprocess.Popen(program, stdout=pipe, stderr=pipe, encoding="utf-8", start_new_session=True) as run:
        try:
            begun = folder / "begun"
            while not (begun.exists() and begun.read_text().endswith("\n")):
                assert run.poll() is None, run.communicate()
                sleep(0.01)
            os.killpg(run.pid, signal.SIGINT)
            yield run, int(begun.read_text())
        finally:
            (folder / "go on").touch()


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_fresh_process_reproduces_what_the_trained_model_said(adapter: Path) -> None:
    comparison = verify(adapter, COMMAND)
    assert comparison.difference < 1e-5
    assert comparison.notes == ()


def test_a_fresh_process_refuses_a_package_that_answers_otherwise(
    weights: Path, sign: Callable[[Path], None]
) -> None:
    stored = load_file(weights / LOGITS)
    stored["logits"][2, 7] += 0.01
    save_file(stored, weights / LOGITS)
    sign(weights)
    with pytest.raises(DamagedFile, match=r"logits differ by 0\.01, 0\.0001 is allowed"):
        verify(weights, COMMAND)


@pytest.mark.parametrize(("kind", "raised"), [("BadBase", BadBase), ("DamagedFile", DamagedFile)])
def test_an_error_of_the_fresh_process_is_raised_here(
    kind: str, raised: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(raised, match=r"^what is wrong$"):
        verify(tmp_path, saying({"error": "what is wrong", "kind": kind}, code=1))


def test_a_difference_that_is_not_a_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="differ by nan"):
        verify(tmp_path, saying({"difference": float("nan"), "tolerance": 1e-4, "notes": []}))


def test_a_crash_is_reported_with_its_last_words(tmp_path: Path) -> None:
    crash = (sys.executable, "-c", "raise RuntimeError('out of memory')")
    with pytest.raises(
        DamagedFile, match="could not be loaded by a fresh process: RuntimeError: out of memory"
    ):
        verify(tmp_path, crash)


def test_silence_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="it said nothing"):
        verify(tmp_path, (sys.executable, "-c", ""))


def test_the_fresh_process_is_given_the_folder_and_stays_offline(tmp_path: Path) -> None:
    program = (
        "import json, os, sys; assert os.environ['HF_HUB_OFFLINE'] == '1'; "
        "print(json.dumps({'difference': 0.0, 'tolerance': 1.0, 'notes': [sys.argv[1]]}))"
    )
    assert verify(tmp_path, (sys.executable, "-c", program)) == Comparison(0.0, 1.0, (str(tmp_path),))


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")
def test_a_ctrl_c_that_only_asks_does_not_reach_the_fresh_process(tmp_path: Path) -> None:
    with interrupted(tmp_path, "a run that is asked to stop") as (run, proof):
        assert is_alive(proof)
        (tmp_path / "go on").touch()
        assert run.communicate() == ("0.5 asked\n", "")
    assert run.returncode == 0
    assert not is_alive(proof)


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")
def test_a_ctrl_c_that_ends_the_run_ends_the_fresh_process_as_well(tmp_path: Path) -> None:
    with interrupted(tmp_path, "a run that ends at once") as (run, proof):
        out, talk = run.communicate()
        assert out == ""
        assert talk.rstrip().endswith("KeyboardInterrupt")
        assert not is_alive(proof)
