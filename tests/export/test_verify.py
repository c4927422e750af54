import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from tunesmith.core.errors import BadBase, DamagedFile
from tunesmith.export.probe import LOGITS, Comparison
from tunesmith.export.verify import verify
from tunesmith.lifecycle.probe import COMMAND


def saying(answer: dict[str, object], code: int = 0) -> tuple[str, ...]:
    """Give a command that prints an answer after some talk, as a library may."""
    return sys.executable, "-c", f"print('loading'); print({json.dumps(answer)!r}); raise SystemExit({code})"


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
