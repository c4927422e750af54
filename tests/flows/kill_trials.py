"""Kill runs with SIGKILL at random moments, resume them, and hold them against a run that was left alone.

    python tests/flows/kill_trials.py --base MODEL_FOLDER --trials 20

Prints one JSON document. Everything is imported once; each run is a fork of this process, so a trial takes about as
long as the run itself. POSIX only.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

os.environ["OMP_NUM_THREADS"] = "1"

from tunesmith import recipe as recipes  # noqa: E402  # after the number of threads is set
from tunesmith.core.hashing import hash_file, hash_text  # noqa: E402
from tunesmith.lifecycle.events import Stage  # noqa: E402
from tunesmith.lifecycle.run import walk  # noqa: E402
from tunesmith.lifecycle.run_folder import RunFolder, create, open_folder  # noqa: E402

RECIPE = """
name: kills
goal: Survive.
base: {base}
data: {{source: {{name: jsonl, path: {data}}}, split: {{validation: 0.2, test: 0.1}}}}
method: {{name: lora, rank: 4, dropout: 0.1}}
training: {{epochs: 3, tokens_per_step: 200, learning_rate: 1e-2, validate_every: 2, checkpoint_every: 1}}
evaluation: {{metrics: [perplexity]}}
"""


@dataclass
class Trial:
    """How often one run was killed, how far it was then, and whether it ended as if nothing had happened."""

    seconds: list[float]
    kills: int
    steps_before: list[int]
    is_identical: bool


def main() -> None:
    """Run the trials and print what came of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_trials(given.base, Path(folder), given.trials, random.Random(given.seed))
    sys.stdout.write(json.dumps(outcome) + "\n")


def run_trials(base: Path, work: Path, trials: int, chance: random.Random) -> dict[str, object]:
    """Run once undisturbed, then `trials` times with kills, and compare trained weights and answers to the bit."""
    data = work / "rows.jsonl"
    rows = [{"prompt": f"Say {n} kettles.", "completion": f"There are {n} kettles, all warm."} for n in range(40)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = recipes.resolve(recipes.read_text(RECIPE.format(base=base, data=data)))
    calm = create(recipe, work / "calm")
    started = monotonic()
    assert _wait(_fork(calm)) == 0
    duration = monotonic() - started
    wanted = fingerprint(calm)
    done = [_trial(create(recipe, work / "killed"), wanted, duration, chance) for _ in range(trials)]
    return {
        "trials": trials,
        "kills": sum(trial.kills for trial in done),
        "kills_in_training": sum(1 for trial in done for step in trial.steps_before if step > 0),
        "identical": sum(trial.is_identical for trial in done),
        "duration": duration,
    }


def _trial(run: RunFolder, wanted: str, duration: float, chance: random.Random) -> Trial:
    trial = Trial([], 0, [], False)
    while trial.kills < 3:
        moment = chance.uniform(0, duration)
        child = _fork(run)
        sleep(moment)
        os.kill(child, signal.SIGKILL)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            break  # it was faster than the kill
        trial.kills += 1
        trial.seconds.append(moment)
        trial.steps_before.append(_steps(run))
        if chance.random() < 0.5:
            break
    assert _wait(_fork(run)) == 0
    trial.is_identical = fingerprint(run) == wanted
    shutil.rmtree(run.path)
    return trial


def fingerprint(run: RunFolder) -> str:
    """Fingerprint what training left: weights of every checkpoint kept, and the tuned model's answers."""
    weights = sorted(run.checkpoints.glob("step-*/*.safetensors"))
    states = [(path.parent.name, path.name, hash_file(path)) for path in weights]
    answers = (run.path / "answers-tuned.json").read_text(encoding="utf-8")
    return hash_text(json.dumps([states, answers]))


def _steps(run: RunFolder) -> int:
    path = run.path / "events.jsonl"
    return path.read_text(encoding="utf-8").count('"kind": "step"') if path.exists() else 0


def _fork(run: RunFolder) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        code = _go(run)
    finally:
        os._exit(code)


def _go(run: RunFolder) -> int:
    for event in walk(open_folder(run.path)):
        if isinstance(event, Stage) and event.name == "package":
            return 0
    return 1


def _wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main()
