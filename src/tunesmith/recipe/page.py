"""YAML as recipes use it: plain values and the line of each; no surprises, no references, no code.

Numbers and words follow YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), narrowed to what JSON has:
`2e-4` is a number, `true` and `false` are the only truth values, `no` and `2024-05-01` are text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isinf
from typing import Any, TypeAlias

import yaml
from yaml.composer import ComposerError

from tunesmith.core.errors import BadRecipe
from tunesmith.recipe.slots import Keys, dotted

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
"""A value as JSON has it."""

MAX_CHARACTERS = 256 * 1024
MAX_DEPTH = 16

_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True)
class Page:
    """A YAML mapping as plain values, and the line each was written on, counting from 1."""

    file: str
    content: dict[str, Any]
    lines: Mapping[Keys, int]

    def place(self, keys: Keys) -> str:
        """Say where a key is written, or the nearest thing around it: `recipe.yaml:7`."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return f"{self.file}:{self.lines[keys]}" if keys else self.file


def parse(text: str, file: str) -> Page:
    """Read YAML; `file` is what messages call it.

    Raises BadRecipe for broken YAML, keys given twice, anchors, aliases, tags, and pages far too large to be
    a recipe.
    """
    lines: dict[Keys, int] = {}
    node = _compose(text, file)
    if node is None:
        raise BadRecipe(f"{file} is empty. A recipe begins with its name, its goal and its data.")
    content = _Values(file, lines).of(node, ())
    if not isinstance(node, yaml.MappingNode):
        raise BadRecipe(f"{file}:1: a recipe is made of `key: value` lines, but this is {content!r:.60}.")
    return Page(file, content, lines)


def parse_value(text: str, where: str) -> Any:
    """Read one value: `[...]`, `{...}` and quoted text as YAML, all else as one bare word or number."""
    if text.strip()[:1] not in ("[", "{", '"', "'"):
        return parse_word(text.strip(), where)
    node = _compose(text, where)
    assert node is not None  # it begins with a bracket or a quote
    return _Values(where, {}).of(node, ())


def parse_word(text: str, where: str) -> str | int | float | bool | None:
    """Read what stands without quotes: a number, true, false, nothing, or text.

    Raises BadRecipe for a number that no computer number can hold.
    """
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.fullmatch(text):
        return text
    try:
        value = int(text) if _INTEGER.fullmatch(text) else float(text)
    except ValueError:  # Python refuses to read integers of thousands of digits
        value = float("inf")
    if isinf(value):
        raise BadRecipe(f"{where}: {text:.30} is too large for a number. Put quotes around it if it is text.")
    return value


class _Loader(yaml.BaseLoader):
    """Gives the bare tree of a page: no tags, no anchors, no aliases, no deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self._next()
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _problem("anchors (&) and aliases (*) are not read; write the value out", event)
        if event.tag is not None:
            raise _problem("tags (!) are not read; write the plain value", event)
        if self.depth >= MAX_DEPTH:
            raise _problem(f"a recipe has no more than {MAX_DEPTH} levels", event)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _next(self) -> Any:
        return self.peek_event()  # type: ignore[no-any-return]  # PyYAML's stubs leave it untyped


def _compose(text: str, file: str) -> yaml.Node | None:
    if len(text) > MAX_CHARACTERS:
        raise BadRecipe(f"{file} has {len(text)} characters; a recipe has no more than {MAX_CHARACTERS}.")
    try:
        return _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise BadRecipe(f"{file}{line}: not readable as YAML: {error.problem}.") from None
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        raise BadRecipe(f"{file}: not readable as YAML: {reason}.") from None


@dataclass(frozen=True)
class _Values:
    file: str
    lines: dict[Keys, int]

    def of(self, node: yaml.Node, keys: Keys) -> Any:
        """Turn a tree into plain values, noting the line of each."""
        self.lines.setdefault(keys, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, keys)
        if isinstance(node, yaml.SequenceNode):
            return [self.of(child, (*keys, position)) for position, child in enumerate(node.value)]
        return self._scalar(node, keys)

    def _mapping(self, node: yaml.MappingNode, keys: Keys) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise BadRecipe(f"{self.file}:{line}: a key is a word, not a list or mapping.")
            place = (*keys, str(key_node.value))
            if place in self.lines:
                first = self.lines[place]
                raise BadRecipe(
                    f"{self.file}:{line}: {dotted(place)} is given twice, first on line {first}. Keep one."
                )
            self.lines[place] = line
            values[place[-1]] = self.of(value_node, place)
        return values

    def _scalar(self, node: yaml.Node, keys: Keys) -> str | int | float | bool | None:
        text, where = str(node.value), f"{self.file}:{self.lines[keys]}"
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise BadRecipe(f"{where}: {dotted(keys)} holds half a character (a lone surrogate).")
        is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
        return parse_word(text, where) if is_plain else text


def _problem(sentence: str, event: Any) -> ComposerError:
    return ComposerError(None, None, sentence, event.start_mark)
