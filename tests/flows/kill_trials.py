"""Kill runs with SIGKILL at random moments, resume them, and hold them against a run that was left alone.

    python tests/flows/kill_trials.py --trials 1000

Prints one JSON document and ends with 1 if any run ended otherwise. Everything slow is done once: each run is
a fork of a process that has all libraries loaded, and stops before its package. POSIX only.
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
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep

# Forked processes must not inherit threads; read when torch is first imported, inside the functions below.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
sys.path.insert(0, str(Path(__file__).parents[1]))

RECIPE = """
name: kills
goal: Survive.
base: {base}
data: {{source: {{name: jsonl, path: {data}}}, split: {{validation: 0.1, test: 0.1}}}}
method: {{name: lora, rank: 2, dropout: 0.1, targets: [q_proj]}}
training: {{epochs: 2, tokens_per_step: 120, learning_rate: 1e-2, validate_every: 2, checkpoint_every: 1}}
evaluation: {{metrics: [perplexity]}}
"""
MOST_KILLS = 3
"""How often one run is killed, at most."""


@dataclass
class Trial:
    """How far a run was each time it was killed, and which files it ended with that it should not have."""

    steps: list[int]
    differences: list[str]


@dataclass
class Moments:
    """When to kill: within the time that a run takes, which changes with what else the machine does."""

    chance: random.Random
    duration: float

    def next(self) -> float:
        """Give a moment in seconds after the start."""
        return self.chance.uniform(0, self.duration)

    def learn(self, was_faster: bool) -> None:
        """Look earlier after a run that was done before it could be killed, and a little later otherwise."""
        self.duration *= 0.8 if was_faster else 1.05


def main() -> int:
    """Run the trials and print what came of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=Path, help="a model folder; unset: a random one is made")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_trials(given.base, Path(folder), given.trials, random.Random(given.seed))
    sys.stdout.write(json.dumps(outcome) + "\n")
    return 0 if outcome["identical"] == outcome["trials"] else 1


def run_trials(base: Path | None, work: Path, trials: int, chance: random.Random) -> dict[str, object]:
    """Run once undisturbed, then `trials` times with kills; compare weights and answers to the bit."""
    from tunesmith.lifecycle.run_folder import create

    recipe = _prepare(base, work)
    calm = create(recipe, work / "calm")
    started = monotonic()
    assert _wait(_fork(calm)) == 0
    duration = monotonic() - started
    wanted, moments = fingerprints(calm), Moments(chance, duration)
    done = [_trial(create(recipe, work / "killed"), wanted, moments) for _ in range(trials)]
    kills = [step for trial in done for step in trial.steps]
    return {
        "trials": trials,
        "kills": len(kills),
        "kills_in_training": sum(step > 0 for step in kills),
        "identical": sum(not trial.differences for trial in done),
        "differences": [trial.differences for trial in done if trial.differences],
        "seconds_of_a_run": round(duration, 3),
    }


def fingerprints(run) -> dict[str, str]:
    """Fingerprint what training left: every file of the checkpoints kept, and the tuned model's answers."""
    from tunesmith.core.hashing import hash_file

    files = [path for path in run.checkpoints.rglob("*") if path.is_file()]
    assert len({path.parent for path in files}) >= 2
    files.append(run.path / "answers-tuned.json")
    return {path.relative_to(run.path).as_posix(): hash_file(path) for path in files}


def _prepare(base: Path | None, work: Path):
    """Write rows and a base, and load every library that a run needs."""
    from tiny_models import build_tiny_llama
    from tunesmith import recipe as recipes
    from tunesmith.lifecycle.assemble import prepare_recipe

    import_module("tunesmith.lifecycle.run")  # forks would load it again and again

    if base is None:
        base = work / "tiny-llama"
        build_tiny_llama(base)
    data = work / "rows.jsonl"
    rows = [{"prompt": f"{n} kettles?", "completion": f"{n} warm kettles."} for n in range(24)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = recipes.resolve(recipes.read_text(RECIPE.format(base=base, data=data)))
    prepared = prepare_recipe(recipe)
    prepared.parts.method.apply(prepared.model(), recipe.seed)
    return recipe


def _trial(run, wanted: dict[str, str], moments: Moments) -> Trial:
    trial = Trial([], [])
    while len(trial.steps) < MOST_KILLS:
        child = _fork(run)
        sleep(moments.next())
        os.kill(child, signal.SIGKILL)
        was_faster = _wait(child) == 0
        moments.learn(was_faster)
        if was_faster:
            break
        trial.steps.append(_steps(run))
        if moments.chance.random() < 0.5:
            break
    assert _wait(_fork(run)) == 0
    found = fingerprints(run)
    trial.differences = sorted(name for name, _ in found.items() ^ wanted.items())
    shutil.rmtree(run.path)
    return trial


def _steps(run) -> int:
    path = run.path / "events.jsonl"
    return path.read_text(encoding="utf-8").count('"kind": "step"') if path.exists() else 0


def _fork(run) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        code = _go(run.path)
    finally:
        os._exit(code)


def _go(path: Path) -> int:
    from tunesmith.lifecycle.events import Stage
    from tunesmith.lifecycle.run import walk
    from tunesmith.lifecycle.run_folder import open_folder

    for event in walk(open_folder(path)):
        if isinstance(event, Stage) and event.name == "package":
            return 0
    return 1


def _wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
