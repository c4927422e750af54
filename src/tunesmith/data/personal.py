"""Find personal data and secrets in text: by their form, their check digits, and the words beside them.

A hit is certain in form, not in meaning: a valid card number may be made up. What has no form of its own,
such as the name of a person, is not found.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pydantic_core import PydanticCustomError

from tunesmith.core.errors import MissingExtra
from tunesmith.core.registry import did_you_mean
from tunesmith.data._contacts import CONTACTS
from tunesmith.data._credentials import CREDENTIALS
from tunesmith.data._form import Form
from tunesmith.data._identity_numbers import IDENTITY_NUMBERS

TABLE: tuple[Form, ...] = (*CREDENTIALS, *IDENTITY_NUMBERS, *CONTACTS)
"""All that is looked for. Where two rows claim the same characters, the earlier row has them."""

TITLES = {form.kind: form.title for form in TABLE}
"""What each kind is called, in words."""

SECRETS = tuple(dict.fromkeys(form.kind for form in TABLE if form.secret))
PERSONAL = tuple(dict.fromkeys(form.kind for form in TABLE if not form.secret))

NEAR, AFTER, UNLIKE = 48, 32, 24
"""How many characters away a value's words may stand: before it, after it, directly before it."""

MASK = 12
"""How many characters stand for what is hidden, at most."""


@dataclass(frozen=True, slots=True)
class Match:
    """One value that was found: `text` is what stands from `start` to `end`."""

    kind: str
    start: int
    end: int
    text: str

    def __str__(self) -> str:
        """Name the kind and show the value as `mask` leaves it."""
        return f"{TITLES[self.kind]} {mask(self.text)}"


def find(text: str, kinds: Collection[str] | None = None) -> list[Match]:
    """Give what is found, from left to right, never overlapping; `kinds` unset means all.

    Raises MissingExtra where personal data is looked for without the libraries that check it.
    """
    ready = _ready(frozenset(TITLES if kinds is None else kinds))
    lowered = text.lower()
    hints = ready.all if _SIX_DIGITS.search(text) else ready.without_digits
    found: list[Match] = []
    claimed = bytearray(len(text))
    for rank in sorted({rank for hint, ranks in hints if hint in lowered for rank in ranks}):
        for match in _search(ready.forms[rank], text):
            if claimed.find(1, match.start, match.end) < 0:
                claimed[match.start : match.end] = b"\1" * (match.end - match.start)
                found.append(match)
    return sorted(found, key=lambda match: match.start)


def checked_kinds(
    kinds: tuple[str, ...] | None, known: Collection[str] = tuple(TITLES)
) -> tuple[str, ...] | None:
    """Refuse a kind that is not known, the way options of components are checked."""
    for kind in kinds or ():
        if kind not in known:
            said = f"there is no kind {kind!r} here.{did_you_mean(kind, list(known))}"
            raise PydanticCustomError("kind", "{said}", {"said": said})
    return kinds


def mask(value: str) -> str:
    """Hide all but the first and the last character; of fewer than four, all."""
    if len(value) < 4:
        return "*" * len(value)
    return value[0] + "*" * min(len(value) - 2, MASK) + value[-1]


_SIX_DIGITS = re.compile(r"[0-9](?:[A-Za-z ().:/-]{0,2}[0-9]){5}")
"""Numbers of persons have at least six digits; most rows have not, and are done with here."""

_CLAUSE = re.compile(r"[^.,;:\n]*")


@dataclass(frozen=True, slots=True)
class _Compiled:
    form: Form
    pattern: re.Pattern[str]
    near: re.Pattern[str] | None
    unlike: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Ready:
    """The forms that are looked for; for every hint, the numbers of those forms that it calls for."""

    forms: tuple[_Compiled, ...]
    all: tuple[tuple[str, tuple[int, ...]], ...]
    without_digits: tuple[tuple[str, tuple[int, ...]], ...]


@cache
def _ready(kinds: frozenset[str]) -> _Ready:
    forms = [form for form in TABLE if form.kind in kinds]
    if any(not form.secret for form in forms):
        _check_libraries()
    with_digits, without_digits = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for rank, form in enumerate(forms):
        for hint in form.hints or form.near or ("",):
            with_digits[hint].append(rank)
            if not form.digits:
                without_digits[hint].append(rank)
    return _Ready(tuple(map(_compiled, forms)), _frozen(with_digits), _frozen(without_digits))


def _frozen(hints: Mapping[str, Sequence[int]]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple((hint, tuple(ranks)) for hint, ranks in hints.items())


def _check_libraries() -> None:
    try:
        import phonenumbers  # noqa: F401
        import stdnum  # noqa: F401
    except ImportError:
        raise MissingExtra("Finding personal data", "data") from None


def _compiled(form: Form) -> _Compiled:
    near = "|".join(_bounded(word) for word in form.near)
    unlike = "|".join(_bounded(word) for word in form.unlike)
    return _Compiled(
        form,
        re.compile(form.pattern),
        re.compile(near) if near else None,
        re.compile(rf"(?:{unlike})(?:[ #.:=_\"'-]|n[or]\.?|is|number)*$") if unlike else None,
    )


def _bounded(word: str) -> str:
    """Keep a word from being part of another; only where it begins and ends with letters from a to z."""
    before = "(?<![a-z])" if "a" <= word[0] <= "z" else ""
    after = "(?![a-z])" if "a" <= word[-1] <= "z" else ""
    return before + re.escape(word) + after


def _search(compiled: _Compiled, text: str) -> Iterator[Match]:
    form = compiled.form
    for match in compiled.pattern.finditer(text):
        start, end = match.span("value" if "value" in compiled.pattern.groupindex else 0)
        if compiled.near and not compiled.near.search(_beside(text, start, end)):
            continue
        if compiled.unlike and compiled.unlike.search(text[max(0, start - UNLIKE) : start].lower()):
            continue
        if value := _valid_part(form, text[start:end]):
            yield Match(form.kind, start, start + len(value), value)


def _beside(text: str, start: int, end: int) -> str:
    """Give what stands before a value, and what follows it in the same clause: not the name of the next."""
    clause = _CLAUSE.match(text, end, end + AFTER)
    after = clause.group() if clause and not text.startswith(":", clause.end()) else ""
    return f"{text[max(0, start - NEAR) : start]} {after}".lower()


def _valid_part(form: Form, value: str) -> str:
    while value and not form.valid(value):
        value = value.rpartition(" ")[0].rstrip(" -.,/(") if form.shrinks else ""
    return value
