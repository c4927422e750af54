"""Redact: personal data and secrets give way to pseudonyms, the same one for the same value.

Without a key, values are numbered as they appear: `[EMAIL_1]`. With one, the pseudonym is made from a keyed
hash of the value (HMAC, RFC 2104, https://www.rfc-editor.org/rfc/rfc2104): it is the same in every run and
every data set, and nobody without the key can test a guess. No table of values is kept: hashes of what was
numbered are in memory while rows are read, and nothing of them is written.
"""

import hmac
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.errors import BadOption
from tunesmith.core.example import Cleaned, Example
from tunesmith.data.cleaner._fakes import fake
from tunesmith.data.parts import rewrite, rewrite_json, rewrite_value
from tunesmith.data.personal import SECRETS, TITLES, Match, checked_kinds, find

KEY_BYTES = 16
"""The shortest key that cannot be guessed."""

TOKEN = 12
"""Letters of a pseudonym made with a key: two of a million values share one with a chance of 0.002."""


@dataclass(frozen=True, kw_only=True)
class Redact(Cleaner):
    """Replace personal data and secrets by pseudonyms, everywhere in a row.

    The columns that nothing is learned from are searched, too. Numbers follow the order of the rows: where
    data will grow, use a key, or a split by content may move rows to another side.
    """

    kinds: Annotated[
        tuple[str, ...] | None,
        AfterValidator(checked_kinds),
        Field(description="What is replaced, such as email or card_number; unset: all that is found."),
    ] = None
    style: Annotated[
        Literal["tags", "fakes"],
        Field(description="Pseudonyms such as [EMAIL_1], or invented values that look like real ones."),
    ] = "tags"
    key: Annotated[
        Path | None,
        Field(description="A file of at least 16 secret bytes that makes pseudonyms the same in every run."),
    ] = None

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Replace what is found; rows without any stay as they are."""
        pseudonyms = _Pseudonyms(self.kinds, self.style == "fakes", _read_key(self.key))
        for row in rows:
            pseudonyms.replaced.clear()
            changed = pseudonyms.row(row)
            reason, detail = _account(pseudonyms.replaced)
            yield Cleaned(changed, reason, detail)


def _read_key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise BadOption(f"cleaner.redact.key: {path} cannot be read: {error.strerror}.") from None
    if len(key) < KEY_BYTES:
        raise BadOption(
            f"cleaner.redact.key: {path} holds {len(key)} bytes, and a key needs at least {KEY_BYTES}. "
            f"Make one with: openssl rand -hex 32 > {path}"
        )
    return key


def _account(replaced: Counter[str]) -> tuple[str, str]:
    """Name the kinds where they are one or two, so that reasons stay few; the detail counts each of them."""
    if not replaced:
        return "", ""
    names = [TITLES[kind] for kind in sorted(replaced)]
    reason = " and ".join(names) if len(names) <= 2 else "three kinds or more"
    return f"redacted: {reason}", ", ".join(f"{TITLES[kind]} {replaced[kind]}" for kind in sorted(replaced))


@dataclass
class _Pseudonyms:
    """What stands for which value; `replaced` counts by kind what was replaced since it was cleared."""

    kinds: tuple[str, ...] | None
    invents: bool
    key: bytes | None
    replaced: Counter[str] = field(default_factory=Counter[str])
    numbers: dict[bytes, int] = field(default_factory=dict[bytes, int])
    last: Counter[str] = field(default_factory=Counter[str])

    def row(self, row: Example) -> Example:
        changed = rewrite(row, partial(self.text, ""), partial(rewrite_json, change=self.text))
        fields = {name: rewrite_value(value, self.text, name) for name, value in row.fields.items()}
        return changed if fields == row.fields else replace(changed, fields=fields)

    def text(self, key: str, text: str) -> str:
        """Replace until nothing is found: what overlapped with one value may show only when that is gone."""
        before = f"{key}: " if key else ""
        made: dict[str, str] = {}
        whole = before + text
        while found := [match for match in find(whole, self.kinds) if match.start >= len(before)]:
            for match in reversed(found):
                tag, made[tag] = self.of(match)
                self.replaced[match.kind] += 1
                whole = whole[: match.start] + tag + whole[match.end :]
        whole = whole[len(before) :]
        for tag, invented in made.items() if self.invents else ():
            whole = whole.replace(tag, invented)
        return whole

    def of(self, match: Match) -> tuple[str, str]:
        """Give the tag that stands for a value, and a value invented for it."""
        value = f"{match.kind}:{_written_alike(match)}".encode("utf-8", "surrogatepass")
        if self.key is None:
            digest = blake2b(value, digest_size=16).digest()
            if digest not in self.numbers:
                self.last[match.kind] += 1
                self.numbers[digest] = self.last[match.kind]
            token = str(self.numbers[digest])
        else:
            digest = hmac.digest(self.key, value, "sha256")
            token = digest.hex()[:TOKEN].translate(_LETTERS)
        tag = f"[{match.kind.upper()}_{token}]"
        return tag, fake(match, tag) if self.invents else tag


_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
"""Letters for hexadecimal digits: long numbers would look like somebody's."""


def _written_alike(match: Match) -> str:
    """Give a value without what differs between two ways of writing it; secrets have only one."""
    if match.kind in SECRETS:
        return match.text
    if match.kind == "email":
        return match.text.casefold()
    plain = re.sub(r"[\W_]", "", match.text).casefold()
    if match.kind != "phone":
        return plain
    plain = plain.lstrip("0")
    return plain[1:] if len(plain) == 11 and plain.startswith("1") else plain
