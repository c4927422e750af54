"""Part a Markdown file at its headings (https://spec.commonmark.org), holding one section at a time."""

import re
from collections.abc import Iterator
from pathlib import Path

from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example, Place
from tunesmith.data.source._lines import Line, check_length, decode, lines, opened
from tunesmith.data.source._refused import Refused, checked_text

HEADING_LEVEL = 2
"""Headings below this level begin no section of their own: what stands below them would be too little."""

_HEADING = re.compile(rb" {0,3}#{1,%d}(?:[ \t]|\r?\n|$)" % HEADING_LEVEL)
_FENCE = re.compile(rb" {0,3}(`{3,}|~{3,})")


def sections(path: Path) -> Iterator[Example | BadRow]:
    """Give what stands between headings of level 1 and 2, each with its heading and place.

    A heading is a line that begins with # or ##, outside of fenced code. A section of nothing but white space
    is none.
    """
    found = False
    with opened(path) as file:
        for section in _parted(lines(file)):
            if row := _section(section, path):
                found = True
                yield row
    if not found:
        raise BadData(f"{path} holds nothing but white space. Put at least one document into it.")


def _parted(every: Iterator[Line]) -> Iterator[list[Line]]:
    waiting: list[Line] = []
    fence = b""
    for line in every:
        if not fence and _HEADING.match(line.content):
            yield waiting
            waiting = []
        fence = _fence_after(line.content, fence)
        waiting.append(line)
    yield waiting


def _fence_after(content: bytes, fence: bytes) -> bytes:
    """Say which fence is open after a line; one is closed by a fence of its kind, at least as long."""
    found = _FENCE.match(content)
    if not found:
        return fence
    if not fence:
        return found[1]
    closes = found[1].startswith(fence) and not content[found.end() :].strip()
    return b"" if closes else fence


def _section(section: list[Line], path: Path) -> Example | BadRow | None:
    while section and section[0].content.isspace():
        section = section[1:]
    if not section:
        return None
    place = Place(str(path), section[0].number, section[0].byte)
    try:
        for line in section:
            check_length(line.content)
        text = decode(b"".join(line.content for line in section).rstrip(b"\r\n"))
        return Example(place, text=checked_text(text, "text", "the section"))
    except Refused as refused:
        return refused.at(place)
