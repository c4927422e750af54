"""Find components by name. A file in a room is an entry; there is no list to edit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from tunesmith.core.errors import BadOption, UnknownName

T = TypeVar("T")


@dataclass(frozen=True)
class Registry(Generic[T]):
    """The components of one room, loaded only when asked for."""

    room: str
    kind: type[T]

    def names(self) -> list[str]:
        """List what exists without importing any of it."""
        return sorted(self._own() | self._plugins().keys())

    def load(self, name: str) -> type[T]:
        """Import one component's file and return the class it defines."""
        if name in self._own():
            module = import_module(f"tunesmith.{self.room}.{name}")
            (found,) = [c for c in vars(module).values() if self._is_component(c, module.__name__)]
            return found
        if name in (plugins := self._plugins()):
            return plugins[name].load()
        room = self.room.rsplit(".", 1)[-1]
        raise UnknownName(f"No {room} is called {name!r}.{did_you_mean(name, self.names())}")

    def build(self, name: str, options: Mapping[str, Any]) -> T:
        """Make a component, checking every option against the class's own fields."""
        kind = self.load(name)
        where, known = f"{self.room.rsplit('.', 1)[-1]}.{name}", self.options(name)
        for option in options:  # pydantic passes over what a dataclass does not know
            if option not in known:
                raise BadOption(f"{where}.{option}: there is no such option.{did_you_mean(option, known)}")
        try:
            return TypeAdapter(kind).validate_json(json.dumps(options), strict=True)
        except ValidationError as error:
            raise BadOption(explain(error, where, known)) from None

    def name_of(self, component: T) -> str:
        """Give the name by which a component is known."""
        return next(name for name in self.names() if self.load(name) is type(component))

    def options(self, name: str) -> list[str]:
        """List the options of one component."""
        return [field.name for field in fields(self.load(name))]  # type: ignore[arg-type]  # all are dataclasses

    def _own(self) -> set[str]:
        room = import_module(f"tunesmith.{self.room}")
        return {found.name for found in iter_modules(room.__path__) if _is_entry(found.name, found.ispkg)}

    def _plugins(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=f"tunesmith.{self.room}")}

    def _is_component(self, value: object, module: str) -> bool:
        return isinstance(value, type) and issubclass(value, self.kind) and value.__module__ == module


def did_you_mean(name: str, known: list[str]) -> str:
    """Say the closest known name, if one is close, and list them all."""
    if not known:
        return " There are none."
    close = get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{hint} Known: {', '.join(known)}."


def explain(error: ValidationError, where: str, known: list[str]) -> str:
    """Put the first thing pydantic found wrong into one line: place, reason, and the closest right name."""
    first = error.errors()[0]
    place = ".".join([where, *(str(part) for part in first["loc"])]).strip(".")
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{place}: there is no such option.{did_you_mean(str(first['loc'][-1]), known)}"
    found = "" if first["type"] == "missing" else f" (found {first['input']!r})"
    return f"{place}: {first['msg']}{found}"


def _is_entry(name: str, is_package: bool) -> bool:
    return not name.startswith("_") and not is_package
