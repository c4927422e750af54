"""A base is held in the 16 bits of its file where float32 does not fit, and the run says so and remembers."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from small_runs import read_recipe
from tiny_models import build_tiny_llama
from tunesmith.core.errors import BadRecipe
from tunesmith.core.report import Report
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.events import Finished, Stage, Step
from tunesmith.lifecycle.loaded import load
from tunesmith.lifecycle.run import walk
from tunesmith.lifecycle.run_folder import RunFolder
from tunesmith.lifecycle.storage import fitting, load_fitting

SHORT = ("training.max_steps=2", "evaluation.metrics=[perplexity]")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Give a base whose file is in bfloat16."""
    folder = tmp_path / "base"
    build_tiny_llama(folder)
    path = folder / "model.safetensors"
    stored = {name: tensor.bfloat16() for name, tensor in load_file(path).items()}
    save_file(stored, path, metadata={"format": "pt"})
    return folder


def has_room(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("tunesmith.lifecycle.storage.room_for", lambda _: size)


def make(tmp_path: Path, base: Path, *changes: str) -> RunFolder:
    return run_folder.create(read_recipe(tmp_path, base, *SHORT, *changes), tmp_path / "runs")


def test_float32_is_chosen_where_it_fits(
    base: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = sum(tensor.numel() for tensor in load_file(base / "model.safetensors").values())
    for room, wanted in ((6 * numbers, "float32"), (6 * numbers - 1, "stored"), (0, "stored")):
        has_room(monkeypatch, room)
        assert fitting(base) == wanted
        kinds = {parameter.dtype for parameter in load_fitting("base", base).network.parameters()}
        assert (torch.bfloat16 in kinds) == (wanted == "stored")
    assert fitting(tiny_folder) == "float32"  # its file has no other type


@pytest.mark.parametrize("export", ["adapter", "merged"])
def test_a_run_that_holds_its_base_in_16_bits_ends_as_one_in_float32(
    tmp_path: Path, base: Path, export: str
) -> None:
    reports: list[Report] = []
    losses: list[list[float]] = []
    for storage in ("float32", "stored"):
        changes = (f"training.storage={storage}", "training.precision=float32", f"export={export}")
        folder = make(tmp_path, base, *changes)
        events = list(walk(folder))
        said = [e.sentence for e in events if isinstance(e, Stage)]
        spares = any(one.startswith(f"{base} is held as in its file, ") for one in said)
        assert spares == (storage == "stored")
        locked = folder.read_json("lock.json")
        assert locked is not None
        assert locked["storage"] == storage
        losses.append([event.loss for event in events if isinstance(event, Step)])
        reports += [event.report for event in events if isinstance(event, Finished)]
        assert load(folder.package).generate("Where is order 3?") is not None
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert reports[0].metrics[0].tuned.value == pytest.approx(reports[1].metrics[0].tuned.value, rel=1e-5)


def test_a_run_goes_on_the_way_it_began(tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has_room(monkeypatch, 0)
    folder = make(tmp_path, base)
    for event in walk(folder):
        if isinstance(event, Step):
            break
    has_room(monkeypatch, 10**15)
    said = [event.sentence for event in walk(folder) if isinstance(event, Stage)]
    assert any("is held as in its file" in sentence for sentence in said)


def test_what_learns_is_not_held_in_16_bits(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadRecipe, match="stored keeps the base as it is, but method full changes it"):
        next(walk(make(tmp_path, base, "method=full", "export=merged", "training.storage=stored")))
    has_room(monkeypatch, 0)
    folder = make(tmp_path, base, "method=full", "export=merged")
    for event in walk(folder):
        if isinstance(event, Step):
            break
    locked = folder.read_json("lock.json")
    assert locked is not None
    assert locked["storage"] == "float32"
