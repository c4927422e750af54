"""The training corridor: take steps, validate, keep the best, save, stop early, resume exactly."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tunesmith.core.cards import Checkpoint, Model
from tunesmith.core.errors import DamagedFile, Stopped
from tunesmith.engine import checkpoint as checkpoints
from tunesmith.engine.disk import Disk
from tunesmith.engine.loop import train as take_steps
from tunesmith.engine.order import plans
from tunesmith.engine.patience import Patience
from tunesmith.engine.randomness import random_state, seed_everything, set_random_state
from tunesmith.engine.update import Updater
from tunesmith.engine.validation import validate
from tunesmith.lifecycle.assemble import Prepared
from tunesmith.lifecycle.events import Event, Saved, Started, Warned
from tunesmith.lifecycle.run_folder import RunFolder


@dataclass
class Training:
    """One run's training in progress: what changes from step to step, and how it is saved and taken back."""

    folder: RunFolder
    prepared: Prepared
    model: Model
    updater: Updater
    patience: Patience
    disk: Disk
    step: int = 0
    is_finished: bool = False

    def save(self) -> Saved:
        """Write a checkpoint of everything that decides how the run goes on."""
        state = {"step": self.step, "patience": self.patience.to_json(), "is_finished": self.is_finished}
        tensors = {
            "weights": {name: parameter.data for name, parameter in trainable(self.model).items()},
            "optimizer": self.updater.tensors(),
            "random": random_state(),
        }
        checkpoints.save(self.folder.checkpoints, self.step, tensors, state, self.disk)
        self.tidy()
        return Saved(self.step, self.patience.best_step)

    def tidy(self) -> None:
        """Remove the checkpoints that are no longer to be kept, and what a kill left half done."""
        keep = self.prepared.recipe.training.keep_checkpoints
        checkpoints.rotate(self.folder.checkpoints, keep, self.patience.best_step, self.disk)

    def restore(self, saved: Checkpoint) -> None:
        """Go back to the state of a checkpoint, to the bit."""
        restore_weights(self.model, saved)
        self.updater.restore(checkpoints.tensors_of(saved, "optimizer"))
        set_random_state(checkpoints.tensors_of(saved, "random"))
        self.step = saved.step
        self.patience = Patience(**saved.state["patience"])
        self.is_finished = saved.state["is_finished"]


def train(
    folder: RunFolder, prepared: Prepared, model: Model, is_asked_to_stop: Callable[[], bool], disk: Disk
) -> Iterator[Event]:
    """Train until the last step or until patience ends, and leave the best weights in the model.

    Goes on from the newest checkpoint that verifies, if there is one. Raises Stopped after saving, when asked
    to stop.
    """
    training = begin(folder, prepared, model, disk)
    yield from _resume(training)
    yield _started(training)
    if not training.is_finished:
        yield from _steps(training, is_asked_to_stop)
    best = training.patience.best_step
    if best is not None and best != training.step:
        restore_weights(model, checkpoints.read(folder.checkpoints / f"step-{best}"))


def begin(folder: RunFolder, prepared: Prepared, model: Model, disk: Disk) -> Training:
    """Set up training before its first step."""
    recipe = prepared.recipe
    seed_everything(recipe.seed)
    updater = Updater(trainable(model), recipe.training, prepared.rhythm.steps)
    limit = recipe.training.patience if prepared.dataset.validation else None
    return Training(folder, prepared, model, updater, Patience(limit), disk)


def trainable(model: Model) -> dict[str, Any]:
    """Give the parameters that may change, by name."""
    return {name: p for name, p in model.network.named_parameters() if p.requires_grad}


def restore_weights(model: Model, saved: Checkpoint) -> None:
    """Put a checkpoint's weights into the model; raises DamagedFile if they are for other parameters."""
    weights, parameters = checkpoints.tensors_of(saved, "weights"), trainable(model)
    if weights.keys() != parameters.keys():
        odd = sorted(weights.keys() ^ parameters.keys())[:3]
        raise DamagedFile(f"{saved.folder} holds other parameters than this recipe trains, such as {odd}.")
    for name, parameter in parameters.items():
        parameter.data.copy_(weights[name])


def _resume(training: Training) -> Iterator[Event]:
    saved, rejected = checkpoints.newest(training.folder.checkpoints)
    yield from (Warned(f"A checkpoint was passed over: {sentence}") for sentence in rejected)
    if saved is None:
        return
    best = saved.state["patience"]["best_step"]
    if best in (None, saved.step) or not (loss := _damage(training.folder.checkpoints / f"step-{best}")):
        training.restore(saved)
        if not rejected:  # a damaged one must not take the place of one that is whole
            training.tidy()
    else:
        yield Warned(f"The best checkpoint is lost, so training begins again: {loss}")


def _damage(folder: Path) -> str | None:
    try:
        checkpoints.read(folder)
    except DamagedFile as damage:
        return str(damage)
    return None


def _started(training: Training) -> Started:
    counts = [(p.numel(), p.requires_grad) for p in training.model.network.parameters()]
    changing = sum(count for count, changes in counts if changes)
    return Started(training.step, training.prepared.rhythm.steps, changing, sum(count for count, _ in counts))


def _steps(training: Training, is_asked_to_stop: Callable[[], bool]) -> Iterator[Event]:
    prepared, recipe, rhythm = training.prepared, training.prepared.recipe, training.prepared.rhythm
    options = recipe.training
    every = plans(prepared.dataset.train, recipe.seed, options.epochs, options.tokens_per_step)
    ahead = islice(every, training.step, rhythm.steps)
    budget = options.tokens_per_pass
    if training.step == 0 and prepared.dataset.validation:
        yield validate(training.model, prepared.dataset.validation, budget, 0)  # where the curve begins
    for step in take_steps(training.model, prepared.parts.objective, ahead, training.updater, budget):
        training.step = step.number
        yield step
        if rhythm.validates_at(step.number) and prepared.dataset.validation:
            validation = validate(training.model, prepared.dataset.validation, budget, step.number)
            training.patience = training.patience.observe(validation)
            yield validation
        training.is_finished = training.patience.is_exhausted or step.number == rhythm.steps
        is_best = training.patience.best_step == step.number
        must_stop = is_asked_to_stop()
        if training.is_finished or is_best or must_stop or rhythm.saves_at(step.number):
            yield training.save()
        if training.is_finished:
            return
        if must_stop:
            raise Stopped(f"Stopped after step {step.number} of {rhythm.steps}.")
