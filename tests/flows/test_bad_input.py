"""Whatever is wrong: a documented exit code, a message that says what, where and what next; nothing lost."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from command_line import Command
from full_disk import no_file_beyond
from small_runs import write_recipe
from tunesmith.engine import checkpoint as checkpoints
from tunesmith.lifecycle.events import Stage
from tunesmith.lifecycle.run import walk
from tunesmith.lifecycle.run_folder import open_folder

GOOD = b'{"prompt": "Where is my order?", "completion": "On its way."}\n'
LONG = json.dumps({"prompt": "word " * 400, "completion": "No."})
LONG_ANSWER = json.dumps({"prompt": "Say it.", "completion": "word " * 400})
MASKED = json.dumps(
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho", "weight": 0}]}
)


def with_rows(folder: Path, base: Path, *rows: str) -> Path:
    """Write a recipe whose data has these rows behind forty good ones."""
    recipe = write_recipe(folder, base)
    with (folder / "rows.jsonl").open("a", encoding="utf-8") as file:
        file.write("".join(f"{row}\n" for row in rows))
    return recipe


def checked(command: Command, *words: str | Path) -> dict[str, Any]:
    told = command("check", *words, "--json")
    assert told.code == 0, told.err
    return json.loads(told.out)


RECIPES = {
    "an unknown key": (["trainng.epochs=1"], ["there is no such key", "Did you mean 'training'?"]),
    "an unknown component": (["method=lroa"], ["No method is called 'lroa'", "Did you mean 'lora'?"]),
    "an unknown option": (["method.rnak=3"], ["method.rnak", "Did you mean 'rank'?"]),
    "a value out of range": (["method.rank=0"], ["rank"]),
    "a value of another kind": (["training.epochs=many"], ["command line: training.epochs", "'many'"]),
    "no change": (["training.epochs"], ["'training.epochs' is not a change"]),
    "an adapter of full weights": (["method=full"], ["Write export: merged"]),
    "answers of raw text": (
        ["objective=text", "evaluation.metrics=[rouge_l]"],
        ["rouge_l score answers", "Measure perplexity"],
    ),
    "an objective for other rows": (
        ["objective=text", "evaluation.metrics=[perplexity]"],
        ["takes text, but this source gives conversations", "Did you mean objective: sft?"],
    ),
    "a criterion that is not measured": (
        ["success=[{metric: bleu, at_least: 1}]"],
        ["success asks for 'bleu'"],
    ),
    "a base that does not exist": (["base=./no-such-base"], ["There is no base at './no-such-base'"]),
}


@pytest.mark.parametrize("what", RECIPES)
def test_a_recipe_that_cannot_be_used_is_refused(
    what: str, command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    changes, said = RECIPES[what]
    recipe = write_recipe(tmp_path, tiny_folder)
    for words in (["check", recipe, *changes], ["run", recipe, *changes, "--runs", tmp_path / "runs"]):
        told = command(*words)
        assert (told.code, told.out) == (2, "")
        assert [part for part in said if part not in told.err] == []


def test_an_unknown_key_in_the_file_is_named_with_its_line(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    lines = recipe.read_text().splitlines()
    recipe.write_text("\n".join([*lines, "trainng: {epochs: 1}", ""]))
    told = command("check", recipe)
    assert told.code == 2
    assert f"{recipe}:{len(lines) + 1}: trainng: there is no such key. Did you mean 'training'?" in told.err


def test_pickled_weights_are_never_loaded(command: Command, tiny_folder: Path, tmp_path: Path) -> None:
    base = shutil.copytree(tiny_folder, tmp_path / "pickled")
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    told = command("run", write_recipe(tmp_path, base), "--runs", tmp_path / "runs")
    assert (told.code, told.out) == (2, "")
    assert "found: pytorch_model.bin). Pickled weights are never loaded." in told.err


FILES = {
    "missing": (None, ["There is no file", "Did you mean rows.json"]),
    "empty": (b"", ["rows.jsonl is empty. Put at least one row into it."]),
    "UTF-16": (GOOD.decode().encode("utf-16"), ["rows.jsonl looks like UTF-16. Save it as UTF-8."]),
    "a broken line": (
        GOOD * 3 + b'{"prompt": "a", "completion"\n' + GOOD,
        ["1 of 5 rows cannot be used", f"rows.jsonl:4 (byte {3 * len(GOOD)}): ", "data.bad_rows=drop"],
    ),
    "another encoding": (
        GOOD + b'{"prompt": "caf\xe9", "completion": "x"}\n',
        [f"rows.jsonl:2 (byte {len(GOOD)}): not UTF-8: byte 0xe9 at byte 15", "Latin-1"],
    ),
    "an empty answer": (
        GOOD + b'{"prompt": "a", "completion": ""}\n',
        [f"rows.jsonl:2 (byte {len(GOOD)}): empty answer", "Write the text, or remove the row."],
    ),
    "columns without meaning": (
        b'{"a": "x", "b": "y", "c": "z"}\n',
        ["columns not recognised", "data.source.columns.prompt="],
    ),
}


@pytest.mark.parametrize("what", FILES)
def test_data_that_cannot_be_read_is_named_to_the_byte(
    what: str, command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    content, said = FILES[what]
    recipe = write_recipe(tmp_path, tiny_folder)
    rows = tmp_path / "rows.jsonl"
    if content is None:
        rows.rename(tmp_path / "rows.json")
    else:
        rows.write_bytes(content)
    told = command("check", recipe)
    assert (told.code, told.out) == (3, "")
    assert [part for part in said if part not in told.err] == []
    assert str(rows) in told.err


def test_a_broken_line_can_be_left_out_and_is_counted(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = with_rows(tmp_path, tiny_folder, "{broken")
    ledger = checked(command, recipe, "data.bad_rows=drop")["ledger"]
    assert ledger["rows_in"] == 41
    assert [count["rows"] for count in ledger["dropped"].values()] == [1]


def test_rows_without_anything_to_learn_are_named(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    (tmp_path / "rows.jsonl").write_text(f"{MASKED}\n" * 3)
    told = command("check", recipe)
    assert told.code == 3
    assert "3 of 3 rows cannot be used" in told.err
    assert f"{tmp_path / 'rows.jsonl'}:1 (byte 0): nothing to train: " in told.err


def test_a_prompt_that_fills_the_whole_context(command: Command, tiny_folder: Path, tmp_path: Path) -> None:
    recipe = with_rows(tmp_path, tiny_folder, LONG)
    told = command("check", recipe)
    assert told.code == 3
    assert "1 of 41 rows are longer than 256 tokens:" in told.err
    assert f"{tmp_path / 'rows.jsonl'}:41 (byte " in told.err
    assert "data.too_long=truncate" in told.err
    for plan, reason in (("drop", "too long"), ("truncate", "prompt fills the whole context")):
        ledger = checked(command, recipe, f"data.too_long={plan}")["ledger"]
        assert ledger["dropped"][reason]["rows"] == 1
        assert sum(split["rows"] for split in ledger["splits"].values()) == 40


def test_a_row_longer_than_the_limit(command: Command, tiny_folder: Path, tmp_path: Path) -> None:
    recipe = with_rows(tmp_path, tiny_folder, LONG_ANSWER)
    told = command("check", recipe, "data.max_tokens=100")
    assert told.code == 3
    assert "1 of 41 rows are longer than 100 tokens:" in told.err
    dropped = checked(command, recipe, "data.max_tokens=100", "data.too_long=drop")["ledger"]
    assert dropped["dropped"]["too long"]["rows"] == 1
    cut = checked(command, recipe, "data.max_tokens=100", "data.too_long=truncate")["ledger"]
    assert cut["dropped"] == {}
    lost = sum(split["tokens_truncated"] for split in cut["splits"].values())
    assert lost == dropped["dropped"]["too long"]["tokens"] - 100


def weights(run: Path) -> dict[str, bytes]:
    """Give the weights of all checkpoints, each verified first."""
    folders = sorted((run / "checkpoints").glob("step-*"))
    return {
        checkpoints.read(path).folder.name: (path / "weights.safetensors").read_bytes() for path in folders
    }


def go_on(run: Path) -> dict[str, bytes]:
    """Walk through a run up to its package and give what it trained."""
    for event in walk(open_folder(run)):
        if isinstance(event, Stage) and event.name == "package":
            return weights(run)
    raise AssertionError("a run has a package")


def only_run(root: Path) -> Path:
    (run,) = root.glob("orders-*")
    return run


CHANGES = ("training.max_steps=4", "training.tokens_per_step=128", "training.validate_every=1")


def test_a_loss_that_is_no_number_costs_no_checkpoint(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    wild = ("training.learning_rate=1e30", "training.checkpoint_every=1", "training.validate_every=4")
    told = command("run", recipe, *wild, *CHANGES[:2], "--runs", tmp_path / "runs")
    assert (told.code, told.out) == (1, "")
    last = told.err.splitlines()[-1]
    assert last.startswith("step 2: the loss of rows ")
    assert f"{tmp_path / 'rows.jsonl'}:" in last
    assert "the last checkpoint is intact. A lower training.learning_rate" in last
    assert weights(only_run(tmp_path / "runs")).keys() == {"step-1"}
    listed = json.loads(command("runs", tmp_path / "runs", "--json").out)
    assert [run["state"] for run in listed] == ["not finished"]


def test_a_full_disk_loses_nothing_and_the_run_ends_as_it_would_have(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    with no_file_beyond(30_000):  # room for events and answers, not for weights and moments
        told = command("run", recipe, *CHANGES, "--runs", tmp_path / "full")
    run = only_run(tmp_path / "full")
    assert (told.code, told.out) == (1, "")
    assert "No room to save " in told.err
    assert f"Go on with: tunesmith resume {run}" in told.err
    assert weights(run) == {}
    assert go_on(run) == undisturbed(command, recipe, tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path):
    """Give a disk of 200 kB of its own; only who may mount disks has one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_becomes_full_loses_nothing(
    command: Command, tiny_folder: Path, tmp_path: Path, small_disk: Path
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    told = command("run", recipe, *CHANGES, "--runs", small_disk)
    run = only_run(small_disk)
    assert told.code == 1
    assert "No room " in told.err
    assert f"Go on with: tunesmith resume {run}" in told.err
    saved = weights(run)
    assert saved
    assert "step-4" not in saved
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    assert go_on(run) == undisturbed(command, recipe, tmp_path)


def undisturbed(command: Command, recipe: Path, tmp_path: Path) -> dict[str, bytes]:
    """Train the same recipe where there is room."""
    from tunesmith import recipe as recipes
    from tunesmith.lifecycle import run_folder

    resolved = recipes.resolve(recipes.read(recipe, CHANGES))
    return go_on(run_folder.create(resolved, tmp_path / "room").path)


def test_a_real_process_says_the_same_without_a_traceback(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = with_rows(tmp_path, tiny_folder, "{broken")
    program = [sys.executable, "-c", "from tunesmith.doors.cli.app import main; main()", "check", str(recipe)]
    for change, code, said in (
        ("method=lroa", 2, "Did you mean 'lora'?"),
        ("seed=1", 3, "rows.jsonl:41 (byte "),
    ):
        done = subprocess.run([*program, change], capture_output=True, encoding="utf-8", check=False)
        assert (done.returncode, done.stdout) == (code, "")
        assert said in done.stderr
        assert "Traceback" not in done.stderr
