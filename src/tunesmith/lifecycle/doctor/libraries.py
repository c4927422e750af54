"""Which libraries are here, in which versions, and the command that brings those that are not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from itertools import groupby

ITSELF = "tunesmith"
NOT_FOR_USE = ("all", "test", "dev")
"""Extras that are made of others, or for those who change Tunesmith."""
EVERY_RUN_LOADS = ("torch", "transformers", "peft", "accelerate")
BROUGHT_ALONG = ("tokenizers", "safetensors", "huggingface_hub", "accelerate", "numpy", "psutil")
"""What the required libraries bring, and Tunesmith uses as well."""


@dataclass(frozen=True)
class Library:
    """A library: the versions that will do, and the one that is here; `extra` is empty where all need it."""

    name: str
    wanted: str
    found: str | None
    fits: bool
    extra: str = ""

    def describe(self) -> str:
        """Say what is here, and what is asked for where that is another version."""
        if self.found is None:
            return f"{self.name} is missing"
        return f"{self.name} {self.found}" + ("" if self.fits else f", but {self.wanted} is needed")


def look(lines: Sequence[str] | None = None) -> list[Library]:
    """Look for everything that Tunesmith asks for, with its extras; what all need comes first.

    `lines` are requirements as a package states them; unset: Tunesmith's own.
    """
    from packaging.requirements import Requirement

    known = [extra for extra in metadata(ITSELF).get_all("Provides-Extra") or () if extra not in NOT_FOR_USE]
    asked = [Requirement(line) for line in (requires(ITSELF) or () if lines is None else lines)]
    found = [
        _compare(one.name, str(one.specifier), extra)
        for extra in ("", *known)
        for one in asked
        if _is_asked_by(one.marker, extra)
    ]
    needed = [one for one in found if not one.extra]
    along = [_compare(name, "", "") for name in BROUGHT_ALONG]
    return [*needed, *along, *(one for one in found if one.extra)]


def remedies(libraries: Sequence[Library]) -> list[str]:
    """Give the commands that bring what is missing or too old, one for each extra."""
    bad = [one for one in libraries if not one.fits]
    return [_command(extra, list(some)) for extra, some in groupby(bad, key=lambda one: one.extra)]


def first_failure(names: Sequence[str] = EVERY_RUN_LOADS) -> str:
    """Load what every run needs; say what went wrong, or nothing.

    It is tried in a process of its own: a library that was built for another machine can end it.
    """
    program = f"import {', '.join(names)}"
    ended = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False, errors="replace"
    )
    if not ended.returncode:
        return ""
    said = ended.stderr.strip().splitlines()
    return said[-1] if said else f"the process ended with code {ended.returncode}"


def _is_asked_by(marker: object | None, extra: str) -> bool:
    """Does a requirement belong to this extra, or to all where `extra` is empty?"""
    from packaging.markers import Marker

    if not isinstance(marker, Marker):
        return not extra
    return marker.evaluate({"extra": extra}) and not (extra and marker.evaluate({"extra": ""}))


def _compare(name: str, wanted: str, extra: str) -> Library:
    from packaging.specifiers import SpecifierSet

    try:
        found = version(name)
    except PackageNotFoundError:
        return Library(name, wanted, None, fits=False, extra=extra)
    return Library(name, wanted, found, SpecifierSet(wanted).contains(found, prereleases=True), extra)


def _command(extra: str, bad: Iterable[Library]) -> str:
    upgrade = " --upgrade" if any(one.found is not None for one in bad) else ""
    return f"pip install{upgrade} '{ITSELF}{f'[{extra}]' if extra else ''}'"
