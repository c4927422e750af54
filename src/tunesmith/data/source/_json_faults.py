"""Say in a reader's words why a text is not JSON; a parser's own words name what it missed, not the cause."""

import re
from json import JSONDecodeError
from typing import NamedTuple

from tunesmith.data.source._refused import FIX, Refused

BEFORE, AFTER = 20, 25
"""How many characters are shown before and after a fault."""

_FIX = f"{FIX} does it."
_ONE_LINE = f"Write each row on one line of its own; {_FIX}"
_ARRAY = f"Give the file the suffix .json, or write each row on a line of its own; {_FIX}"
_ONE_OBJECT = "Write one JSON object per line, and nothing else: {...}."
_NUMBERS = "Write digits without leading zeros, and with digits on both sides of a point."
_QUOTES = f"Write texts in double quotes, as json.dumps does; {_FIX}"

_CUT_TEXT = "The row was cut off, or its text holds a line break: write \\n for one."

_S = r"[ \t\r\n]*+"


class _Fault(NamedTuple):
    """A cause and its remedy, and what they show by: `behind`, a pattern of what stands at the fault.

    `last` are the characters one of which stands before it, white space left out, and `said` a pattern of
    what the parser said. `{}` in a cause is what `behind` matched.
    """

    cause: str
    remedy: str
    behind: str
    last: str = ""
    said: str = ""


_MISSED_VALUE, _MISSED_KEY, _MISSED_COMMA, _MISSED_COLON = "Expecting value", "property name", "','", "':'"
_TOO_MUCH = "Extra data"

_LINES = (
    ("an array of rows that is written over several lines", _ARRAY, r"[\[\]]"),
    ("a row that is written over several lines", _ONE_LINE, r"\{|\},?"),
    ("a piece of a row that is written over several lines", _ONE_LINE, rf'"(?:[^"\\]|\\.)*+"{_S}:.*'),
    ("an array of rows that goes on on the next line", _ARRAY, rf"\[{_S}\{{.*[}},]"),
    ("a byte order mark inside the file", f"Remove it; {_FIX}", "\ufeff.*"),
    (
        "an HTML page",
        "A failed download leaves such a page: fetch the file again.",
        r"<(?i:!doctype html|html|head)\b.*",
    ),
    ("XML", "Export the rows as JSONL.", r"<\?xml\b.*"),
    (
        "rows that end in a carriage return alone",
        f"Have line feeds in their place; {_FIX}",
        r"\{.*\}[ \t]*\r[ \t\r]*\{.*",
    ),
    ("an event of a stream", "Keep what follows 'data:' on each line.", r"(?:data|event|id): .*"),
    ("no JSON", f"{_ONE_OBJECT} A CSV or text file needs its own suffix.", r"(?:[^\W\d]|- |<).*"),
)
"""Causes that show by a whole line, without the white space around it."""

_FAULTS = (
    # What stands there is its own explanation, wherever it stands.
    _Fault("a comment", f"Remove it, JSON has none; {_FIX}", r"//|/\*|#"),
    _Fault("a typographic quote: {}", _QUOTES, "[\u2018-\u201f\u00ab\u00bb\u2039\u203a\uff02\uff07]"),
    _Fault("single quotes", _QUOTES, "'", said=f"{_MISSED_VALUE}|{_MISSED_KEY}"),
    _Fault("a Python text", _QUOTES, r"[bBrRuUfF]{1,2}['\"]", said=_MISSED_VALUE),
    _Fault("{}, as Python writes it", f"Write true, false or null; {_FIX}", r"(?:None|True|False)\b"),
    _Fault("{}, which JSON does not have", f"Write null; {_FIX}", r"(?:undefined|[nN][aA][nN])\b"),
    _Fault(
        "an invisible character: {}",
        f"Write only plain spaces outside of texts; {_FIX}",
        "[\u0085\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff\x0b\x0c]",
    ),
    # Behind the row
    _Fault("several rows on one line", _ONE_LINE, rf"(?:,{_S})?\{{", last="}", said=_TOO_MUCH),
    _Fault("a comma behind the row", f"Remove it; {_FIX}", rf",{_S}\Z", last="}", said=_TOO_MUCH),
    _Fault("a bracket that nothing opens: {}", f"Remove it; {_FIX}", r"[}\]]", said=_TOO_MUCH),
    _Fault("something behind the row", _ONE_OBJECT, r"", last="}", said=_TOO_MUCH),
    _Fault("no JSON object", _ONE_OBJECT, r"", said=_TOO_MUCH),
    # Commas and colons
    _Fault("a comma behind the last item", f"Remove it; {_FIX}", rf",{_S}[}}\]]"),
    _Fault("a comma too many", "Remove it, or write what is missing.", ",", last="{[,"),
    _Fault("an equals sign", "Write a colon between key and value.", "=", said=_MISSED_COLON),
    _Fault("a colon is missing", "Write a colon between key and value.", r"[^\s]", said=_MISSED_COLON),
    _Fault("a number that JSON does not know", _NUMBERS, r"(?<=[\d.+-])[\w.]", said=_MISSED_COMMA),
    _Fault(
        "a bracket of the wrong kind: {}", "Close every bracket by its own.", r"[}\]]", said=_MISSED_COMMA
    ),
    _Fault("a comma is missing", "Write a comma between items.", r'["{[]', last='"}]', said=_MISSED_COMMA),
    _Fault(
        "a quote inside a text, or a comma is missing",
        'Write \\" for a quote inside a text.',
        r"[^\s]",
        last='"',
        said=_MISSED_COMMA,
    ),
    _Fault("a comma is missing", "Write a comma between items.", r"[^\s]", said=_MISSED_COMMA),
    # The end of the line
    _Fault("a text that is not closed", _CUT_TEXT, "", said="Unterminated"),
    _Fault("a text that is not closed", _CUT_TEXT, r"\Z", said="control character"),
    _Fault(
        "a row that is not closed",
        "It was cut off, or goes on on the next line. Write all on one line.",
        r"\Z",
    ),
    # Keys, values, characters
    _Fault("a value is missing", 'Write it, or null, or "".', r"[,:}\]]", said=_MISSED_VALUE),
    _Fault("a key is missing", "Write a key and a value, or remove this.", r"[,:}\]]", said=_MISSED_KEY),
    _Fault("a number that JSON does not know", _NUMBERS, r"[-+.]", said=_MISSED_VALUE),
    _Fault("a key that is not a text", "Write keys in double quotes.", r"[-+.\d]", said=_MISSED_KEY),
    _Fault("a key without quotes: {}", f"Write keys in double quotes; {_FIX}", r"[\w$-]+", said=_MISSED_KEY),
    _Fault(
        "an unescaped control character: {}",
        "Write \\t for a tab, \\n for a line break, \\u and four digits for another.",
        "(?s:.)",
        said="control character",
    ),
    _Fault(
        "an escape that JSON does not know: {}", "Double the backslash.", r"\\u\w{0,4}|\\.", said="escape"
    ),
    _Fault("a value without quotes: {}", "Write texts in double quotes.", r"[\w$]+", last=":[,"),
    _Fault("no JSON", f"{_ONE_OBJECT} A CSV or text file needs its own suffix.", r""),
)
"""Causes that show by what stands at the fault; the first that fits counts."""


def fault(text: str, error: JSONDecodeError) -> Refused:
    """Say why a text is not JSON, in which column, what to do, and show the surroundings."""
    position, (cause, remedy) = _cause(text.rstrip(" \t\r\n"), error)
    line = text.count("\n", 0, position) + 1
    where = f"column {position - text.rfind(chr(10), 0, position)}"
    where = where if line == 1 else f"line {line} of the row, {where}"
    around = text[max(0, position - BEFORE) : position + AFTER].rstrip("\r\n")
    return Refused("not valid JSON", f"{cause}, {where}: {around}", remedy)


def _cause(text: str, error: JSONDecodeError) -> tuple[int, tuple[str, str]]:
    line = text.strip(" \t\r\n")
    for cause, remedy, pattern in _LINES:
        if re.fullmatch(pattern, line, re.DOTALL):
            return text.index(line), (cause, remedy)
    position = _start(text, error)
    last = text[:position].rstrip(" \t\r\n")[-1:]
    for known in _FAULTS:
        found = re.compile(known.behind).match(text, position)
        if found and (not known.last or last in known.last) and re.search(known.said, error.msg):
            return position, (known.cause.format(found[0]), known.remedy)
    raise AssertionError(error)


def _start(text: str, error: JSONDecodeError) -> int:
    """Find where a fault begins: at a comma behind the last item, and at the backslash of an escape."""
    position = min(error.pos, len(text))
    before = text[:position].rstrip(" \t\r\n")
    if before.endswith(",") and text[position : position + 1] in ("}", "]"):
        return len(before) - 1
    if "escape" in error.msg and text[position] != "\\":
        return position - 1
    return position
