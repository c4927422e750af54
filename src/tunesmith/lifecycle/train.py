"""The training corridor: take steps, validate, keep the best, save, stop early, resume exactly."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from tunesmith.core.cards import Checkpoint, Model, Plan, Step, Validation
from tunesmith.core.disk import Disk
from tunesmith.core.errors import DamagedFile, Stopped
from tunesmith.core.hashing import hash_value
from tunesmith.engine import checkpoint as checkpoints
from tunesmith.engine.allocator import keep_freed_memory
from tunesmith.engine.average import Average
from tunesmith.engine.features import with_features
from tunesmith.engine.fit import fit
from tunesmith.engine.forward import Forward
from tunesmith.engine.loop import Budget
from tunesmith.engine.loop import train as take_steps
from tunesmith.engine.memory import checkpointed, plan_memory, room_for
from tunesmith.engine.network import learns_nothing
from tunesmith.engine.order import count_steps, plans
from tunesmith.engine.patience import Patience
from tunesmith.engine.precision import Precision
from tunesmith.engine.randomness import random_state, seed_everything, set_random_state
from tunesmith.engine.rows import Reading
from tunesmith.engine.trunk import with_trunk
from tunesmith.engine.update import Updater
from tunesmith.engine.validation import validate
from tunesmith.lifecycle.assemble import Prepared
from tunesmith.lifecycle.cache_folder import user_cache
from tunesmith.lifecycle.events import Event, Saved, Started, Warned
from tunesmith.lifecycle.rhythm import Rhythm
from tunesmith.lifecycle.run_folder import RunFolder


@dataclass
class Training:
    """One run's training in progress: what changes from step to step, and how it is saved and taken back.

    `is_due`: the last step asks for a validation that has not been made yet.
    """

    folder: RunFolder
    prepared: Prepared
    model: Model
    updater: Updater
    patience: Patience
    average: Average | None
    disk: Disk
    step: int = 0
    is_finished: bool = False
    is_due: bool = False
    budget: Budget | None = None

    def save(self) -> Saved:
        """Write a checkpoint of everything that decides how the run goes on."""
        assert self.budget is not None
        state = {
            "step": self.step,
            "patience": self.patience.to_json(),
            "is_finished": self.is_finished,
            "is_due": self.is_due,
            "budget": asdict(self.budget),
        }
        tensors = {
            "weights": {name: parameter.data for name, parameter in trainable(self.model).items()},
            "optimizer": self.updater.tensors(),
            "random": random_state(),
        }
        if self.average is not None:
            tensors["average"] = self.average.tensors()
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
        if self.average is not None:
            self.average.restore(checkpoints.tensors_of(saved, "average"))
        set_random_state(checkpoints.tensors_of(saved, "random"))
        self.step = saved.step
        self.patience = Patience(**saved.state["patience"])
        self.is_finished = saved.state["is_finished"]
        self.is_due = saved.state["is_due"]
        self.budget = Budget(**saved.state["budget"])  # how a step is cut decides its last bits


def train(
    folder: RunFolder,
    prepared: Prepared,
    model: Model,
    precision: Precision,
    is_asked_to_stop: Callable[[], bool],
    disk: Disk,
) -> Iterator[Event]:
    """Train until the last step or until patience ends, and leave the best weights in the model.

    Goes on from the newest checkpoint that verifies, if there is one. Raises Stopped after saving, when asked
    to stop.
    """
    keep_freed_memory()
    training = begin(folder, prepared, model, disk)
    yield from _resume(training)
    reading, balance = Reading(model.family, model.task), prepared.recipe.training.balance
    fitting = fit(model.network, compute=precision.compute, reading=reading, balance=balance)
    with fitting as fitted, _fitting_memory(training, fitted) as plan:
        forward = _with_trunk(training, fitted, is_asked_to_stop)
        yield _started(training, "; ".join((precision.describe(), *forward.describe(), plan)))
        if not training.is_finished:
            yield from _steps(training, forward, is_asked_to_stop)
    _keep_best(training)


def begin(folder: RunFolder, prepared: Prepared, model: Model, disk: Disk) -> Training:
    """Set up training before its first step."""
    recipe = prepared.recipe
    seed_everything(recipe.seed)
    updater = Updater(trainable(model), recipe.training, prepared.rhythm.steps, prepared.parts.method.pace)
    limit = recipe.training.patience if prepared.dataset.validation else None
    decay = recipe.training.average
    average = Average(trainable(model), decay) if decay is not None else None
    return Training(folder, prepared, model, updater, Patience(limit), average, disk)


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


@contextmanager
def _fitting_memory(training: Training, forward: Forward) -> Generator[str]:
    """Cut steps so that they fit into memory, the same way as before the run was interrupted, and say how."""
    options = training.prepared.recipe.training
    network, rows = training.model.network, training.prepared.dataset
    sentence = "passes as before"
    if training.budget is None:
        longest = max(row.read for row in (*rows.train, *rows.validation))
        learning = training.updater.bytes() + (training.average.bytes() if training.average else 0)
        most = max(longest, options.tokens_per_step)
        plan = plan_memory(
            forward, longest, options.tokens_per_pass, most, learning, room_for(network.device)
        )
        training.budget, sentence = Budget(plan.tokens_per_pass, plan.checkpointed), plan.describe()
    with checkpointed(network, training.budget.checkpointed):
        yield sentence


def _with_trunk(training: Training, forward: Forward, is_asked_to_stop: Callable[[], bool]) -> Forward:
    """Compute what frozen layers give only once, where it will be needed more than once."""
    rows, recipe = training.prepared.dataset, training.prepared.recipe
    once = count_steps(rows.train, recipe.seed, 1, recipe.training.tokens_per_step)
    if training.prepared.rhythm.steps <= once or training.is_finished:
        return forward
    every = (*rows.train, *rows.validation)
    base = hash_value([training.model.fingerprint, recipe.method.model_dump(), recipe.seed])
    if forward.reading.wanted == "whole" and learns_nothing(forward.network):
        return with_features(forward, every, user_cache(), base, is_asked_to_stop)
    return with_trunk(forward, every, user_cache(), base, is_asked_to_stop)


def _keep_best(training: Training) -> None:
    """Leave in the model what is to be packaged: the best weights, or their average where one is kept."""
    best = training.patience.best_step
    if best is None or best == training.step:
        if training.average is not None:
            training.average.stay()
        return
    saved = checkpoints.read(training.folder.checkpoints / f"step-{best}")
    restore_weights(training.model, saved)
    if training.average is not None:
        training.average.restore(checkpoints.tensors_of(saved, "average"))
        training.average.stay()


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


def _started(training: Training, how: str) -> Started:
    counts = [(p.numel(), p.requires_grad) for p in training.model.network.parameters()]
    changing = sum(count for count, changes in counts if changes)
    every = sum(count for count, _ in counts)
    return Started(training.step, training.prepared.rhythm.steps, changing, every, how)


def _steps(training: Training, forward: Forward, is_asked_to_stop: Callable[[], bool]) -> Iterator[Event]:
    prepared, recipe, rhythm = training.prepared, training.prepared.recipe, training.prepared.rhythm
    options, budget = recipe.training, training.budget
    assert budget is not None
    every = plans(prepared.dataset.train, recipe.seed, options.epochs, options.tokens_per_step)
    ahead = (_renewed(plan, training) for plan in islice(every, training.step, rhythm.steps))
    if training.step == 0 and prepared.dataset.validation:
        beginning = _validate(training, forward, is_asked_to_stop)
        yield from [] if beginning is None else [beginning]  # where the curve begins
    if training.is_due:  # it was stopped in the middle of a validation
        yield from _close(training, forward, is_asked_to_stop)
        if training.is_finished:
            return
    objective, updater = prepared.parts.objective, training.updater
    for step in take_steps(forward, objective, ahead, updater, budget, is_asked_to_stop):
        yield from _taken(training, step)
        training.is_due = rhythm.validates_at(step.number) and bool(prepared.dataset.validation)
        yield from _close(training, forward, is_asked_to_stop)
        if training.is_finished:
            return
    yield from _close(training, forward, is_asked_to_stop)  # it was stopped in the middle of a step


def _renewed(plan: Plan, training: Training) -> Plan:
    """Give the rows of a step as its epoch is to see them."""
    renew, chat = training.prepared.parts.objective.renew, training.model.chat
    return replace(plan, sequences=tuple(renew(row, plan.epoch, chat) for row in plan.sequences))


def _close(training: Training, forward: Forward, is_asked_to_stop: Callable[[], bool]) -> Iterator[Event]:
    """Do what comes after a step: validate and save where it is time; raises Stopped when asked to stop."""
    rhythm = training.prepared.rhythm
    if training.is_due and (validation := _validate(training, forward, is_asked_to_stop)) is not None:
        training.patience, training.is_due = training.patience.observe(validation), False
        yield validation
    is_last = training.patience.is_exhausted or training.step == rhythm.steps
    training.is_finished = is_last and not training.is_due
    must_stop = is_asked_to_stop()
    if _must_save(training, rhythm) or must_stop:
        yield training.save()
    if must_stop and not training.is_finished:
        raise Stopped(f"Stopped after step {training.step} of {rhythm.steps}.")


def _taken(training: Training, step: Step) -> Iterator[Event]:
    training.step = step.number
    if training.average is not None:
        training.average.follow(step.number)
    yield step
    assert training.budget is not None
    if training.budget.halved:
        tokens, training.budget.halved = training.budget.tokens_per_pass, False
        yield Warned(f"Memory ran out: the step began again, with passes of {tokens:,} tokens.")


def _validate(
    training: Training, forward: Forward, is_asked_to_stop: Callable[[], bool]
) -> Validation | None:
    assert training.budget is not None
    with training.average.in_place() if training.average else nullcontext():
        rows = training.prepared.dataset.validation
        budget = training.budget.tokens_per_pass
        return validate(forward, rows, budget, training.step, is_asked_to_stop)


def _must_save(training: Training, rhythm: Rhythm) -> bool:
    is_best = training.patience.best_step == training.step
    return training.is_finished or is_best or rhythm.saves_at(training.step)
