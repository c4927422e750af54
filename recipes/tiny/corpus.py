"""Make the training texts of `tiny` from a folder of text collections.

    python recipes/tiny/corpus.py --texts FOLDER --out build/tiny

Writes pretrain.jsonl, instruct.jsonl, heldout.jsonl and sources.json. README.md here says what FOLDER must
hold. The same files in give the same bytes out.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks import Phrases, conversations, read_phrases
from texts import COLLECTIONS, Collection, Document

from tunesmith.core.hashing import hash_file, hash_text

HELD_OUT_PER_MILLE = 25
PIECE_TOKENS = 800
BORDERS = (r"(?=\n#{2,4} )", r"(?<=\n\n)", r"(?<=\n)", r"(?<=[.!?] )", r"(?<= )", r"(?<=.)")


@dataclass(slots=True)
class Account:
    """What became of every document of one collection; each value is [documents, bytes]."""

    came_in: list[int] = field(default_factory=lambda: [0, 0])
    pretrain: list[int] = field(default_factory=lambda: [0, 0])
    held_out: list[int] = field(default_factory=lambda: [0, 0])
    instruct_only: list[int] = field(default_factory=lambda: [0, 0])
    left_out: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def check(self) -> None:
        """Fail unless all documents and bytes are accounted for."""
        ends = (self.pretrain, self.held_out, self.instruct_only, *self.left_out.values())
        assert [sum(column) for column in zip(*ends, strict=True)] == self.came_in


@dataclass(frozen=True, slots=True)
class Parts:
    """The documents of all collections, each in one place; `usable` are all that are not held out."""

    pretrain: list[Document]
    held_out: list[Document]
    usable: list[Document]
    accounts: dict[str, Account]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the collections, write the four files, and say what they hold."""
    parser = argparse.ArgumentParser(description="Make the training texts of tiny.")
    parser.add_argument("--texts", type=Path, required=True, help="folder with one sub-folder per collection")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seed", type=int, default=7, help="choice of instructions and order of rows")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    facts = make(given.texts, given.out, given.seed, read_phrases())
    sys.stdout.write(json.dumps(facts["files"], indent=2) + "\n")


def make(folder: Path, out: Path, seed: int, phrases: Phrases) -> dict[str, Any]:
    """Write the four files and return what sources.json says."""
    parts = share_out(COLLECTIONS, folder)
    instruct = conversations(parts.usable, phrases, seed)
    files = {
        "pretrain.jsonl": [{"text": piece} for piece in _pretraining_pieces(parts.pretrain)],
        "instruct.jsonl": [{"messages": messages} for _, messages in instruct],
        "heldout.jsonl": [{"text": found.text, "source": found.source} for found in parts.held_out],
    }
    for name, rows in files.items():
        _write_rows(out / name, in_hash_order(rows))
    facts = {
        "files": {name: _describe_file(out / name, len(rows)) for name, rows in files.items()},
        "sources": {found.name: _describe(found, folder, parts.accounts) for found in COLLECTIONS},
        "instruct_rows": _count(source for source, _ in instruct),
        "held_out_per_mille": HELD_OUT_PER_MILLE,
        "seed": seed,
    }
    (out / "sources.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return facts


def share_out(collections: Iterable[Collection], folder: Path) -> Parts:
    """Decide for every document where it goes: left out, held out, pretraining, or for the instruction stage.

    The hash of its group decides whether it is held out: neither order nor growth of a collection moves it.
    """
    parts = Parts([], [], [], {})
    for collection in collections:
        account = parts.accounts[collection.name] = Account()
        room = collection.pretrain_bytes
        for document, reason in _judged(collection, folder / collection.name, account):
            if reason:
                _add(account.left_out.setdefault(reason, [0, 0]), document)
            elif collection.pretrain_bytes and is_held_out(document):
                _add(account.held_out, document)
                parts.held_out.append(document)
            elif document.size <= room:
                room -= _add(account.pretrain, document)
                parts.pretrain.append(document)
                parts.usable.append(document)
            else:
                _add(account.instruct_only, document)
                parts.usable.append(document)
        account.check()
    return parts


def is_held_out(document: Document) -> bool:
    """Say whether a document belongs to the held-out ones."""
    digest = hash_text(f"held out: {document.source}: {document.group or document.text}")
    return int(digest[:8], 16) % 1000 < HELD_OUT_PER_MILLE


def pieces(text: str, limit: int, borders: Sequence[str] = BORDERS) -> list[str]:
    """Cut a text into pieces of at most `limit` guessed tokens, at headings if it can, else at paragraphs."""
    if guess_tokens(text) <= limit:
        return [text.strip()] if text.strip() else []
    found: list[str] = []
    piece, filled = "", 0
    for part in re.split(borders[0], text):
        size = guess_tokens(part)
        if filled + size > limit:
            found += pieces(piece, limit, borders[1:])
            piece, filled = "", 0
        piece += part
        filled += size
    return found + pieces(piece, limit, borders[1:])


def guess_tokens(text: str) -> int:
    """Guess, rather too high, how many tokens a text has; the tokenizer is trained on the outcome."""
    return len(re.findall(r"[A-Za-z]{1,5}|[^A-Za-z ]", text))


def in_hash_order(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put rows in an order that has nothing to do with where they came from, and is always the same."""
    return sorted(rows, key=lambda row: hash_text(json.dumps(row, ensure_ascii=False)))


def _pretraining_pieces(documents: Iterable[Document]) -> Iterator[str]:
    """Cut documents to size; a piece that several hold counts once, and is repeated as its source says."""
    repeats = {collection.name: collection.repeats for collection in COLLECTIONS}
    found = {piece: document for document in documents for piece in pieces(document.text, PIECE_TOKENS)}
    for piece, document in found.items():
        yield from [piece] * repeats[document.source]


def _judged(collection: Collection, folder: Path, account: Account) -> Iterator[tuple[Document, str]]:
    """Give every document in hash order, each with the reason to leave it out, if there is one."""
    seen: set[str] = set()
    for document in sorted(collection.read(folder), key=lambda found: hash_text(found.text)):
        _add(account.came_in, document)
        # A long answer given twice under two questions teaches nothing new; short answers may repeat.
        key = document.answer if len(document.answer) > 80 else document.text
        reason = (
            document.flaw or ("empty" if not document.answer else "") or ("duplicate" if key in seen else "")
        )
        seen.add(key)
        yield document, reason


def _add(count: list[int], document: Document) -> int:
    count[0] += 1
    count[1] += document.size
    return document.size


def _write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def _describe_file(path: Path, rows: int) -> dict[str, Any]:
    return {"rows": rows, "bytes": path.stat().st_size, "sha256": hash_file(path)}


def _describe(collection: Collection, folder: Path, accounts: dict[str, Account]) -> dict[str, Any]:
    account = accounts[collection.name]
    paths = [folder / collection.name / name for name in collection.files]
    return {
        "licence": collection.licence,
        "link": collection.link,
        "files": {path.name: {"bytes": path.stat().st_size, "sha256": hash_file(path)} for path in paths},
        "came_in": _named(account.came_in),
        "pretrain": _named(account.pretrain),
        "repeats": collection.repeats,
        "held_out": _named(account.held_out),
        "instruct_only": _named(account.instruct_only),
        "left_out": {reason: _named(count) for reason, count in sorted(account.left_out.items())},
    }


def _named(count: list[int]) -> dict[str, int]:
    return {"documents": count[0], "bytes": count[1]}


def _count(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


if __name__ == "__main__":
    main()
