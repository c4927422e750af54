"""Read WordNet's database files: which words mean the same (wndb(5WN), https://wordnet.princeton.edu/).

The files are sorted and are searched where they lie; nothing is loaded. Debian has them in `wordnet-base`.
"""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.core.errors import BadRecipe

PARTS = {"noun": "1", "verb": "2", "adj": "3", "adv": "4"}
"""The parts of speech by the names of their files, and what they are called in sense keys."""

SATELLITE = "5"
"""What adjectives that hang on another one are called in sense keys."""

FEWEST_USES = 4
"""Below this number of counted uses nobody knows what a word with several senses usually means."""

USUAL = (Path("/usr/share/wordnet"), Path("/usr/share/wordnet/dict"), Path("/usr/local/WordNet-3.0/dict"))


@dataclass
class WordNet:
    """The database in a folder; `dominance` is the share of its uses that a word's sense must have."""

    folder: Path
    dominance: float = 0.75
    known: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [f"{kind}.{part}" for kind in ("index", "data") for part in PARTS]
        self._files = {name: _mapped(self.folder / name) for name in (*names, "cntlist.rev")}
        self._exceptions = {part: _exceptions(self.folder / f"{part}.exc") for part in PARTS}

    def synonyms(self, lemma: str) -> tuple[str, tuple[str, ...]]:
        """Give the part of speech of a word's main sense, and the other single words for that sense.

        Both are empty for a word that is not there, or has no sense that is meant most of the time.
        """
        if lemma not in self.known:
            self.known[lemma] = self._look_up(lemma)
        return self.known[lemma]

    def lemmas(self, form: str, part: str) -> list[str]:
        """Give what a form may be a form of, itself among them, best first: `geese` is `goose`."""
        found = [*self._exceptions[part].get(form, ()), form]
        for ending, replacement in _DETACHMENTS[part]:
            if form.endswith(ending) and len(form) - len(ending) >= 2:
                found.append(form[: -len(ending)] + replacement)
        return [lemma for lemma in dict.fromkeys(found) if self._senses(lemma, part)]

    def _look_up(self, lemma: str) -> tuple[str, tuple[str, ...]]:
        senses = {part: self._senses(lemma, part) for part in PARTS}
        every = [(part, offset) for part, offsets in senses.items() for offset in offsets]
        if not every:
            return "", ()
        main = every[0] if len(every) == 1 else self._main(lemma, senses)
        if main is None:
            return "", ()
        part, offset = main
        words = [word for word in self._words(part, offset) if word.casefold() != lemma and "_" not in word]
        return part, tuple(words)

    def _main(self, lemma: str, senses: dict[str, list[int]]) -> tuple[str, int] | None:
        """Give the sense that has nearly all of the uses that were counted."""
        uses: dict[tuple[str, int], int] = {}
        names = {number: part for part, number in PARTS.items()} | {SATELLITE: "adj"}
        for line in _lines_from(self._files["cntlist.rev"], f"{lemma}%"):
            key, number, count = line.split()
            part = names[key.partition("%")[2][0]]
            uses[part, int(number)] = int(count)
        total = sum(uses.values())
        (part, number), most = max(uses.items(), key=lambda one: one[1], default=(("", 0), 0))
        if total < FEWEST_USES or most / total < self.dominance or number > len(senses[part]):
            return None
        return part, senses[part][number - 1]

    def _senses(self, lemma: str, part: str) -> list[int]:
        """Give where in the data file a word's senses stand, in the order of their numbers."""
        for line in _lines_from(self._files[f"index.{part}"], f"{lemma} ") if lemma else ():
            values = line.split()
            pointers = int(values[3])
            return [int(offset) for offset in values[6 + pointers :]]
        return []

    def _words(self, part: str, offset: int) -> list[str]:
        file = self._files[f"data.{part}"]
        values = file[offset : file.find(b"\n", offset)].decode().split()
        words = values[4 : 4 + 2 * int(values[3], 16) : 2]
        return [word.partition("(")[0] for word in words]  # an adjective may say where it stands: `(p)`


def find_wordnet(path: Path | None) -> WordNet:
    """Open the database in a folder, or where it usually is; raises BadRecipe where it is not."""
    named = [Path(os.environ[name]) for name in ("WNSEARCHDIR", "WNHOME") if name in os.environ]
    folders = [path] if path is not None else [*named, *(folder / "dict" for folder in named), *USUAL]
    for folder in folders:
        if (folder / "index.noun").is_file():
            return WordNet(folder)
    looked = ", ".join(str(folder) for folder in folders)
    raise BadRecipe(
        f"WordNet's database is not in {looked}. Install it (Debian: apt-get install wordnet-base), or name "
        "its folder with the option path."
    )


def _mapped(path: Path) -> mmap.mmap | bytes:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
    except FileNotFoundError:
        if path.name == "cntlist.rev":
            return b""  # without counts only words with a single sense have synonyms
        raise BadRecipe(f"{path} is missing: this WordNet is not whole. Install it again.") from None


def _exceptions(path: Path) -> dict[str, list[str]]:
    if not path.is_file():
        return {}
    lines = (line.split() for line in path.read_text("utf-8").splitlines())
    return {form: lemmas for form, *lemmas in lines}


def _lines_from(file: mmap.mmap | bytes, prefix: str) -> list[str]:
    """Give all lines that begin so, found by halving: the files are sorted by their bytes."""
    wanted = prefix.encode()
    low, high = 0, len(file)
    while low < high:
        middle = (low + high) // 2
        start = file.rfind(b"\n", 0, middle) + 1
        end = file.find(b"\n", start)
        end = len(file) if end < 0 else end
        if file[start:end][: len(wanted)] < wanted:
            low = end + 1
        else:
            high = start
    found: list[str] = []
    while low < len(file) and file[low : low + len(wanted)] == wanted:
        end = file.find(b"\n", low)
        end = len(file) if end < 0 else end
        found.append(file[low:end].decode())
        low = end + 1
    return found


_DETACHMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "noun": (
        *(("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man")),
        *(("ies", "y"), ("s", "")),
    ),
    "verb": (
        ("ies", "y"),
        ("es", "e"),
        ("es", ""),
        ("ed", "e"),
        ("ed", ""),
        ("ing", "e"),
        ("ing", ""),
        ("s", ""),
    ),
    "adj": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "adv": (),
}
"""Endings that are taken off, and what takes their place (morphy(7WN))."""
