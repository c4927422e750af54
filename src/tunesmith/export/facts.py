"""What a package should know about how it was made, beside the model itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tunesmith.core.example import Message
from tunesmith.core.ledger import Ledger
from tunesmith.core.recipe import Recipe
from tunesmith.core.report import Report

PROBES: tuple[tuple[Message, ...], ...] = (
    (Message("user", "Good morning! What can you do?"),),
    (Message("user", "  Two  spaces,\ttab\nand a line\n\n"),),
    (Message("user", "Grüße, 你好, 👩\u200d🔬!"),),
    (Message("user", "1 + 1 = ?"), Message("assistant", "2"), Message("user", "And 12.5 % of 80?")),
)
"""Prompts on which tokenizers and templates tend to differ; no system turn, as some templates refuse it."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """How a model was made. `versions` and `recipe_fingerprint` are those of the run's lock.

    `made_with` names what its memories were computed with, where it has any.

    `probes` are stored in the package for all its readers: they should not be rows of private data.
    """

    recipe: Recipe
    recipe_fingerprint: str
    versions: Mapping[str, str]
    created: datetime
    ledger: Ledger
    report: Report | None = None
    made_with: str = ""
    probes: tuple[tuple[Message, ...], ...] = PROBES
