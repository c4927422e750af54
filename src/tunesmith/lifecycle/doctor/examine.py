"""Look at this machine: what it has, what it attains, what will run, what is missing and how to get it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tunesmith.data.wordnet import USUAL
from tunesmith.lifecycle.advise.estimate import Machine as Room
from tunesmith.lifecycle.advise.known_bases import known_bases
from tunesmith.lifecycle.cache_folder import user_cache
from tunesmith.lifecycle.doctor import ceilings, libraries, machine
from tunesmith.lifecycle.doctor.ceilings import Ceilings, Place
from tunesmith.lifecycle.doctor.libraries import Library
from tunesmith.lifecycle.doctor.machine import Machine
from tunesmith.lifecycle.doctor.sizes import ROW, Largest, largest

LITTLE_DISK = 2e9
"""Bytes: a small base and the checkpoints of a run."""
BUSY = 0.5
"""Cores at work, on average over a minute, from which on measurements are too low."""
SLOW_DISK = 20.0
"""MB/s, below which checkpoints hold up training."""


@dataclass(frozen=True)
class Problem:
    """What is missing or broken, and what mends it; `stops` says that nothing can be trained without it."""

    what: str
    remedy: str
    stops: bool = False


@dataclass(frozen=True)
class Diagnosis:
    """What was found; parts are empty where a library they need is missing or broken."""

    machine: Machine | None
    libraries: tuple[Library, ...]
    ceilings: Ceilings | None
    places: tuple[Place, ...]
    sizes: tuple[Largest, ...]
    problems: tuple[Problem, ...]

    @property
    def can_train(self) -> bool:
        """Is all there that training needs?"""
        return not any(problem.stops for problem in self.problems)

    def sections(self) -> dict[str, list[str]]:
        """Give what there is to say, a line each, under headings."""
        return {
            "machine": self.machine.describe() if self.machine else ["not looked at: a library is missing"],
            "libraries": _libraries(self.libraries),
            "ceilings, measured": self._measured(),
            "disk": [place.describe() for place in self.places],
            f"what fits into memory that is free now, with rows of {ROW} tokens": [
                size.describe() for size in self.sizes
            ],
            "to mend": [f"{problem.what}: {problem.remedy}" for problem in self.problems] or ["nothing"],
        }

    def _measured(self) -> list[str]:
        if self.ceilings is None or self.machine is None:
            return ["not measured"]
        busy = f"other programs keep {self.machine.busy:.1f} cores busy: alone, it would be more"
        return [*self.ceilings.describe(), *([busy] if self.machine.busy > BUSY else [])]

    def to_json(self) -> dict[str, Any]:
        """Give the same as plain values."""
        return {**asdict(self), "can_train": self.can_train}


def examine(folder: Path = Path(), say: Callable[[str], None] = lambda _: None) -> Diagnosis:
    """Look at machine, libraries and disks, and measure; runs are thought to be kept in `folder`."""
    say("looking at libraries")
    there = libraries.look()
    places = (
        ceilings.try_disk("cache", user_cache().folder),
        ceilings.try_disk("runs", folder.absolute()),
    )
    failure = libraries.first_failure()
    if failure:
        problems = troubles(there, places, failure)
        return Diagnosis(None, tuple(there), None, places, (), tuple(problems))
    say("measuring products and memory")
    here, measured = machine.look(), ceilings.measure()
    problems = [*troubles(there, places), *_graphics(here)]
    sizes = largest(room(measured), known_bases().bases)
    return Diagnosis(here, tuple(there), measured, places, tuple(sizes), tuple(problems))


def troubles(there: Sequence[Library], places: Sequence[Place], failure: str = "") -> list[Problem]:
    """Name what is to be mended, what stops training first; `failure` is why a library cannot be loaded."""
    missing = _missing(there)
    needed = next((problem.remedy for problem in missing if problem.stops), "pip install tunesmith")
    broken = Problem(f"a library that every run needs cannot be loaded ({failure})", needed, stops=True)
    return [*([broken] if failure else []), *missing, *_disk(places), *_programs()]


def room(measured: Ceilings) -> Room:
    """Give what training may use now: free memory, and the number type that is worth its rounding."""
    from tunesmith.engine.memory import room_for
    from tunesmith.engine.precision import decide
    from tunesmith.model.network import device

    compute = str(decide(measured.products)).removeprefix("torch.")
    return Room(room_for(device()), compute, measured)


def _libraries(there: Sequence[Library]) -> list[str]:
    lines: list[str] = []
    for extra in dict.fromkeys(one.extra for one in there):
        said = ", ".join(one.describe() for one in there if one.extra == extra)
        lines.append(f"for {extra}: {said}" if extra else said)
    return lines


def _missing(there: Sequence[Library]) -> list[Problem]:
    """Name what is missing or too old, one problem for each extra, as one command mends it."""
    bad = [one for one in there if not one.fits]
    extras = dict.fromkeys(one.extra for one in bad)
    found: list[Problem] = []
    for extra, remedy in zip(extras, libraries.remedies(there), strict=True):
        some = ", ".join(one.describe() for one in bad if one.extra == extra)
        found.append(Problem(f"{some} (for {extra})" if extra else some, remedy, stops=not extra))
    return found


def _disk(places: Sequence[Place]) -> list[Problem]:
    found: list[Problem] = []
    for place in places:
        other = "export TUNESMITH_CACHE=FOLDER" if place.purpose == "cache" else "tunesmith run --runs FOLDER"
        if place.trouble:
            found.append(
                Problem(f"the folder of the {place.purpose}, {place.folder}: {place.trouble}", other)
            )
        elif place.free < LITTLE_DISK:
            free = f"{place.free / 1e9:.1f} GB"
            found.append(Problem(f"only {free} are free for the {place.purpose} in {place.folder}", other))
        elif place.megabytes_per_second is not None and place.megabytes_per_second < SLOW_DISK:
            slow = f"{place.megabytes_per_second:.0f} MB/s"
            found.append(Problem(f"the disk of the {place.purpose} is slow, {slow}: {place.folder}", other))
    return found


def _programs() -> list[Problem]:
    """Look for what the `synonyms` augmenter reads; it is no library."""
    if any((folder / "index.noun").is_file() for folder in USUAL):
        return []
    return [Problem("WordNet is missing (for the augmenter synonyms)", "apt-get install wordnet-base")]


def _graphics(here: Machine) -> list[Problem]:
    if not here.driver or here.gpus:
        return []
    return [
        Problem(
            "there is a graphics card's driver, but torch does not use it",
            "install a torch that is built for it: https://pytorch.org/get-started/locally/",
        )
    ]
