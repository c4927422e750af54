"""A packaging that is killed or loses its power leaves the package before it or the new one, never half."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from failing_disks import ForgetfulDisk, PowerCut
from plain_folders import DISK, names, put, word_of
from trained_models import facts_of_a_run
from tunesmith.core.cards import Model
from tunesmith.export import package
from tunesmith.export.aside import write_aside
from tunesmith.export.exporter.adapter import Adapter
from tunesmith.export.read import read
from tunesmith.method.lora import LoRA
from tunesmith.model.load import load

NEW, REPLACED = 6, 11
"""How many operations it takes to write a folder of three things, and to replace one."""

posix = pytest.mark.skipif(os.name != "posix", reason="forks and SIGKILL are POSIX")


def kill(*arguments: str | Path) -> None:
    """Have packagings killed by a process of its own."""
    script = Path(__file__).with_name("packaging_kills.py")
    done = subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr


def clear_up(folder: Path) -> None:
    """Begin to write a folder, and give up at once."""
    with pytest.raises(ZeroDivisionError), write_aside(folder, DISK):
        raise ZeroDivisionError


@posix
@pytest.mark.parametrize("half", ["whole", "half"])
@pytest.mark.parametrize(
    ("before", "operations", "found"),
    [("none", NEW, {None, "new", "newer"}), ("old", REPLACED, {None, "old", "new", "newer"})],
)
def test_a_kill_at_any_operation_loses_nothing_and_what_it_leaves_is_cleared_up(
    before: str, operations: int, found: set[str | None], half: str, tmp_path: Path
) -> None:
    kill("plain", tmp_path, before, half)
    states = list(tmp_path.iterdir())
    assert len(states) > operations * operations
    assert {word_of(state / "demo") for state in states} == found
    for state in states:
        kept = word_of(state / "demo") or word_of(state / ".replaced-demo")
        assert kept or before == "none"
        clear_up(state / "demo")
        assert word_of(state / "demo") == kept
        assert names(state) == (["demo"] if kept else [])
        put(state / "demo", "last")
        assert word_of(state / "demo") == "last"
        assert names(state) == ["demo"]


@posix
def test_a_package_whose_writing_was_killed_is_written_again_to_the_byte(
    tiny_folder: Path, tmp_path: Path
) -> None:
    kill("real", tmp_path, tiny_folder)
    wanted = read(tmp_path / "undisturbed" / "demo").files
    states = [path for path in tmp_path.iterdir() if path.name != "undisturbed"]
    assert len(states) == 8
    assert sum(not (state / "demo").exists() for state in states) == 2
    model = LoRA().apply(load("tiny-llama", tiny_folder), 3)
    facts = replace(facts_of_a_run(), recipe_fingerprint="new")
    for state in states:
        there = state / "demo" if (state / "demo").exists() else state / ".replaced-demo"
        assert read(there).files.keys() == wanted.keys()
        package.write(model, LoRA(), Adapter(), state / "demo", facts)
        assert read(state / "demo").files == wanted
        assert names(state) == ["demo"]


def after_power_loss(root: Path, disk: ForgetfulDisk, found: Path, luck: int) -> str | None:
    """Give the word of the folder that is there when the power is back and all is cleared up."""
    disk.what_survives(root, found, random.Random(luck))
    clear_up(found / "demo")
    return word_of(found / "demo")


@pytest.mark.parametrize(("before", "operations"), [(None, NEW), ("old", REPLACED)])
def test_a_power_cut_at_any_operation_leaves_the_old_folder_or_the_new_one(
    before: str | None, operations: int, tmp_path: Path
) -> None:
    words: list[str | None] = []
    for at in count(1):
        root = tmp_path / str(at)
        root.mkdir()
        disk = ForgetfulDisk()
        if before:
            put(root / "demo", before, disk)
        disk.at = disk.operations + at
        try:
            put(root / "demo", "new", disk)
        except PowerCut:
            words += [after_power_loss(root, disk, tmp_path / f"{at}-{luck}", luck) for luck in range(20)]
        else:
            break
    assert len(words) == operations * 20
    assert set(words) == {before, "new"}


def test_a_package_that_was_reported_written_survives_a_power_cut(tiny_model: Model, tmp_path: Path) -> None:
    disk = ForgetfulDisk()
    (tmp_path / "run").mkdir()
    folder = tmp_path / "run" / "demo"
    written = package.write(LoRA().apply(tiny_model, 3), LoRA(), Adapter(), folder, facts_of_a_run(), disk)
    for luck in range(20):
        found = tmp_path / str(luck)
        disk.what_survives(tmp_path / "run", found, random.Random(luck))
        assert read(found / "demo").files == written.files


def test_the_power_cuts_are_hard_enough_to_lose_what_is_not_made_durable(tmp_path: Path) -> None:
    disk = ForgetfulDisk(lies=True)
    (tmp_path / "run").mkdir()
    put(tmp_path / "run" / "demo", "new", disk)
    torn = 0
    for luck in range(50):
        disk.what_survives(tmp_path / "run", tmp_path / str(luck), random.Random(luck))
        try:
            word_of(tmp_path / str(luck) / "demo")
        except (AssertionError, FileNotFoundError):
            torn += 1
    assert torn > 10
