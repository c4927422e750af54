"""Have people annotate rows: open a project, ask about row after row, keep what is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tunesmith.core.contracts import Source
from tunesmith.data.annotation.panel import Panel, agreement
from tunesmith.data.annotation.project import Annotation, Progress, Settings, Task, checked
from tunesmith.data.annotation.store import Store
from tunesmith.data.annotation.turns import Turns
from tunesmith.lifecycle.annotate_options import check_fit, doubts_of, parsed, settings_of, source_of
from tunesmith.lifecycle.suggest import (
    AHEAD,
    POOL,
    AnswerRounds,
    Assistant,
    LabelRounds,
    arrange,
    check_model,
    load_model,
)


@dataclass(frozen=True)
class Opening:
    """What is opened: rows or none, a project's file, options as typed, a model that answers, an audit."""

    project: Path
    source: Path | None = None
    options: Sequence[str] = ()
    model: str | None = None
    doubtful: Path | None = None


@dataclass(frozen=True)
class Desk:
    """A project that is open for annotators."""

    store: Store
    settings: Settings
    turns: Turns
    assistant: Assistant | None
    clock: Callable[[], float]

    def claim(self, annotator: str, number: int, besides: Sequence[int]) -> list[Task]:
        """Give the next rows for somebody, apart from those that are on the screen already."""
        return self.turns.claim(annotator, number, self.clock(), besides)

    def unsettled(self, number: int, besides: Sequence[int]) -> list[tuple[Task, list[Annotation]]]:
        """Give rows on which people disagree, or that somebody flagged, with what they said."""
        return list(self.store.standing(self.store.unsettled(number, besides)))

    def save(self, said: Annotation) -> Progress:
        """Keep what somebody said; raises BadData for what was not asked."""
        self.store.save(checked(self.settings, self.store.task(said.task).row, said), self.clock())
        if self.assistant:
            self.assistant.nudge()
        return self.store.progress(said.annotator)

    def undo(self, annotator: str, request: str) -> tuple[Task, Annotation] | None:
        """Take back the last thing that somebody said, and hold its row for them; None if there is none."""
        before = self.store.undo(annotator, request, self.clock())
        if before is None:
            return None
        self.turns.claim_this(annotator, before.task, self.clock())
        return self.store.task(before.task), before

    def being_written(self) -> set[int]:
        """Name the rows for which a model is about to write an answer."""
        assistant = self.assistant
        if assistant is None or not assistant.is_at_work or not isinstance(assistant.work, AnswerRounds):
            return set()
        return {one.number for one in self.turns.ahead(AHEAD, self.clock())}

    def agreement(self) -> Panel:
        """Measure how far the annotators agree."""
        return agreement(self.settings, self.store.standing())

    def close(self) -> None:
        """Stop what works in the background, and leave one file that holds everything."""
        if self.assistant:
            self.assistant.close()
        self.store.close()


def open_desk(opening: Opening, clock: Callable[[], float]) -> tuple[Desk, list[str]]:
    """Open a project, make it if it is new, add rows that it does not have; gives what is worth telling.

    Raises BadOption for options that do not fit, BadData for rows that this work cannot be done on.
    """
    options = parsed(opening.options)
    source = None if opening.source is None else source_of(opening.source, options)
    if opening.model:
        check_model(opening.model)
    doubts = doubts_of(opening.doubtful)
    kind = source.gives() if source else None
    before = _settings_before(opening.project)
    settings = settings_of(options, before, source, kind)
    check_fit(settings, before, kind, opening.model)
    store = Store.create(opening.project)
    desk = Desk(store, settings, Turns(store, settings.overlap), None, clock)
    with ExitStack() as undoing:
        undoing.callback(store.close)
        store.configure(settings, clock())
        notes = [source.reads_as(), *_add(desk, source, doubts)] if source else []
        undoing.pop_all()
    assistant = _assistant(desk, opening.model)
    if assistant:
        assistant.start()
    return replace(desk, assistant=assistant), notes


def _settings_before(project: Path) -> Settings | None:
    if not project.is_file() or not project.stat().st_size:
        return None
    store = Store.open(project)
    before = store.settings()
    store.close()
    return before


def _add(desk: Desk, source: Source, doubts: Mapping[str, str]) -> list[str]:
    """Add rows, put them in a first order, and say what was added."""
    added = desk.store.add(source.read(), desk.settings, doubts)
    if added.new or doubts:
        pool = desk.turns.open(POOL)
        arrange(desk.turns, pool, [0.0] * len(pool), desk.settings.seed)
    told = [f"rows added: {added.new:,}, known already: {added.known:,}"]
    if added.refused:
        told.append(f"rows that cannot be used: {added.refused:,}. The first: {added.first_refused}")
    if doubts:
        told.append(f"rows that an audit names, which come first: {len(doubts):,}")
    return told


def _assistant(desk: Desk, model: str | None) -> Assistant | None:
    turns, settings, clock = desk.turns, desk.settings, desk.clock
    if settings.work == "labels":
        return Assistant(LabelRounds(desk.store, turns, settings))
    if model is None:
        return None
    return Assistant(AnswerRounds(turns, settings, model, partial(load_model, model), clock))
