"""Several sources mixed: each row keeps the name of where it is from, and counts as often as is said."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import BadRow, Example, Kind
from tunesmith.core.hashing import hash_value
from tunesmith.core.registry import Registry, did_you_mean

SOURCES = Registry("data.source", Source)


def _build(value: Any) -> Source:
    """Make a source from its name and options, as they stand in a recipe."""
    if isinstance(value, Source):
        return value
    options = {"name": value} if isinstance(value, str) else value
    if not isinstance(options, dict) or not isinstance(options.get("name"), str):
        raise PydanticCustomError("source_form", "Write a source and its options: {name: csv, path: a.csv}")
    if options["name"] == "mix":
        raise PydanticCustomError("mix_in_mix", "A mix holds no other mix: list all sources in one")
    return SOURCES.build(options["name"], {key: option for key, option in options.items() if key != "name"})


def _write(source: Source) -> dict[str, Any]:
    """Write a source out with all its options; the opposite of `_build`."""
    name = next(name for name in SOURCES.names() if SOURCES.load(name) is type(source))
    return {"name": name, **TypeAdapter[Any](type(source)).dump_python(source, mode="json")}


Chosen = Annotated[
    Source,
    PlainValidator(_build),
    PlainSerializer(_write),
    WithJsonSchema({"type": ["string", "object"], "properties": {"name": {"type": "string"}}}),
    Field(description="A source and its options."),
]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One source of a mix."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    source: Chosen
    times: Annotated[float, Field(gt=0, le=1000, description="How often an epoch shows each row.")] = 1.0
    side: Annotated[
        Literal["train", "validation", "test"] | None,
        Field(description="The side of every row with split: {by: given, column: split}; unset: not said."),
    ] = None
    name: Annotated[
        str | None,
        Field(min_length=1, description="What its rows are said to be from; unset: the file's name."),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, value: Any) -> Any:
        known = [field.name for field in fields(Part)]
        for option in value if isinstance(value, dict) else ():
            if option not in known:
                said = {"name": repr(option), "hint": did_you_mean(str(option), known)}
                raise PydanticCustomError("unknown_option", "there is no {name}.{hint}", said)
        return value

    @property
    def called(self) -> str:
        """The name of what its rows are from."""
        options = vars(self.source)
        for option in ("path", "url", "repository"):
            if self.name is None and option in options:
                found = options[option]
                return found.name if isinstance(found, Path) else str(found).partition("?")[0]
        return self.name or type(self.source).__name__.lower()


@dataclass(frozen=True, kw_only=True)
class Mix(Source):
    """Mix several sources, each with a name, a weight, and a side of the split if it has one.

    All rows are read, source by source. How often one is shown (`times`) is applied to training rows after
    the split, so that no row is on two sides. Conversations and labelled texts mix as conversations; no
    other kinds mix.
    """

    sources: Annotated[
        tuple[Part, ...],
        Field(
            min_length=1, description="The parts: source (name and options), times, side and name of each."
        ),
    ]

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData for kinds that do not mix."""
        self._check_names()
        kinds: dict[str, Kind] = {part.called: part.source.gives() for part in self.sources}
        found = set(kinds.values())
        if found == {"conversations", "labels"}:
            return "conversations"
        if len(found) > 1:
            said = ", ".join(f"{name} gives {kind}" for name, kind in kinds.items())
            raise BadData(
                f"These sources do not mix: {said}. Train on one kind, or say what the columns hold."
            )
        return found.pop()

    def reads_as(self) -> str:
        """Say in a sentence what is mixed, how often each row counts, and how each source is read."""
        self._check_names()
        parts = [
            f"({number}) {part.called}{_terms(part)}: {part.source.reads_as()}"
            for number, part in enumerate(self.sources, 1)
        ]
        return f"a mix of {len(parts):,} sources: {'; '.join(parts)}"

    def fingerprint(self) -> str | None:
        """Change with every part; None where one of them cannot tell."""
        prints = [part.source.fingerprint() for part in self.sources]
        if None in prints:
            return None
        terms = [[part.called, part.times, part.side] for part in self.sources]
        return hash_value([type(self).__name__, terms, prints])

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row of every source, in order."""
        self._check_names()
        for part in self.sources:
            name, side = part.called, {} if part.side is None else {"split": part.side}
            for row in part.source.read():
                if isinstance(row, BadRow):
                    yield replace(row, source=name)
                else:
                    kept = {**row.fields, **side} if side else row.fields
                    yield replace(row, source=name, times=row.times * part.times, fields=kept)

    def _check_names(self) -> None:
        names = [part.called for part in self.sources]
        for number, part in enumerate(self.sources):
            before = self.sources[:number]
            if _origin(part) in [_origin(other) for other in before]:
                raise BadOption(
                    f"data.source.sources: {part.called} is there twice. Give it once, with times: 2."
                )
            if part.called in names[:number]:
                remedy = f"Write a name beside each: data.source.sources.{number}.name=..."
                raise BadOption(f"data.source.sources: two are called {part.called!r}. {remedy}")


def _origin(part: Part) -> tuple[Any, ...]:
    """Give what says where a part's rows are: if two parts said the same, two rows would have one name."""
    options = vars(part.source)
    said = ("path", "url", "repository", "subset", "split")
    return tuple(options[name] for name in said if name in options) or (part.source,)


def _terms(part: Part) -> str:
    terms = [] if part.times == 1 else [f"each row {part.times:g} times"]
    terms += [] if part.side is None else [f"all for {part.side}"]
    return f" ({', '.join(terms)})" if terms else ""
