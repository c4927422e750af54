"""The cards of an annotation project: what is asked, of which rows, and what people said."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Kind, Message
from tunesmith.core.hashing import hash_value

Work = Literal["labels", "answers", "ranking", "ratings"]
"""What people do with a row: label it, write or correct its answer, rank its answers, or rate its answer."""

Said = Literal["labels", "written", "corrected", "ranking", "rating", "skip", "flag"]
"""What an annotation says; `skip` and `flag` say nothing of the row's value."""

Role = Literal["annotator", "adjudicator"]

GIVES: Mapping[Work, Kind] = {
    "labels": "labels",
    "answers": "conversations",
    "ranking": "pairs",
    "ratings": "ratings",
}
"""Which kind of rows comes out of which work."""

TAKES: Mapping[Work, tuple[Kind, ...]] = {
    "labels": ("labels", "text", "prompts"),
    "answers": ("conversations", "prompts", "text"),
    "ranking": ("pairs", "conversations"),
    "ratings": ("ratings", "conversations"),
}
"""Which kinds of rows can be worked on; the first work that takes a kind is the usual one."""

LONGEST_ANSWER = 100_000
"""Characters of an answer or a note, at most."""

ROW = TypeAdapter(Example)
"""Writes rows as JSON, and reads them back."""


class Settings(BaseModel):
    """What is asked of the annotators. A change is a new version; the newest counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    work: Work = Field(description="What people do: labels, answers, ranking or ratings.")
    title: str = Field(default="", max_length=200, description="What the page is called.")
    guidelines: str = Field(default="", description="What annotators are told; plain text.")
    labels: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        default=(), max_length=2000, description="The labels to choose from, in the order they are shown."
    )
    multiple: bool = Field(default=False, description="A row may have several labels.")
    highest: int = Field(default=5, ge=2, le=9, description="The best rating; the worst is 1.")
    overlap: float = Field(
        default=0.2, ge=0, le=1, description="Share of the rows that is given to two annotators."
    )
    seed: int = Field(default=7, ge=0, lt=2**63, description="Decides the order of rows that tell as much.")

    @model_validator(mode="after")
    def _labels_make_a_choice(self) -> Self:
        if self.work == "labels" and len(self.labels) < 2:
            raise ValueError(
                "Name at least two labels to choose from: labels=[good, bad], or a file with one on a line."
            )
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("A label is named twice. Name each once: labels=[...].")
        return self

    @property
    def gives(self) -> Kind:
        """The kind of rows that come out."""
        return GIVES[self.work]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a model would say: `certainty` is a probability, or None where there is none.

    `likely` are the likeliest labels with their probabilities, best first.
    """

    task: int
    value: Any
    by: str
    certainty: float | None = None
    likely: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One row to annotate; `doubt` is what an audit said of it."""

    number: int
    row: Example
    doubt: str = ""
    suggestion: Suggestion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What one person said of one row at one time; `number` counts up over the project, 0 is not kept yet.

    `request` is a name that whoever asks has made up, so that asking twice keeps it once. `suggested` is what
    the person was shown.
    """

    task: int
    annotator: str
    kind: Said
    value: Any
    request: str
    role: Role = "annotator"
    note: str = ""
    seconds: float = 0.0
    suggested: Any = None
    created: float = 0.0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a project is: rows with an answer, rows of one annotator, and rows that wait to be settled."""

    total: int
    done: int
    mine: int = 0
    skipped: int = 0
    unsettled: int = 0


def identity(row: Example) -> str:
    """Fingerprint what a row says, wherever it stands: the same row added again is the same task."""
    beside = {"place", "fields", "source", "times", "made_by"}
    return hash_value(ROW.dump_python(row, mode="json", exclude=beside))


def question(row: Example) -> tuple[Message, ...]:
    """Give the turns that are shown above what is asked."""
    return row.prompt or (Message("user", row.text),)


def text_of(row: Example) -> str:
    """Give what a row asks as one text, for models and for comparing rows."""
    return "\n".join(turn.content for turn in question(row))


def answer_of(row: Example) -> str:
    """Give the answer that a row came with; empty where it has none."""
    ends_with_answer = row.messages and row.messages[-1].role == "assistant"
    return row.messages[-1].content if ends_with_answer and not row.labels else ""


def unfit(settings: Settings, row: Example) -> str:
    """Say why a row cannot be shown for this work; empty for one that can."""
    if settings.work in ("answers", "ranking") and row.messages and row.messages[-1].tool_calls:
        return "its answer calls a function, which cannot be written here"
    if settings.work == "ranking" and len(row.rejected) > 1:
        return "its rejected answer has several turns"
    if settings.work in ("ranking", "ratings") and not answer_of(row):
        return "it has no answer"
    return ""


def candidates(task: Task, seed: int) -> tuple[str, ...]:
    """Give the answers to rank, in an order that says nothing of where they come from."""
    found = [answer_of(task.row), *(turn.content for turn in task.row.rejected[-1:])]
    if task.suggestion and isinstance(task.suggestion.value, str):
        found.append(task.suggestion.value)
    different = dict.fromkeys(answer for answer in found if answer.strip())
    return tuple(sorted(different, key=lambda answer: hash_value([seed, answer])))


def checked(settings: Settings, row: Example, said: Annotation) -> Annotation:
    """Give an annotation with its value in its one spelling; raises BadData for what was not asked."""
    if said.kind in ("skip", "flag"):
        if said.role == "adjudicator" and said.kind == "flag":
            raise BadData("Whoever settles a row decides it, or leaves it out: a flag settles nothing.")
        return replace(said, value=None)
    if _WORKS[said.kind] != settings.work:
        raise BadData(f"This project asks for {settings.work}. Load the page anew.")
    match settings.work:
        case "labels":
            return replace(said, value=_labels(settings, said.value))
        case "answers":
            return replace(said, value=_answer(said.value), kind="corrected" if answer_of(row) else "written")
        case "ranking":
            return replace(said, value=_ranking(said.value))
        case "ratings":
            return replace(said, value=_rating(settings, said.value))


def _labels(settings: Settings, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise BadData("Labels are a list of texts.")
    if unknown := [label for label in value if label not in settings.labels]:
        raise BadData(f"This project has no label {unknown[0]!r:.80}. Load the page anew.")
    if not value or (len(value) > 1 and not settings.multiple):
        raise BadData("Choose at least one label." if not value else "Choose one label only.")
    return [label for label in settings.labels if label in value]


def _answer(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadData("The answer is empty. Write it, or skip the row.")
    if "\0" in value:
        raise BadData("The answer holds the character U+0000, which no row may. Remove it.")
    if len(value) > LONGEST_ANSWER:
        raise BadData(f"The answer has {len(value):,} characters; it may have {LONGEST_ANSWER:,}.")
    return value.strip()


def _ranking(value: Any) -> dict[str, Any]:
    try:
        ranked = _Ranking.model_validate(value)
    except ValidationError:
        raise BadData("A ranking names its answers, and their order in groups, the best first.") from None
    places = sorted(place for group in ranked.order for place in group)
    if len(ranked.answers) < 2 or places != list(range(len(ranked.answers))):
        raise BadData("A ranking gives every answer one place, and has two answers at least.")
    return {"answers": ranked.answers, "order": [sorted(group) for group in ranked.order if group]}


def _rating(settings: Settings, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= settings.highest:
        raise BadData(f"A rating is a whole number from 1 to {settings.highest}, not {value!r:.40}.")
    return value


_WORKS: Mapping[str, Work] = {
    "labels": "labels",
    "written": "answers",
    "corrected": "answers",
    "ranking": "ranking",
    "rating": "ratings",
}


class _Ranking(BaseModel):
    """Answers, and their places in groups, the best group first; those of a group are as good."""

    model_config = ConfigDict(extra="forbid", strict=True)

    answers: list[str]
    order: list[list[int]]
