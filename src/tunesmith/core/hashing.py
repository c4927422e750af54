"""Fingerprints of files, folders and values, the same on every machine."""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any


def hash_bytes(content: bytes) -> str:
    """Fingerprint bytes: SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def hash_text(text: str) -> str:
    """Fingerprint text by its UTF-8 bytes; lone surrogates keep their own encoding."""
    return hash_bytes(text.encode("utf-8", "surrogatepass"))


def hash_value(value: Any) -> str:
    """Fingerprint a value made of plain JSON types, whatever the order of its keys."""
    return hash_text(json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":")))


def hash_file(path: Path) -> str:
    """Fingerprint a file without holding it in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def hash_code() -> str:
    """Fingerprint the code that is running: all modules of Tunesmith, and the lists that they read."""
    package = Path(__file__).parents[1]
    files = [path for path in package.rglob("*") if path.suffix in (".py", ".yaml")]
    return hash_value(sorted([str(path.relative_to(package)), hash_file(path)] for path in files))


def hash_files(paths: Iterable[Path]) -> str:
    """Fingerprint a set of files by name and content, whatever the order they are given in."""
    return hash_value(sorted((path.name, hash_file(path)) for path in paths))
