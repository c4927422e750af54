"""Models that suggest while people annotate: labels learned anew as they come in, or written answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from tunesmith.core.cards import Decoding, Model
from tunesmith.core.errors import MissingExtra, PromptTooLong, TunesmithError
from tunesmith.core.example import Example
from tunesmith.core.task import LANGUAGE
from tunesmith.data.annotation.decide import Decision, decide
from tunesmith.data.annotation.project import Settings, Suggestion, Task, answer_of, question, text_of
from tunesmith.data.annotation.store import Store
from tunesmith.data.annotation.turns import Turns

if TYPE_CHECKING:
    from tunesmith.data.annotation.queue import Candidate

POOL = 20_000
"""Rows that are put in order at once: all, or a fair sample."""

SUGGESTED = 2_000
"""Rows at the front of the order that get a suggestion."""

AHEAD = 16
"""Rows for which answers are written before they are shown."""

FIRST, GROWTH = 10, 20
"""Labels are learned anew after this many annotations, and after a twentieth more."""

MOST_SURPRISING = 256
"""Rows that are put in order by how little a model expects their answers."""

SECONDS_TO_FINISH = 5

Round = Callable[[], bool]
"""Works a little; says whether there is more to do at once."""


@dataclass
class Assistant:
    """Works in the background whenever it is nudged; `note` says why it does no more."""

    work: Round
    note: str = ""
    _nudged: Event = field(default_factory=Event)
    _thread: Thread | None = None
    _is_closing: bool = False

    def start(self) -> None:
        """Begin, with a first round."""
        self._nudged.set()
        self._thread = Thread(target=self._run, name="suggestions", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """Say that there may be something to do."""
        self._nudged.set()

    def close(self) -> None:
        """Stop after what is being done; a model that is slow to finish is not waited for."""
        self._is_closing = True
        self._nudged.set()
        if self._thread:
            self._thread.join(SECONDS_TO_FINISH)

    @property
    def is_at_work(self) -> bool:
        """Is it there at all?"""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        try:
            while True:
                self._nudged.wait()
                self._nudged.clear()
                while not self._is_closing and self.work():
                    pass
                if self._is_closing:
                    return
        except MissingExtra as error:
            self.note = str(error)
        except TunesmithError as error:
            self.note = f"Nothing more is suggested: {error}"
        except Exception:  # people can go on without it
            logging.getLogger(__name__).exception("suggestions stopped")
            self.note = "Nothing more is suggested: the program failed there. Its log says why."


@dataclass
class LabelRounds:
    """Learns labels anew once enough were given, suggests some, and puts the open rows in order."""

    store: Store
    turns: Turns
    settings: Settings
    learned_from: int = 0

    def __call__(self) -> bool:
        """Learn if it is time."""
        from tunesmith.data.annotation.linear import learn

        done = self.store.progress().done
        if done - self.learned_from < max(FIRST, self.learned_from // GROWTH):
            return False
        self.learned_from = done
        known = [(text_of(task.row), labels) for task, labels in self._labelled()]
        texts, labels = [text for text, _ in known], [some for _, some in known]
        model = learn(texts, labels, multiple=self.settings.multiple)
        if model is None:
            return False
        from tunesmith.data.annotation.queue import uncertainty, uncertainty_of_each

        pool = self.turns.open(POOL)
        if not pool:
            return False
        shares = model.probabilities([text_of(task.row) for task in pool])
        unsure = (uncertainty_of_each if self.settings.multiple else uncertainty)(shares)
        ranked = arrange(self.turns, pool, unsure.tolist(), self.settings.seed)
        made = [
            _labels_of(
                pool[place], dict(zip(model.labels, shares[place].tolist(), strict=True)), self.settings
            )
            for place in ranked[:SUGGESTED]
        ]
        self.turns.suggest(made)
        return False

    def _labelled(self) -> Iterator[tuple[Task, list[str]]]:
        for task, said in self.store.standing():
            outcome = decide(said, "majority")
            if isinstance(outcome, Decision):
                yield task, outcome.value


@dataclass
class AnswerRounds:
    """Has a model answer the next rows; first it looks for rows whose answers it did not expect."""

    turns: Turns
    settings: Settings
    name: str
    load: Callable[[], Model]
    clock: Callable[[], float]
    model: Model | None = None

    def __call__(self) -> bool:
        """Answer one row."""
        if self.model is None:
            self.model = self.load()
            if self.settings.work == "answers":
                self._put_surprising_first(self.model)
        waiting = self.turns.ahead(AHEAD, self.clock())
        if waiting:
            answer = _answer(self.model, waiting[0].row)
            self.turns.suggest([Suggestion(waiting[0].number, answer, self.name)])
        return len(waiting) > 1

    def _put_surprising_first(self, model: Model) -> None:
        from tunesmith.data.annotation.queue import surprise

        pool = [task for task in self.turns.open(POOL) if answer_of(task.row)][:MOST_SURPRISING]
        costs = _costs(model, pool)
        if pool:
            arrange(self.turns, pool, surprise(costs), self.settings.seed)


def arrange(turns: Turns, pool: Sequence[Task], unsure: Sequence[float], seed: int) -> list[int]:
    """Put open rows in the order in which they are given out; gives their places in `pool`."""
    from tunesmith.data.annotation.queue import Candidate, order

    def candidate(task: Task, uncertainty: float) -> Candidate:
        return Candidate(str(task.number), text_of(task.row), uncertainty, bool(task.doubt))

    ranked = order([candidate(*both) for both in zip(pool, unsure, strict=True)], seed)
    turns.rank([pool[place].number for place in ranked])
    return ranked


def load_model(name: str) -> Model:
    """Load a package, or a base by its name or folder; raises BadBase or DamagedFile."""
    from tunesmith.lifecycle.loaded import load
    from tunesmith.lifecycle.storage import load_fitting
    from tunesmith.model.find import find

    return load(Path(name)).model if is_package(name) else load_fitting(name, find(name))


def check_model(name: str) -> None:
    """Say at once what can be known to be wrong with a model before it is loaded."""
    from tunesmith.export import manifest
    from tunesmith.model.find import check_weights, find

    if is_package(name):
        manifest.read(Path(name))
    else:
        check_weights(find(name))


def is_package(name: str) -> bool:
    """Does the name mean a package, rather than a base?"""
    from tunesmith.export.manifest import FILE

    return (Path(name) / FILE).is_file()


def _labels_of(task: Task, shares: dict[str, float], settings: Settings) -> Suggestion:
    likely = sorted(shares.items(), key=lambda one: -one[1])[:9]
    chosen = [label for label, share in likely if share >= 0.5] if settings.multiple else [likely[0][0]]
    rounded = tuple((label, round(share, 4)) for label, share in likely)
    certainty = min((shares[label] for label in chosen), default=None)
    return Suggestion(task.number, chosen or None, "linear", certainty, rounded)


def _answer(model: Model, row: Example) -> str | None:
    from tunesmith.generation.backend.local import Local

    try:
        prompt = model.chat.encode_prompt(question(row), row.tools)
        (found,) = Local().generate(model, [prompt], Decoding())
    except PromptTooLong:
        return None
    return found.text.strip() or None


def _costs(model: Model, pool: Sequence[Task]) -> list[float]:
    """Give the cost of each row's answer in nats per token; 0 for a row that the model cannot read whole."""
    from tunesmith.engine.fit import fit
    from tunesmith.engine.validation import likelihoods
    from tunesmith.lifecycle.answers import TOKENS_AT_ONCE
    from tunesmith.objective.sft import SFT

    encoded = [
        (place, one)
        for place, task in enumerate(pool)
        for one in SFT().encode(task.row, model.chat, LANGUAGE)
    ]
    short = [(place, one) for place, one in encoded if one.trained and len(one) <= model.context]
    costs = [0.0] * len(pool)
    with fit(model.network) as forward:
        found = likelihoods(forward, [one for _, one in short], TOKENS_AT_ONCE)
    for (place, _), (nats, number) in zip(short, found, strict=True):
        costs[place] = nats / number  # of the last answer, where they come apart
    return costs
