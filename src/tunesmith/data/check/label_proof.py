"""Label proof: what is learned of each row is exactly its answers, up to the tokens that end them."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated
from zlib import crc32

from pydantic import Field

from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material, Severity
from tunesmith.core.cards import Chat, Encoded
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example
from tunesmith.data.source._refused import excerpt

if TYPE_CHECKING:
    from tunesmith.data.check._proof import Remark

_PROVED = ("conversations", "labels", "pairs", "text")
"""Kinds of which answers, or whole texts, are learned."""

SHOWN_ROWS = 3
SHOWN_CHARACTERS = 500
"""How much is shown of what is read or learned in one piece."""

_REMARKS: dict[Remark, tuple[Severity, str, str]] = {
    "marked": (
        "warning",
        "the text of an answer holds a token that ends or pads answers: the model learns to say it there",
        "Take these tokens out of the answers.",
    ),
    "cut": (
        "note",
        "the end of the last answer was cut off, and is not learned",
        "Raise data.max_tokens, or leave such rows out with data.too_long=drop.",
    ),
    "trimmed": ("note", "white space at the edges of an answer is not learned as it is written", ""),
    "changed": ("note", "an answer has letters that the tokenizer does not know as they are written", ""),
}
"""How bad it is, what is true in such rows, and what to do."""


@dataclass(frozen=True, kw_only=True)
class LabelProof(Check):
    """Prove that exactly the answers are learned, each with its end, and show three rows."""

    most_rows: Annotated[
        int, Field(ge=1, description="With more rows, a sample of about so many is proved.")
    ] = 20_000
    rendered_again: Annotated[
        int, Field(ge=1, description="Of how many rows, at least, prompts are held against the server's.")
    ] = 200

    def look(self, material: Material) -> list[Finding]:
        """Stop for rows of which something else is learned; show three rows, what is learned in [[ ]].

        What the template trims, what was cut off and what the tokenizer writes otherwise are notes.
        """
        total = sum(len(rows) for rows in material.rows.values())
        if material.kind not in _PROVED or not total or not _are_answers(material):
            return []
        found = self._proved(material, total)
        shown = Finding(
            "label_proof",
            "note",
            f"{_extent(found.looked_at, total)}. What is learned of the first rows stands in [[ ]].",
            examples=tuple(_shown(material)),
        )
        return [*found.findings(), shown]

    def _proved(self, material: Material, total: int) -> _Proved:
        from tunesmith.data.check._proof import Prover, Unproven

        prover, found = Prover(material.chat), _Proved()
        step, often = -(-total // self.most_rows), max(1, min(total, self.most_rows) // self.rendered_again)
        for name, rows in material.rows.items():
            tokens = material.tokens[name]
            for place in range(len(rows)):
                if step > 1 and crc32(f"{name} {place}".encode()) % step:
                    continue
                row, is_thorough = rows[place], found.looked_at % often == 0
                found.looked_at += 1
                try:
                    found.note(row, prover.prove(row, list(map(_joined, tokens[place])), is_thorough))
                except Unproven as error:
                    found.fail(row, error.wrong, error.expected, error.found)
        return found


@dataclass
class _Proved:
    """How many rows were looked at, which of them failed and why, and what else is true of them."""

    looked_at: int = 0
    wrong: Counter[str] = field(default_factory=Counter[str])
    failed: list[str] = field(default_factory=list[str])
    remarks: Counter[Remark] = field(default_factory=Counter["Remark"])
    examples: dict[Remark, list[str]] = field(default_factory=dict["Remark", list[str]])

    def note(self, row: Example, remarks: set[Remark]) -> None:
        """Count what is true of a row that is proven."""
        for remark in remarks:
            self.remarks[remark] += 1
            names = self.examples.setdefault(remark, [])
            if len(names) < MOST_EXAMPLES:
                names.append(f"{row.name}: {excerpt(row.reference)}")

    def fail(self, row: Example, wrong: str, expected: str, found: str) -> None:
        """Count a row that is not."""
        self.wrong[wrong] += 1
        if len(self.failed) < MOST_EXAMPLES:
            self.failed.append(
                f"{row.name}: {wrong}: expected {excerpt(expected)!r}, found {excerpt(found)!r}"
            )

    def findings(self) -> Iterator[Finding]:
        """Give what stops first."""
        if number := self.wrong.total():
            reasons = ", ".join(f"{wrong} {count:,}" for wrong, count in self.wrong.most_common())
            yield Finding(
                "label_proof",
                "stop",
                f"In {number:,} of {self.looked_at:,} rows not exactly the answers are learned: {reasons}.",
                number,
                tuple(self.failed),
                "Use another chat template, or leave these rows out.",
                dict(self.wrong),
            )
        for remark, (severity, sentence, remedy) in _REMARKS.items():
            if number := self.remarks[remark]:
                said = f"In {number:,} of {self.looked_at:,} rows {sentence}."
                yield Finding("label_proof", severity, said, number, tuple(self.examples[remark]), remedy)


def _are_answers(material: Material) -> bool:
    """Are answers learned that are written out, rather than what a head says of a row?"""
    first = next(tokens[0] for tokens in material.tokens.values() if len(tokens))
    return not any(sequence.targets for sequence in first)


def _joined(sequence: Encoded) -> Encoded:
    """Put what is read before in front of what is written, in the place of the token that begins it."""
    if not sequence.source:
        return sequence
    weights = array("f", [0.0]) * len(sequence.source)
    return Encoded(sequence.source + sequence.ids[1:], weights + sequence.weights[1:], sequence.key)


def _extent(looked_at: int, total: int) -> str:
    if looked_at == total:
        return f"All {total:,} rows were looked at token by token"
    return f"{looked_at:,} of {total:,} rows, chosen by hash, were looked at token by token"


def _shown(material: Material) -> Iterator[str]:
    name = next(name for name, rows in material.rows.items() if len(rows))
    rows, tokens = material.rows[name], material.tokens[name]
    for place in range(min(SHOWN_ROWS, len(rows))):
        parts = [marked(_joined(sequence), material.chat) for sequence in tokens[place]]
        more = f" and {len(parts) - SHOWN_ROWS:,} more sequences" if len(parts) > SHOWN_ROWS else ""
        yield f"{rows[place].name}: {' // '.join(parts[:SHOWN_ROWS])}{more}"


def marked(sequence: Encoded, chat: Chat) -> str:
    """Spell a sequence with what is learned in double brackets; long pieces are shortened in their middle."""
    from tunesmith.data.check._spans import spans_of

    said, before = "", 0
    for span in spans_of(sequence):
        said += _short(chat.spell(sequence.ids[before : span.start])) + f"[[{_short(chat.spell(span.ids))}]]"
        before = span.end
    return said + _short(chat.spell(sequence.ids[before:]))


def _short(text: str) -> str:
    half = SHOWN_CHARACTERS // 2
    kept = text if len(text) <= SHOWN_CHARACTERS else f"{text[:half]} … {text[-half:]}"
    plain = "".join(
        letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1] for letter in kept
    )
    return plain.replace("[[", "[\u2060[").replace("]]", "]\u2060]")  # a text's own brackets mark nothing
