"""A run stops early where it should, keeps its best, and ends the same however often it was interrupted."""

import shutil
from itertools import count
from math import inf
from pathlib import Path

import pytest
import torch

from failing_disks import FailingDisk, Killed
from full_disk import no_file_beyond
from small_runs import read_recipe, write_rows
from tiny_models import build_tiny_llama
from tunesmith.core.cards import Model, Step, Validation
from tunesmith.core.disk import Disk
from tunesmith.core.errors import BadData, BadRecipe, DamagedFile, DiskFull, NonFinite, Stopped
from tunesmith.engine.precision import Precision
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.assemble import prepare_recipe
from tunesmith.lifecycle.events import Event, Saved, Started, Warned
from tunesmith.lifecycle.run import walk
from tunesmith.lifecycle.run_folder import RunFolder
from tunesmith.lifecycle.stop import never
from tunesmith.lifecycle.train import restore_weights, train, trainable

# A rate too high for a random model: the loss on held-out rows falls at first, then no more.
EARLY = (
    "training.max_steps=30",
    "training.epochs=30",
    "training.learning_rate=0.02",
    "training.schedule=constant",
    "training.tokens_per_step=300",
    "training.validate_every=1",
    "training.checkpoint_every=2",
    "training.patience=3",
    "method.dropout=0.1",
)
PLAIN = (
    "training.max_steps=6",
    "training.tokens_per_step=300",
    "training.validate_every=2",
    "method.dropout=0.1",
)


FLOAT32 = Precision(torch.float32, {})


class Trained:
    """What one process saw of a run's training, and the model it was left with.

    It is asked to stop after so many `steps` of its own, or when it looks for the `looks`th time.
    """

    def __init__(
        self, folder: RunFolder, steps: float = inf, looks: float = inf, disk: Disk | None = None
    ) -> None:
        seen = count(1)
        prepared = prepare_recipe(folder.recipe)
        self.rhythm = prepared.rhythm
        self.model: Model = prepared.parts.method.apply(prepared.model(), folder.recipe.seed)
        self.events: list[Event] = []
        self.ended: Stopped | Killed | None = None

        def stop() -> bool:
            return next(seen) >= looks or len(self.steps()) >= steps

        try:
            for event in train(folder, prepared, self.model, FLOAT32, stop, disk or Disk()):
                self.events.append(event)
        except (Stopped, Killed) as ended:
            self.ended = ended

    def bits(self) -> dict[str, bytes]:
        return {name: p.detach().numpy().tobytes() for name, p in trainable(self.model).items()}

    def steps(self) -> list[tuple[int, float]]:
        return [(event.number, event.loss) for event in self.events if isinstance(event, Step)]

    def validations(self) -> list[Validation]:
        return [event for event in self.events if isinstance(event, Validation)]

    def warnings(self) -> list[str]:
        return [event.sentence for event in self.events if isinstance(event, Warned)]


def make(tmp_path: Path, base: Path, *changes: str) -> RunFolder:
    last = {change.partition("=")[0]: change for change in changes}  # what is given later counts
    return run_folder.create(read_recipe(tmp_path, base, *last.values()), tmp_path / "runs")


def damage(folder: Path) -> None:
    path = folder / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def saved_steps(folder: RunFolder) -> list[int]:
    return sorted(int(path.name[5:]) for path in folder.checkpoints.glob("step-*"))


@pytest.fixture(scope="module")
def early(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, Trained]:
    folder = make(tmp_path_factory.mktemp("early"), tiny_folder, *EARLY)
    return folder, Trained(folder)


@pytest.fixture(scope="module")
def plain(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return Trained(make(tmp_path_factory.mktemp("plain"), tiny_folder, *PLAIN))


def expected_end(losses: list[float], patience: int) -> tuple[int, int]:
    """Say after which validation to stop and which was the best, from the definition; both count from 1."""
    for end in range(1, len(losses) + 1):
        best = losses.index(min(losses[:end])) + 1
        if end - best >= patience:
            return end, best
    raise AssertionError("these losses never stop a run")


def test_a_run_stops_after_as_many_validations_without_gain_as_patience_allows(
    early: tuple[RunFolder, Trained],
) -> None:
    _, trained = early
    losses = [validation.loss for validation in trained.validations() if validation.step]
    end, best = expected_end(losses, patience=3)
    assert len(losses) == end == trained.steps()[-1][0] < trained.rhythm.steps
    assert 1 < best < end


def test_a_run_that_stopped_early_is_left_with_its_best_weights(early: tuple[RunFolder, Trained]) -> None:
    folder, trained = early
    losses = {validation.step: validation.loss for validation in trained.validations() if validation.step}
    best = min(losses, key=losses.__getitem__)
    prepared = prepare_recipe(folder.recipe)
    model = prepared.parts.method.apply(prepared.model(), folder.recipe.seed)
    from tunesmith.engine.checkpoint import read
    from tunesmith.engine.fit import fit
    from tunesmith.engine.validation import validate

    restore_weights(model, read(folder.checkpoints / f"step-{best}"))
    assert {n: p.detach().numpy().tobytes() for n, p in trainable(model).items()} == trained.bits()
    with fit(trained.model.network) as forward:
        again = validate(forward, prepared.dataset.validation, 2048, best)
    assert again.loss == pytest.approx(losses[best], rel=1e-6)


def test_going_on_with_a_run_that_is_done_takes_no_step(early: tuple[RunFolder, Trained]) -> None:
    folder, trained = early
    again = Trained(folder)
    assert [type(event) for event in again.events] == [Started]
    assert again.bits() == trained.bits()


def test_patience_survives_a_stop_after_any_step(
    early: tuple[RunFolder, Trained], tiny_folder: Path, tmp_path: Path
) -> None:
    _, straight = early
    folder = make(tmp_path, tiny_folder, *EARLY)
    steps: list[tuple[int, float]] = []
    for _ in range(len(straight.steps()) - 1):  # every process takes one step and is asked to stop
        part = Trained(folder, steps=1)
        assert part.ended
        steps += part.steps()
    last = Trained(folder)
    assert not last.ended
    assert steps + last.steps() == straight.steps()
    assert last.bits() == straight.bits()


def test_without_patience_or_held_out_rows_a_run_takes_all_its_steps(
    tiny_folder: Path, tmp_path: Path
) -> None:
    changes = (*EARLY[1:], "training.max_steps=8")
    (tmp_path / "a").mkdir()
    trained = Trained(make(tmp_path / "a", tiny_folder, *changes, "training.patience=null"))
    assert len(trained.steps()) == 8
    (tmp_path / "b").mkdir()
    unheld = Trained(make(tmp_path / "b", tiny_folder, *changes, "data.split.validation=0.0"))
    assert len(unheld.steps()) == 8
    assert unheld.validations() == []


def test_a_checkpoint_is_there_before_the_run_says_so(
    plain: Trained, tiny_folder: Path, tmp_path: Path
) -> None:
    folder = make(tmp_path, tiny_folder, *PLAIN)
    prepared = prepare_recipe(folder.recipe)
    model = prepared.parts.method.apply(prepared.model(), folder.recipe.seed)
    seen = []
    for event in train(folder, prepared, model, FLOAT32, never, Disk()):
        if isinstance(event, Saved):
            seen.append(event.step)
            assert event.step in saved_steps(folder)
    assert seen[-1] == 6
    assert plain.steps()[-1][0] == 6


def test_a_stop_is_saved_and_says_how_far_it_came(tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder, *PLAIN)
    assert str(Trained(folder, steps=3).ended) == "Stopped after step 3 of 6."
    assert saved_steps(folder)[-1] == 3


FROZEN = (
    "method={name: freeze, layers: 1}",
    "export=merged",
    "training.epochs=3",
    "training.tokens_per_step=300",
)


def test_frozen_layers_are_computed_once_and_a_resumed_run_ends_the_same(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNESMITH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "straight").mkdir()
    straight = Trained(make(tmp_path / "straight", tiny_folder, "training.max_steps=12", *FROZEN))
    (started,) = [event.how for event in straight.events if isinstance(event, Started)]
    assert "the lowest 1 layers are frozen: computed once" in started
    folder = make(tmp_path, tiny_folder, "training.max_steps=12", *FROZEN)
    first = Trained(folder, steps=5)
    resumed = Trained(folder)
    assert first.steps() + resumed.steps() == straight.steps()
    assert resumed.bits() == straight.bits()
    (tmp_path / "short").mkdir()
    short = Trained(make(tmp_path / "short", tiny_folder, "training.max_steps=2", *FROZEN))
    (started,) = [event.how for event in short.events if isinstance(event, Started)]
    assert "frozen" not in started  # no row is read twice


@pytest.mark.parametrize("looks", [1, 2, 5, 9])
def test_a_stop_within_a_step_or_a_validation_changes_nothing(
    plain: Trained, tiny_folder: Path, tmp_path: Path, looks: int
) -> None:
    changes = (*PLAIN, "training.tokens_per_pass=80", "training.average=0.9")
    (tmp_path / "straight").mkdir()
    straight = Trained(make(tmp_path / "straight", tiny_folder, *changes))
    folder = make(tmp_path, tiny_folder, *changes)
    parts: list[Trained] = []
    while not parts or parts[-1].ended:  # every process is asked a little later than the one before it
        parts.append(Trained(folder, looks=looks + 3 * len(parts)))
    assert len(parts) > 3
    assert [step for part in parts for step in part.steps()] == straight.steps()
    assert _last_of_each(parts) == _last_of_each([straight])
    assert parts[-1].bits() == straight.bits()


def _last_of_each(parts: list[Trained]) -> dict[int, Validation]:
    """Give the validations by step; one that a process made again is the same, or else it counts."""
    return {validation.step: validation for part in parts for validation in part.validations()}


def test_only_the_newest_checkpoints_and_the_best_are_kept(early: tuple[RunFolder, Trained]) -> None:
    folder, trained = early
    losses = {validation.step: validation.loss for validation in trained.validations() if validation.step}
    best, last = min(losses, key=losses.__getitem__), trained.steps()[-1][0]
    kept = saved_steps(folder)
    assert {best, last} < set(kept)
    assert len(kept) == 3


def test_a_damaged_newest_checkpoint_is_passed_over_and_changes_nothing(
    plain: Trained, tiny_folder: Path, tmp_path: Path
) -> None:
    folder = make(tmp_path, tiny_folder, *PLAIN)
    assert Trained(folder, steps=4).ended
    assert saved_steps(folder) == [2, 4]
    damage(folder.checkpoints / "step-4")
    resumed = Trained(folder)
    assert "A checkpoint was passed over: " in resumed.warnings()[0]
    assert "step-4" in resumed.warnings()[0]
    assert [number for number, _ in resumed.steps()] == [3, 4, 5, 6]
    assert resumed.steps() == plain.steps()[2:]
    assert resumed.bits() == plain.bits()


def test_a_run_that_lost_its_best_checkpoint_begins_again_and_ends_the_same(
    early: tuple[RunFolder, Trained], tiny_folder: Path, tmp_path: Path
) -> None:
    _, straight = early
    folder = make(tmp_path, tiny_folder, *EARLY)
    losses = [validation.loss for validation in straight.validations() if validation.step]
    best = losses.index(min(losses)) + 1
    assert Trained(folder, steps=best + 2).ended
    assert saved_steps(folder)[-1] == best + 2
    damage(folder.checkpoints / f"step-{best}")
    resumed = Trained(folder)
    assert "The best checkpoint is lost, so training begins again" in resumed.warnings()[0]
    assert resumed.steps() == straight.steps()
    assert resumed.bits() == straight.bits()


@pytest.mark.parametrize("at", [1, 4, 9, 14, -3, -2, -1])
def test_a_kill_while_saving_changes_nothing(
    plain: Trained, tiny_folder: Path, tmp_path: Path, at: int
) -> None:
    calm = make(tmp_path, tiny_folder, *PLAIN)
    counting = FailingDisk(0, Killed())
    Trained(calm, disk=counting)
    folder = make(tmp_path, tiny_folder, *PLAIN)
    turn = at if at > 0 else counting.operations + 1 + at  # the last of all is to remove an old checkpoint
    assert Trained(folder, disk=FailingDisk(turn, Killed(), half=True)).ended
    assert Trained(folder).bits() == plain.bits()
    assert saved_steps(folder) == saved_steps(calm)
    assert list(folder.checkpoints.glob(".*")) == []


def test_a_full_disk_keeps_what_was_saved_and_the_run_ends_the_same(
    plain: Trained, tiny_folder: Path, tmp_path: Path
) -> None:
    folder = make(tmp_path, tiny_folder, *PLAIN)
    assert Trained(folder, steps=2).ended
    with no_file_beyond(2048), pytest.raises(DiskFull, match=r"No room to save .*step-4: File too large"):
        Trained(folder)
    assert saved_steps(folder) == [2]
    assert Trained(folder).bits() == plain.bits()


def test_a_loss_that_is_no_number_stops_before_anything_is_updated(tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder, *PLAIN, "training.learning_rate=1e30")
    with pytest.raises(NonFinite, match="step 2"):
        Trained(folder)


def test_weights_of_another_method_are_refused(plain: Trained, tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder, *PLAIN)
    Trained(folder, steps=2)
    other = run_folder.create(read_recipe(tmp_path, tiny_folder, *PLAIN, "method.targets=[q_proj]"), tmp_path)
    shutil.copytree(folder.checkpoints, other.checkpoints)
    with pytest.raises(DamagedFile, match="holds other parameters than this recipe trains"):
        Trained(other)


def begin(folder: RunFolder) -> None:
    """Walk until a checkpoint is there, then drop the run."""
    for event in walk(folder):
        if isinstance(event, Saved):
            return


def test_changed_data_refuses_to_go_on_and_touches_nothing(tiny_folder: Path, tmp_path: Path) -> None:
    folder = make(tmp_path, tiny_folder, *PLAIN)
    begin(folder)
    before = {path: path.read_bytes() for path in folder.path.rglob("*.*") if path.name != "events.jsonl"}
    write_rows(tmp_path / "rows.jsonl", 41)
    with pytest.raises(BadData, match="The data changed since this run began"):
        list(walk(folder))
    assert len(before) > 5
    assert {path: path.read_bytes() for path in before} == before
    write_rows(tmp_path / "rows.jsonl", 40)
    assert any(isinstance(event, Step) and event.number > 2 for event in _until_package(folder))


def test_a_changed_base_refuses_to_go_on(tiny_folder: Path, tmp_path: Path) -> None:
    base = shutil.copytree(tiny_folder, tmp_path / "base")
    folder = make(tmp_path, base, *PLAIN)
    begin(folder)
    shutil.rmtree(base)
    build_tiny_llama(base, seed=1)
    with pytest.raises(BadRecipe, match="The base changed since this run began"):
        list(walk(folder))


def _until_package(folder: RunFolder) -> list[Event]:
    seen: list[Event] = []
    for event in walk(folder):
        seen.append(event)
        if isinstance(event, Saved):
            break
    return seen
