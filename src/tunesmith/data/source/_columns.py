"""Recognise from one row what its columns hold, and say so; what is not certain is refused, never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.errors import BadOption
from tunesmith.core.example import Kind
from tunesmith.core.registry import did_you_mean
from tunesmith.data.source._refused import Refused

PROMPTS = frozenset(("prompt", "instruction", "question", "query", "input"))
ANSWERS = frozenset(("completion", "response", "output", "answer"))
TEXTS = frozenset(("text",))
LABELS = frozenset(("label", "category", "class", "intent", "sentiment", "topic"))
COMPANIONS = ("input", "context")
"""Columns that belong to the prompt when another column is the prompt: joined to it by a blank line."""

METADATA = frozenset(
    (
        "",
        "id",
        "idx",
        "index",
        "uuid",
        "url",
        "source",
        "meta",
        "metadata",
        "date",
        "timestamp",
        "split",
        "language",
    )
)
"""Columns never taken for text unless an option says so."""

UNSUPPORTED = {
    "tools": "tool calling",
    "functions": "tool calling",
    "chosen": "preference pairs",
    "rejected": "preference pairs",
    "conversations": "turns named from and value",
    "system": "a system prompt in its own column",
    "history": "earlier turns in their own column",
    "images": "images",
}
"""Columns that change what should be learned, and what they stand for: refused until they are supported."""

PromptColumn = Annotated[str | None, Field(description="Column that holds the prompt; unset: recognised.")]
CompletionColumn = Annotated[
    str | None, Field(description="Column that holds the answer; unset: recognised.")
]
TextColumn = Annotated[str | None, Field(description="Column that holds the text; unset: recognised.")]
LabelColumn = Annotated[str | None, Field(description="Column that holds the label; unset: recognised.")]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns a recipe names; unset ones are recognised."""

    prompt: str | None = None
    completion: str | None = None
    text: str | None = None
    label: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """The named ones, by what they hold."""
        named = {"prompt": self.prompt, "completion": self.completion, "text": self.text, "label": self.label}
        return {role: name for role, name in named.items() if name is not None}


Layout = Literal["messages", "prompt and completion", "text and label", "text"]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the rows of one file hold: `columns` are read, in the order of `layout`; `ignored` are not.

    A pair's columns after the second continue its prompt. `chosen` says that options named the columns.
    """

    layout: Layout
    columns: tuple[str, ...]
    ignored: tuple[str, ...]
    why: str
    chosen: bool

    @cached_property
    def known(self) -> frozenset[str]:
        """The columns of the row that it was recognised from."""
        return frozenset((*self.columns, *self.ignored))

    @property
    def kind(self) -> Kind:
        """What a source with these rows gives."""
        kinds: dict[str, Kind] = {"text and label": "labels", "text": "text"}
        return kinds.get(self.layout, "conversations")

    def sentence(self, form: str) -> str:
        """Say how a file of this form is read, and how to have it read otherwise."""
        noun = "column" if len(self.columns) == 1 else "columns"
        *others, last = [repr(name) for name in self.columns]
        named = f"{', '.join(others)} and {last}" if others else last
        said = f"{form} with {noun} {named}, read as {self.layout} ({self.why})"
        said += f"; override with {_OVERRIDES[self.layout]}"
        return said + (f"; ignored columns: {_quoted(self.ignored)}" if self.ignored else "")


def recognise(row: Mapping[str, object], options: Columns) -> Shape:
    """Say what a row's columns hold; raises Refused where names and options leave a doubt."""
    given = options.given
    _check_options(row, given)
    if not given:
        check_supported(row)
        if "messages" in row:
            return _shape(row, "messages", ("messages",), "by its name")
    roles = _Roles.of(row, given)
    pair, labelled = roles.pair(), roles.labelled()
    if pair and labelled:
        raise _doubt(row)
    if labelled:
        return _shape(row, "text and label", labelled, roles.why(labelled), given)
    if pair:
        continued = f", {_quoted(roles.companions)} continues the prompt" if roles.companions else ""
        why = roles.why(pair) + continued
        return _shape(row, "prompt and completion", pair + roles.companions, why, given)
    if text := roles.only_text():
        return _shape(row, "text", text, roles.why(text), given)
    raise _doubt(row)


def check_supported(row: Mapping[str, object]) -> None:
    """Refuse a row that holds what cannot be learned from yet; an empty or null column holds nothing."""
    if row.keys().isdisjoint(UNSUPPORTED):
        return
    for name, meaning in UNSUPPORTED.items():
        if row.get(name):
            remedy = f"It stands for {meaning}. Remove the column, or choose others. {_CHOICES}"
            raise Refused("not supported yet", f"column {name!r}", remedy)


def fold(name: str) -> str:
    """Compare column names without regard to case and outer spaces."""
    return name.strip().casefold()


@dataclass(frozen=True)
class _Roles:
    """Which columns could hold what; `others` are texts of unknown meaning, in the order of the row."""

    given: Mapping[str, str]
    named: Mapping[str, list[str]]
    others: list[str]
    companions: tuple[str, ...]
    order: list[str]
    may_guess: bool

    @classmethod
    def of(cls, row: Mapping[str, object], given: Mapping[str, str]) -> "_Roles":
        """Sort the columns of a row: options decide, then known names."""
        named = {role: _candidates(row, given, role) for role in _NAMES}
        prompts = named["prompt"]
        main = [name for name in prompts if fold(name) not in COMPANIONS] or prompts
        named["prompt"] = main
        joined = () if "prompt" in given or not main else _companions(row, main)
        used = {*joined, *(name for names in named.values() for name in names)}
        left = {name: value for name, value in row.items() if name not in used and fold(name) not in METADATA}
        others = [name for name, value in left.items() if isinstance(value, str) and name not in UNSUPPORTED]
        # Beside lists and objects of unknown meaning, no text is the only one.
        may_guess = not any(isinstance(value, list | dict) for value in left.values())
        return cls(given, named, others, joined, list(row), may_guess)

    def pair(self) -> tuple[str, str] | None:
        """Find prompt and completion: by name, or as the only two texts in that order."""
        prompts, answers, others = self.named["prompt"], self.named["completion"], self.others
        if len(prompts) == len(answers) == 1:
            return prompts[0], answers[0]
        labelled = self.named["text"] or self.named["label"]
        counts = len(prompts) + len(answers), len(others)
        if labelled or not self.may_guess or counts not in ((1, 1), (0, 2)):
            return None
        first, second = (prompts or others)[0], (answers or others)[-1]
        in_order = self.order.index(first) < self.order.index(second)
        return (first, second) if self.given or in_order else None

    def labelled(self) -> tuple[str, str] | None:
        """Find text and label: by name, or a known label and the only other text."""
        texts, labels = self.named["text"], self.named["label"]
        if len(texts) == len(labels) == 1:
            return texts[0], labels[0]
        paired = self.named["prompt"] or self.named["completion"]
        if texts or paired or not self.may_guess or (len(labels), len(self.others)) != (1, 1):
            return None
        return self.others[0], labels[0]

    def only_text(self) -> tuple[str] | None:
        """Find raw text: the one text column where no other could be its label."""
        texts = self.named["text"]
        if len(texts) == 1 and not self.named["label"] and ("text" in self.given or not self.others):
            return (texts[0],)
        return None

    def why(self, columns: tuple[str, ...]) -> str:
        """Say what decided."""
        if self.given:
            return "as the options say"
        guessed = sum(name in self.others for name in columns)
        by_name = "by its name" if len(columns) == 1 else "by their names"
        return (by_name, "by one name and the only other text column", "the only two text columns")[guessed]


def _candidates(row: Mapping[str, object], given: Mapping[str, str], role: str) -> list[str]:
    if role in given:
        return [given[role]]
    pair, labelled = {"prompt", "completion"}, {"text", "label"}
    # Text named without a label means raw text.
    wanted = pair if given.keys() & pair else labelled if "label" in given else {"text"}
    if given and role not in wanted:
        return []
    return [name for name in row if fold(name) in _NAMES[role] and name not in given.values()]


def _companions(row: Mapping[str, object], prompts: list[str]) -> tuple[str, ...]:
    return tuple(name for name in row if fold(name) in COMPANIONS and name not in prompts)


def _check_options(row: Mapping[str, object], given: Mapping[str, str]) -> None:
    if given.keys() & {"prompt", "completion"} and given.keys() & {"text", "label"}:
        raise BadOption(f"data.source: {' and '.join(given)} exclude each other. {_CHOICES}")
    if len(set(given.values())) < len(given):
        raise BadOption(f"data.source: {' and '.join(given)} name the same column. {_CHOICES}")
    for role, name in given.items():
        if name not in row:
            remedy = f"Correct data.source.{role}.{did_you_mean(name, list(row))}"
            raise Refused("missing field", f"there is no column {name!r}", remedy)


def _shape(
    row: Mapping[str, object],
    layout: Layout,
    columns: tuple[str, ...],
    why: str,
    given: Mapping[str, str] = MappingProxyType({}),
) -> Shape:
    ignored = tuple(name for name in row if name not in columns)
    return Shape(layout=layout, columns=columns, ignored=ignored, why=why, chosen=bool(given))


def _doubt(row: Mapping[str, object]) -> Refused:
    return Refused("columns not recognised", _quoted(tuple(row)) or "no columns", _CHOICES)


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(repr(name) for name in names)


_NAMES = {"prompt": PROMPTS, "completion": ANSWERS, "text": TEXTS, "label": LABELS}
_PAIR = "data.source.prompt=... data.source.completion=..."
_LABELLED = "data.source.text=... data.source.label=..."
_OVERRIDES = {
    "messages": _PAIR,
    "prompt and completion": _PAIR,
    "text and label": _LABELLED,
    "text": _LABELLED,
}
_CHOICES = f"Say what they hold: {_PAIR}, or data.source.text=... with or without data.source.label=..."
