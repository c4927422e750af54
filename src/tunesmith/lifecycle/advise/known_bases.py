"""The catalogue of bases as this user sees it: the bundled one, and over it their own."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from tunesmith.core.errors import BadRecipe
from tunesmith.model.bases import NONE, OWN_FILE, Bases, bundled_page
from tunesmith.recipe.page import parse


def own_file() -> Path:
    """Say where a user's own catalogue is looked for."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "tunesmith" / OWN_FILE


def known_bases(file: Path | None = None) -> Bases:
    """Read the bundled catalogue, the user's own where there is one, and a file that was asked for.

    A later entry takes the place of an earlier one of the same name. Raises BadRecipe for a file that is not
    there, or holds anything but entries as in the bundled one.
    """
    bases = _bundled()
    if own_file().is_file():
        bases = _with_file(bases, own_file())
    return bases if file is None else _with_file(bases, file)


@cache
def _bundled() -> Bases:
    return _with(NONE, *bundled_page())


def _with_file(bases: Bases, file: Path) -> Bases:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecipe(f"{file} cannot be read as a catalogue of bases: {error}.") from None
    return _with(bases, text, str(file)) if text.strip() else bases


def _with(bases: Bases, text: str, name: str) -> Bases:
    page = parse(text, name)
    return bases.with_others(page.content, page.place)
