"""Normalise: the same text is written the same way, without signs that nobody sees."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.example import Cleaned, Example
from tunesmith.data.markup import TAGS
from tunesmith.data.parts import rewrite, texts

_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\u0085]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_INVISIBLE = re.compile(
    "(\U0001f3f4[\U000e0020-\U000e007f]+)|"  # the flags of England, Scotland and Wales are spelled with tags
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\u202d\u202e\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Control signs, and signs without width or shape. Those that join letters are part of some scripts: they
stay."""

_UNUSUAL = re.compile("[^\t\n -~]")
"""All but the signs of English typewriters; most texts have none, and need few steps."""

_EVERYWHERE = ("HTML tags", "blanks", "outer white space")
"""The steps that change such texts, too; HTML entities may stand for any sign."""

_RUNS = re.compile(rf"(?<=[^\s>])(?:{TAGS.pattern})+(?=[^\s<])", re.IGNORECASE)
_BLOCKS = re.compile(
    r"</?(?:blockquote|br|center|d[dlt]|div|h[1-6r]|li|ol|p|pre|table|tr|ul)\b", re.IGNORECASE
)
_CELLS = re.compile(r"</?t[dh]\b", re.IGNORECASE)
"""Tags between which a browser begins a line, or leaves a gap."""

_QUOTES = str.maketrans("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f", "''''\"\"\"\"")
_FIRST_LINES = re.compile(r"\A(?:[^\S\n]*\n)+")
_BLANKS = re.compile(r"[ \t]{2,}")
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


@dataclass(frozen=True, kw_only=True)
class Normalise(Cleaner):
    """Write texts one way: Unicode's composed form, plain spaces and line ends, nothing invisible."""

    unicode: Annotated[
        Literal["NFC", "NFKC"] | None,
        Field(description="Form of letters; NFKC also writes wide and joined letters plainly; null: as is."),
    ] = "NFC"
    line_ends: Annotated[bool, Field(description="End every line with a line feed only.")] = True
    spaces: Annotated[bool, Field(description="Replace non-breaking and wide spaces by plain ones.")] = True
    invisible: Annotated[bool, Field(description="Remove control signs and signs without width.")] = True
    trim: Annotated[bool, Field(description="Remove white space before and after each text.")] = True
    blanks: Annotated[
        bool, Field(description="Make one of several blanks, and one empty line of several.")
    ] = False
    quotes: Annotated[bool, Field(description="Make curly quotation marks straight.")] = False
    html_entities: Annotated[bool, Field(description="Replace &amp; and the like by what they mean.")] = False
    html_tags: Annotated[bool, Field(description="Remove tags such as <br> and <p>.")] = False

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Rewrite every row; one with a text of which nothing is left is left out. JSON texts stay."""
        steps = self._steps()
        few = steps if self.html_entities else [step for step in steps if step[0] in _EVERYWHERE]
        done: dict[str, None] = {}

        def change(text: str) -> str:
            for name, step in steps if _UNUSUAL.search(text) else few:
                before, text = text, step(text)
                if text != before:
                    done[name] = None
            return text

        for row in rows:
            done.clear()
            changed = rewrite(row, change)
            if changed is row:
                yield Cleaned(row)
            elif len(list(texts(changed))) < len(list(texts(row))):
                yield Cleaned(None, "nothing left once normalised")
            else:
                yield Cleaned(changed, f"normalised: {', '.join(done)}")

    def _steps(self) -> list[tuple[str, Callable[[str], str]]]:
        """Give what is done, in order: a step may lay bare what later ones look for."""
        form = self.unicode
        steps: list[tuple[object, str, Callable[[str], str]]] = [
            (self.html_tags, "HTML tags", lambda text: _untagged(text) if "<" in text else text),
            (self.html_entities, "HTML entities", lambda text: html.unescape(text) if "&" in text else text),
            (self.line_ends, "line ends", lambda text: _LINE_ENDS.sub("\n", text)),
            (self.spaces, "non-breaking spaces", lambda text: _SPACES.sub(" ", text)),
            (self.invisible, "invisible signs", lambda text: _INVISIBLE.sub(r"\1", text)),
            (form, f"Unicode {form}", lambda text: _composed(text, form) if form else text),
            (self.quotes, "quotation marks", lambda text: text.translate(_QUOTES)),
            (self.blanks, "blanks", lambda text: _EMPTY_LINES.sub("\n\n", _BLANKS.sub(" ", text))),
            (self.trim, "outer white space", _trimmed),
        ]
        return [(name, step) for wanted, name, step in steps if wanted]


def _untagged(text: str) -> str:
    """Take tags out; words that only a tag held apart stay apart."""
    return TAGS.sub("", _RUNS.sub(_parted, text))


def _parted(run: re.Match[str]) -> str:
    return "\n" if _BLOCKS.search(run[0]) else " " if _CELLS.search(run[0]) else run[0]


def _trimmed(text: str) -> str:
    """Remove outer white space, but not the indentation of the first of several lines: it may be code."""
    text = _FIRST_LINES.sub("", text.rstrip())
    return text if text.startswith(("  ", "\t")) and "\n" in text else text.lstrip()


def _composed(text: str, form: Literal["NFC", "NFKC"]) -> str:
    return text if text.isascii() else unicodedata.normalize(form, text)
