"""How pages are made: templates in which every text is escaped and visible, and the one style sheet."""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment, Template

# Control characters apart from tab and line breaks, lone surrogates, and code points that are no characters.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MARKED = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
"""How a check marks learned text in an example."""


def template(name: str) -> "Template":
    """Give a template of this room; a value that it does not get is an error, never an empty place."""
    return _environment().get_template(name)


def style() -> str:
    """Give the style sheet of all pages."""
    return files("tunesmith.pages").joinpath("template/report.css").read_text("utf-8")


def digest(sheet: str) -> str:
    """Name the one style sheet that a page's content security policy lets through."""
    return "sha256-" + base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()


@dataclass(frozen=True)
class Part:
    """A piece of a shown row, and whether it is learned."""

    text: str
    learned: bool


def learned_parts(example: str) -> list[Part]:
    """Cut a shown row at the marks that stand around what is learned of it."""
    pieces = _MARKED.split(example)
    return [Part(piece, position % 2 == 1) for position, piece in enumerate(pieces) if piece]


@lru_cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # comes with torch

    environment = Environment(
        loader=PackageLoader("tunesmith.pages", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    environment.filters["learned"] = learned_parts
    return environment


def _visible(value: Any) -> Any:
    """Show control characters as pictures, and what no file can hold as a replacement character."""
    from markupsafe import Markup  # comes with jinja2

    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _UNSEEN.sub(lambda found: _picture(ord(found.group())), value)


def _picture(code: int) -> str:
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"
