"""Rewrite a text that is nearly JSON as JSON, where there is no doubt what was meant; all else is left alone.

What has one meaning only: Python's literals and quotes, comments, commas too many, a comma that is missing
between objects or before a key, keys without quotes, raw control characters, numbers such as .5 and +1. What
has two is not touched: a quote inside a text, a missing bracket, texts side by side, an unknown escape.
"""

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]++)
    |(?P<odd_space>[\u0085\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff\x0b\x0c]++)
    |(?P<comment>//[^\n]*+|\#[^\n]*+|/\*.*?\*/)
    |(?P<text>"(?:[^"\\]|\\.)*+"|u?'(?:[^'\\]|\\.)*+')
    |(?P<curly>[\u201c\u201e][^\u201c-\u201f"\\]*+[\u201c\u201d]|\u2018[^\u2018-\u201b"\\]*+\u2019)
    |(?P<number>[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?+(?![\w.]))
    |(?P<word>-?[A-Za-z_$][\w$]*+)
    |(?P<mark>[{}\[\]:,])
    """,
    re.DOTALL | re.VERBOSE,
)
_KEY_FOLLOWS = re.compile(r"\s*+:")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_SPECIAL = re.compile(
    r"""(?P<pair>\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2})
    |\\(?P<code>u[\da-fA-F]{4}|x[\da-fA-F]{2})|(?P<escape>\\.)|(?P<raw>[\0-\x1f"])""",
    re.DOTALL | re.VERBOSE,
)
_WORDS = {"null": "null", "true": "true", "false": "false", "None": "null", "True": "true", "False": "false"}
_NO_VALUES = ("undefined", "NaN", "nan", "Infinity", "-Infinity", "inf", "-inf")
_WRITTEN = {"\n": r"\n", "\r": r"\r", "\t": r"\t", r"\'": "'"}
_CLOSES = {"}": "{", "]": "["}


class Doubt(Exception):
    """It is not clear what was meant; the message says where."""


class Rewritten(NamedTuple):
    """The objects of a text, each as JSON without line breaks, and what had to be done to the text."""

    rows: list[str]
    mended: tuple[str, ...]


def rewrite(text: str) -> Rewritten:
    """Rewrite the objects in a text, side by side or in an array; raises Doubt where it is not clear how.

    Brackets and commas around objects are left out, closed or not: an array may begin on another line. What
    is given is JSON as far as its tokens go; whether a key stands there twice is for a parser to say.
    """
    writer, position = _Writer(), 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise Doubt(f"column {position + 1}: {text[position : position + 20]}")
        position = token.end()
        writer.take(token.lastgroup or "", token[0], is_key=_KEY_FOLLOWS.match(text, position) is not None)
    if writer.brackets:
        raise Doubt("a bracket is not closed")
    return Rewritten(writer.rows, tuple(writer.mended))


class _Writer:
    """Takes tokens one by one; `last` is what came before: a mark, a value, or nothing of a row yet."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.parts: list[str] = []
        self.brackets: list[str] = []
        self.last = ""
        self.mended: dict[str, None] = {}

    def take(self, kind: str, token: str, *, is_key: bool) -> None:
        """Take a token; `is_key` says that a colon follows."""
        if kind == "space":
            self._space(token)
        elif kind == "odd_space":
            self._note("a space that JSON does not know left out")
        elif kind == "comment":
            self._note("a comment left out")
        elif kind == "mark":
            self._mark(token)
        else:
            self._value(self._scalar(kind, token, is_key=is_key), is_key=is_key)

    def _note(self, what: str) -> None:
        self.mended[what] = None

    def _space(self, token: str) -> None:
        if not {"\n", "\r"}.intersection(token):
            self.parts.append(token)
        elif self.last in (",", ":"):
            self.parts.append(" ")

    def _mark(self, token: str) -> None:
        if not self.brackets and token in "[],":
            self._note("a row taken out of an array")
        elif not self.brackets and token == "}" and self.rows:
            self._note("a bracket that nothing opens left out")
        elif token in "{[":
            self._open(token)
        elif token in "}]":
            self._close(token)
        elif token == ",":
            self._comma()
        elif self.last != "value" or self.brackets[-1:] != ["{"]:
            raise Doubt("a colon where none can be")
        else:
            self.parts.append(token)
            self.last = token

    def _open(self, token: str) -> None:
        if not self.brackets:
            self.parts = []
            if self.rows:
                self._note("rows put on lines of their own")
        elif self.last == "value":
            last = next(part for part in reversed(self.parts) if not part.isspace())
            self._put_comma(allowed=token == "{" and self.brackets[-1] == "[" and last == "}")
        elif self.brackets[-1] == "{" and self.last != ":":
            raise Doubt("an object or a list where a key must be")
        self.parts.append(token)
        self.brackets.append(token)
        self.last = token

    def _close(self, token: str) -> None:
        if not self.brackets or self.brackets.pop() != _CLOSES[token] or self.last == ":":
            raise Doubt(f"a bracket where none can be: {token}")
        if self.last == ",":
            while self.parts.pop() != ",":
                pass
            self._note("a comma behind the last item left out")
        self.parts.append(token)
        self.last = "value"
        if not self.brackets:
            self.rows.append("".join(self.parts))
            self.parts, self.last = [], ""

    def _comma(self) -> None:
        if self.last == "value":
            self.parts.append(",")
            self.last = ","
        elif self.brackets[-1] == "{" and self.last in (",", "{"):
            self._note("a comma too many left out")
        else:
            raise Doubt("a comma where a value must be")

    def _value(self, value: str, *, is_key: bool) -> None:
        if not self.brackets:
            raise Doubt(f"no object: {value}")
        if self.last == "value":
            self._put_comma(allowed=is_key and self.brackets[-1] == "{")
        elif self.brackets[-1] == "{" and self.last != ":" and not is_key:
            raise Doubt(f"a key without a value: {value}")
        self.parts.append(value)
        self.last = "value"

    def _put_comma(self, *, allowed: bool) -> None:
        if not allowed:
            raise Doubt("a comma, or a quote inside a text, is missing")
        if self.parts[-1].isspace():
            self.parts.pop()
        self.parts.append(", ")
        self._note("a missing comma written")

    def _scalar(self, kind: str, token: str, *, is_key: bool) -> str:
        if kind == "word":
            return self._word(token, is_key=is_key)
        if kind == "number":
            number = self._number(token)
            return self._word(number, is_key=True) if is_key else number
        if not token.startswith('"'):
            self._note("other quotes made double quotes")
        return '"{}"'.format(_SPECIAL.sub(self._character, token.removeprefix("u")[1:-1]))

    def _character(self, found: re.Match[str]) -> str:
        written = found[0]
        if found["pair"] or (found["escape"] and written[1] in r'"\/bfnrt'):
            return written
        if found["escape"] and written != r"\'":
            raise Doubt(f"an escape that JSON does not know: {written}")
        if found["code"]:
            return self._coded(int(found["code"][1:], 16), written)
        if written == '"':  # it stood in other quotes
            return r"\""
        self._note("a character written as JSON writes it")
        return _WRITTEN.get(written) or self._coded(ord(written), "")

    def _coded(self, code: int, written: str) -> str:
        """Write a character as an escape: a NUL is left out, and half of a pair is marked as lost."""
        if code == 0:
            self._note("NUL characters left out")
            return ""
        if 0xD800 <= code <= 0xDFFF:
            self._note("half of a surrogate pair made U+FFFD")
            return r"\ufffd"
        if written.startswith(r"\u"):
            return written
        self._note("a character written as JSON writes it")
        return rf"\u{code:04x}"

    def _word(self, word: str, *, is_key: bool) -> str:
        if is_key:
            self._note("a key put in quotes")
            return f'"{word}"'
        if word in _NO_VALUES:
            self._note(f"{word} made null")
            return "null"
        if word not in _WORDS:
            raise Doubt(f"a text without quotes: {word}")
        if word != _WORDS[word]:
            self._note(f"{word} made {_WORDS[word]}")
        return _WORDS[word]

    def _number(self, digits: str) -> str:
        number = re.sub(r"^(-?)\+?\.", r"\g<1>0.", digits).removeprefix("+")
        number = re.sub(r"\.(?!\d)", ".0", number)
        if not _JSON_NUMBER.fullmatch(number):
            raise Doubt(f"a number that can be read in two ways: {digits}")
        if number != digits:
            self._note("a number written as JSON writes it")
        if re.search("[.eE]", number) and float(number) in (float("inf"), float("-inf")):
            self._note("a number beyond all bounds made null")
            return "null"
        return number
