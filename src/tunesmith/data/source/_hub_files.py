"""Choose the files of a data set on the hub that hold one subset and split of it.

A data set's page may say which they are (https://huggingface.co/docs/hub/datasets-manual-configuration);
otherwise their names do (https://huggingface.co/docs/hub/datasets-file-names-and-splits).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import yaml

from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.registry import did_you_mean

ALL = "all"
"""All splits together."""

DEFAULT = "default"
PAGE_CHARACTERS = 256 * 1024
"""The name of a subset where there is but one, and how much of a page is looked at."""

_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
"""The splits by the words that files are called by."""

_SHARD = re.compile(r"^(.*)-(\d{5})-of-(\d{5})(\.[^/]+)$")


class Part(NamedTuple):
    """One file of a data set, and the split that it belongs to."""

    file: str
    split: str


def choose(page: str, files: Sequence[str], subset: str | None, split: str) -> list[Part]:
    """Choose from files that can be read; `page` is the text of the data set's README.

    Raises BadOption for a subset or split that there is not, with those there are, and BadData where a file
    is missing that others number.
    """
    parts = _by_page(page, files, subset) or _by_names(files, subset)
    splits = list(dict.fromkeys(part.split for part in parts))
    if split != ALL and split not in splits:
        remedy = f"{did_you_mean(split, splits)} Or take all: data.source.split={ALL}."
        raise BadOption(f"data.source.split: there is no split {split!r}.{remedy}")
    chosen = [part for part in parts if split in (ALL, part.split)]
    _check_shards([part.file for part in chosen])
    return chosen


def _subset(subsets: Mapping[str, object], wanted: str | None) -> str:
    if wanted is None and len(subsets) == 1:
        return next(iter(subsets))
    if wanted is None:
        known = ", ".join(subsets)
        raise BadOption(f"data.source.subset: the data set has several. Choose one of: {known}.")
    if wanted not in subsets:
        hint = did_you_mean(wanted, list(subsets))
        raise BadOption(f"data.source.subset: there is no subset {wanted!r}.{hint}")
    return wanted


def _by_page(page: str, files: Sequence[str], subset: str | None) -> list[Part]:
    """Find the files of a subset as the page describes it; none where it says nothing usable."""
    subsets = {_text(entry.get("config_name")) or DEFAULT: entry for entry in _configurations(page)}
    if not subsets:
        return []
    default = DEFAULT if DEFAULT in subsets else None
    default = next((name for name, entry in subsets.items() if entry.get("default") is True), default)
    patterns = _patterns(subsets[_subset(subsets, subset or default)])
    parts = [
        Part(file, split or _split_of(file))
        for split, pattern in patterns
        for file in files
        if _fits(file, pattern)
    ]
    return list(dict.fromkeys(parts))


def _configurations(page: str) -> list[dict[str, Any]]:
    header = re.match(r"---\r?\n(.*?)\r?\n---", page[:PAGE_CHARACTERS], re.DOTALL)
    try:
        content = yaml.safe_load(header[1]) if header else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    entries = content.get("configs") if isinstance(content, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _patterns(entry: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    """Give split and pattern of a subset's files: patterns, entries with split and path, or a folder."""
    folder = _text(entry.get("data_dir")).removeprefix("./").rstrip("/")
    for part in _listed(entry.get("data_files", "**")):
        split = (_text(part.get("split")) or "train") if isinstance(part, dict) else None
        for path in _listed(part.get("path") if isinstance(part, dict) else part):
            yield split, f"{folder}/{_text(path)}" if folder else _text(path)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    """Give a text or a number as text, and nothing else: in YAML, a short page can hold an endless list."""
    return str(value) if isinstance(value, str | int) else ""


def _fits(file: str, pattern: str) -> bool:
    """Does a file's path fit? One star stands within a folder, two for folders, too."""
    return fnmatchcase(file, pattern) and ("**" in pattern or file.count("/") == pattern.count("/"))


def _by_names(files: Sequence[str], subset: str | None) -> list[Part]:
    """Tell subsets by folders that hold the same splits, and splits by the words in names.

    Only files of the kind that there are most of count: beside them may stand a README.txt or notes in JSON.
    """
    kinds = Counter(PurePosixPath(file).suffix.lower() for file in files)
    files = [file for file in files if PurePosixPath(file).suffix.lower() == kinds.most_common(1)[0][0]]
    folders = {file.split("/")[0] for file in files if "/" in file}
    is_flat = len(folders) <= 1 or any("/" not in file or _word_split(file.split("/")[0]) for file in files)
    found: dict[str, list[Part]] = {}
    for file in files:
        name = DEFAULT if is_flat else file.split("/")[0]
        found.setdefault(name, []).append(Part(file, _split_of(file)))
    return found[_subset(found, subset)]


def _split_of(name: str) -> str:
    return _word_split(name) or "train"


def _word_split(name: str) -> str | None:
    """Find the split that a path speaks of; its last parts count most."""
    for piece in reversed(name.split("/")):
        words = re.split(r"[^a-z0-9]+|(?<=[a-z])(?=[0-9])", piece.lower())
        for split, known in _SPLITS.items():
            if any(word in known for word in words):
                return split
    return None


def _check_shards(files: Sequence[str]) -> None:
    """Raise BadData where of files that are numbered `-00000-of-00003` one is not there."""
    there = set(files)
    for before, count, suffix in {(m[1], m[3], m[4]) for file in files if (m := _SHARD.match(file))}:
        for number in range(int(count)):
            wanted = f"{before}-{number:05}-of-{count}{suffix}"
            if wanted not in there:
                raise BadData(
                    f"{wanted} is missing beside the others. Fetch the data set anew, with a network."
                )
