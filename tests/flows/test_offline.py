"""A whole life cycle without a network: every attempt to reach one would be an error."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from small_runs import write_recipe

PROGRAM = """
import json, socket, sys

def refuse(*arguments, **options):
    raise RuntimeError(f"reached for the network: {arguments[1:]}")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.gethostbyname = refuse

import tunesmith

recipe, runs = sys.argv[1:]
finished = tunesmith.run(recipe, "evaluation.max_tokens=8", runs=runs)
answer = tunesmith.load(finished.package).generate("Where is order 3?")
print(json.dumps({"verdict": finished.report.verdict, "answer": answer}))
"""


@pytest.mark.timeout(600)
def test_run_load_and_generate_need_no_network(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(recipe), str(tmp_path / "runs")],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["verdict"] == "not enough data to tell"
    assert told["answer"]
