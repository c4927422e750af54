"""Base and tuned answer the test rows of a run; what was answered before an interruption is read again."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from tunesmith.core.cards import Model
from tunesmith.core.errors import DamagedFile
from tunesmith.evaluation.compare import Answers
from tunesmith.generation.backend.local import Local
from tunesmith.lifecycle import answers, heads
from tunesmith.lifecycle.answers import Questions
from tunesmith.lifecycle.assemble import Prepared
from tunesmith.lifecycle.cache_folder import user_cache
from tunesmith.lifecycle.events import Event, Stage, Warned
from tunesmith.lifecycle.retrieving import find
from tunesmith.lifecycle.run_folder import RunFolder


@dataclass(frozen=True)
class Answering:
    """The test rows of a run, and the folder that keeps what was answered."""

    folder: RunFolder
    questions: Questions
    is_asked_to_stop: Callable[[], bool]

    def base(self, prepared: Prepared, model: Model) -> Generator[Event, None, Answers]:
        """Have the base answer, or read what it answered in any run; without a head it can only guess."""
        if heads.has_head(model.task):
            yield Stage("base", f"{model.name} has no head yet: what is most frequent stands in for it")
            return (yield from self._once("answers-base.json", lambda: self._guess(prepared, model)))
        if model.task.says == "vector":
            yield Stage("base", f"{model.name} finds what belongs to the test rows by its averaged states")
            return (yield from self._once("answers-base.json", lambda: self._answer(model)))
        yield Stage("base", f"{model.name} answers the test rows first")
        if prepared.parts.method.starts_from == "random":
            return (yield from self._once("answers-base.json", lambda: self._answer(model)))
        was_known: list[bool] = []

        def answer() -> Answers:
            found, is_known = answers.answer_once(
                self.questions, model, Local(), self.is_asked_to_stop, user_cache()
            )
            was_known.append(is_known)
            return found

        found = yield from self._once("answers-base.json", answer)
        if any(was_known):
            yield Stage("base", "it answered the same rows in an earlier run: read from the cache")
        return found

    def tuned(self, model: Model) -> Generator[Event, None, Answers]:
        """Have the tuned model answer."""
        yield Stage("tuned", "the tuned model answers the same rows")
        return (yield from self._once("answers-tuned.json", lambda: self._answer(model)))

    def without_memory(self, model: Model) -> Generator[Event, None, Answers]:
        """Have the tuned model answer with nothing beside it."""
        yield Stage("tuned", "the model answers the same rows without its memory")
        return (yield from self._once("answers-without-memory.json", lambda: self._answer(model)))

    def _once(self, name: str, answer: Callable[[], Answers]) -> Generator[Event, None, Answers]:
        try:
            if (saved := self.folder.read_json(name)) is not None:
                return answers.from_json(saved)
        except DamagedFile:
            yield Warned(f"{self.folder.path / name} is damaged: the rows are answered again.")
        found = answer()
        self.folder.write_json(name, answers.to_json(found))
        return found

    def _answer(self, model: Model) -> Answers:
        return ask(model, self.questions, self.is_asked_to_stop)

    def _guess(self, prepared: Prepared, model: Model) -> Answers:
        return heads.guess(self.questions, model.task, prepared.dataset.train)


def ask(model: Model, questions: Questions, is_asked_to_stop: Callable[[], bool]) -> Answers:
    """Have a model say what it says: with a head, with vectors, or in words. Raises Stopped when asked to."""
    if heads.has_head(model.task):
        return heads.read(questions, model, is_asked_to_stop)
    if model.task.says == "vector":
        return find(questions, model, is_asked_to_stop)
    return answers.answer(questions, model, Local(), is_asked_to_stop)
