"""Recognise from one row what its columns hold, and say so; what is not certain is refused, never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from tunesmith.core.errors import BadOption
from tunesmith.core.registry import did_you_mean
from tunesmith.data.source._names import NOT_TEXT, Candidates, Row, fold, quoted
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._shape import OPTION, Layout, Shape
from tunesmith.data.source._shape_answers import ALPACA, PROMPT_COMPLETION, RATINGS
from tunesmith.data.source._shape_chat import MESSAGES, SHAREGPT
from tunesmith.data.source._shape_pairs import PAIRS, TRANSCRIPTS
from tunesmith.data.source._shape_prompts import PROMPTS
from tunesmith.data.source._shape_tags import TAGS
from tunesmith.data.source._shape_texts import LABELS, NUMBERS, TEXT
from tunesmith.data.source._turns import has_developer

ShapeName = Literal[
    "messages",
    "sharegpt",
    "alpaca",
    "prompt_completion",
    "pairs",
    "transcripts",
    "ratings",
    "prompts",
    "labels",
    "numbers",
    "tags",
    "text",
]
LAYOUTS: tuple[Layout, ...] = (
    MESSAGES,
    SHAREGPT,
    ALPACA,
    PROMPT_COMPLETION,
    PAIRS,
    TRANSCRIPTS,
    RATINGS,
    PROMPTS,
    LABELS,
    NUMBERS,
    TAGS,
    TEXT,
)
"""All that can be recognised, under the names above."""

Claim = tuple[Layout, dict[str, str], Candidates]
Column = str | None


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column holds what; unset ones are recognised by their names."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    shape: Annotated[ShapeName | None, Field(description="What the rows are; unset: recognised.")] = None
    prompt: Annotated[Column, Field(description="What is asked, as text or turns.")] = None
    completion: Annotated[Column, Field(description="The answer to learn, as text or turns.")] = None
    text: Annotated[Column, Field(description="Raw text, or the text that has a label.")] = None
    label: Annotated[Column, Field(description="The label, a list of labels, or a number to predict.")] = None
    label_separator: Annotated[
        str | None, Field(min_length=1, description="What parts several labels in one text; unset: nothing.")
    ] = None
    words: Annotated[Column, Field(description="A list of words, each with a tag.")] = None
    tags: Annotated[Column, Field(description="A list of the words' tags.")] = None
    chosen: Annotated[Column, Field(description="The preferred answer, or the conversation with it.")] = None
    rejected: Annotated[Column, Field(description="The answer that was liked less.")] = None
    rating: Annotated[Column, Field(description="How good an answer is: a number, true or false.")] = None
    reference: Annotated[Column, Field(description="What an answer is held against.")] = None
    system: Annotated[Column, Field(description="The system prompt.")] = None
    history: Annotated[Column, Field(description="Earlier turns, as pairs of question and answer.")] = None
    messages: Annotated[Column, Field(description="The turns of a whole conversation.")] = None
    tools: Annotated[Column, Field(description="The functions that an answer may call.")] = None

    @property
    def given(self) -> dict[str, str]:
        """The named columns, by what they hold."""
        named = vars(self).items()
        return {role: name for role, name in named if name is not None and role not in _NO_COLUMNS}

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, value: Any) -> Any:
        for name in value if isinstance(value, dict) else ():
            if name not in _OPTIONS:
                said = {"name": repr(name), "hint": did_you_mean(str(name), list(_OPTIONS))}
                raise PydanticCustomError("unknown_column", "there is no {name}.{hint}", said)
        return value

    def __repr__(self) -> str:
        named = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value is not None)
        return f"Columns({named})"


_NO_COLUMNS = ("shape", "label_separator")
_OPTIONS = tuple(field.name for field in fields(Columns))

UNSET = Columns()
"""Everything is recognised."""

ColumnsOption = Annotated[
    Columns, Field(description=f"What the columns hold ({', '.join(_OPTIONS)}); unset: recognised.")
]


def recognise(row: Row, columns: Columns) -> Shape:
    """Say what a row's columns hold; raises Refused where names and options leave a doubt.

    What columns are called decides. The values of this one row are looked at only where several layouts have
    the same columns: at the last turn, the type of a label, how a text begins.
    """
    layouts = _meant(columns)
    _check_named(row, columns)
    claims = _claims(row, columns, layouts)
    beaten = {name for layout, _, _ in claims for name in layout.over}
    left = [claim for claim in claims if claim[0].name not in beaten]
    if len(left) != 1:
        raise _doubt(row, columns, [layout for layout, _, _ in left])
    shape = _shape(*left[0], columns)
    check_watched(shape, row)
    return shape


def notes_on(row: Row, roles: Mapping[str, str]) -> tuple[str, ...]:
    """Say what of a row is read otherwise than it is written."""
    notes: list[str] = []
    if "history" in roles:
        notes.append(f"the answers in {roles['history']!r} are read, not learned")
    if "reference" in roles:
        notes.append(f"an answer is held against {roles['reference']!r}")
    if any(has_developer(row.get(name)) for name in roles.values()):
        notes.append("turns of the developer are read as system turns")
    return tuple(notes)


def check_watched(shape: Shape, row: Row) -> None:
    """Refuse a row that holds more than is read of it; an empty or null column holds nothing."""
    for name in shape.watched:
        if row[name]:
            kind = "not text" if fold(name) in NOT_TEXT else "not supported yet"
            remedy = f"What is learned may depend on it. Remove the column, or choose others. {_CHOICES}"
            raise Refused(kind, f"column {name!r}", remedy)


def _meant(columns: Columns) -> list[Layout]:
    """Give the layouts that options leave open; raises BadOption where they leave none."""
    given = columns.given
    if columns.shape is not None:
        (layout,) = (layout for layout in LAYOUTS if layout.name == columns.shape)
        if useless := [role for role in given if role not in layout.roles]:
            raise BadOption(f"{OPTION}.{useless[0]}: shape {layout.name} has no use for it. Remove it.")
        return [layout]
    fitting = [layout for layout in LAYOUTS if given.keys() <= layout.roles]
    if not fitting:
        raise BadOption(f"{OPTION}: {' and '.join(given)} exclude each other. {_CHOICES}")
    return [layout for layout in fitting if given and given.keys() >= set(layout.needs)] or fitting


def _check_named(row: Row, columns: Columns) -> None:
    given = columns.given
    if len(set(given.values())) < len(given):
        raise BadOption(f"{OPTION}: {' and '.join(given)} name the same column. {_CHOICES}")
    for role, name in given.items():
        if name not in row:
            remedy = f"Correct {OPTION}.{role}.{did_you_mean(name, list(row))}"
            raise Refused("missing field", f"there is no column {name!r}", remedy)


def _claims(row: Row, columns: Columns, layouts: list[Layout]) -> list[Claim]:
    """Give the layouts that a row can have, each with its columns."""
    given, claims = columns.given, list[Claim]()
    for layout in layouts:
        found = Candidates.of(row, given, layout.roles, columns.shape is not None)
        roles = layout.find(found)
        if roles is not None and roles.keys() >= given.keys():
            claims.append((layout, roles, found))
    return claims


def _shape(layout: Layout, roles: dict[str, str], found: Candidates, columns: Columns) -> Shape:
    if columns.label_separator is not None and layout is not LABELS:
        raise BadOption(f"{OPTION}.label_separator: shape {layout.name} has no use for it. Remove it.")
    companions = found.companions if "prompt" in roles else ()
    read = {*roles.values(), *companions}
    return Shape(
        layout=layout,
        roles=roles,
        companions=companions,
        others=tuple(name for name in found.row if name not in read),
        why=found.why(roles.values()),
        is_said=found.is_said,
        label_separator=columns.label_separator,
        notes=notes_on(found.row, roles),
    )


def _doubt(row: Row, columns: Columns, claims: list[Layout]) -> Refused:
    found = quoted(row) or "no columns"
    if claims:
        options = " or ".join(f"{OPTION}.shape={layout.name}" for layout in claims)
        said = f"This could be {' or '.join(layout.said for layout in claims)}. Say which: {options}."
        return Refused("columns not recognised", found, said)
    if columns.shape is not None:
        (layout,) = _meant(columns)
        named = " ".join(f"{OPTION}.{role}=..." for role in layout.asks or layout.needs)
        return Refused("columns not recognised", found, f"Name the columns of shape {columns.shape}: {named}")
    alone = Candidates.of(row, columns.given, PROMPTS.roles, is_chosen=True)
    hint = f" For prompts without an answer: {OPTION}.shape=prompts." if PROMPTS.find(alone) else ""
    return Refused("columns not recognised", found, f"{_CHOICES}{hint}")


_CHOICES = (
    f"Say what they hold: {PROMPT_COMPLETION.override}, "
    f"or {OPTION}.text=... with or without {OPTION}.label=..., or what the rows are: {OPTION}.shape=..."
)
