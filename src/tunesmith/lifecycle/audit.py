"""Audit data without training: what a recipe, or a file alone, gives to learn, and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith import recipe as recipes
from tunesmith.core.audit import Finding
from tunesmith.core.contracts import Source
from tunesmith.core.recipe import Data, Recipe, Selection
from tunesmith.core.registry import Registry
from tunesmith.data import findings as all_findings
from tunesmith.data import ledger as ledgers
from tunesmith.lifecycle.assemble import Prepared, look_into
from tunesmith.pages.data_page import DataPage, render_data

RECIPES = (".yaml", ".yml")


@dataclass(frozen=True)
class Audited:
    """What was found; `stops` are the findings that keep a run from starting."""

    reads_as: str
    account: tuple[str, ...]
    findings: tuple[Finding, ...]
    stops: tuple[Finding, ...]
    ledger: dict[str, Any]


def audit(
    target: Path,
    changes: Sequence[str],
    page: Path | None,
    journal: Path | None,
    say: Callable[[str], None] = lambda _: None,
) -> Audited:
    """Audit what a recipe describes, or a file or folder of data by itself.

    Writes the page for people, and the journal of single rows, where paths are given. Raises BadData for rows
    that cannot be used, as a run would.
    """
    if target.suffix.lower() in RECIPES:
        recipe = recipes.read(target, changes)
    else:
        recipe = recipes.read_text(recipes.write(_alone(target)), str(target), changes)
    prepared = look_into(recipe, say=say)
    if page is not None:
        page.write_text(data_page(prepared), "utf-8")
    if journal is not None:
        journal.write_bytes(prepared.dataset.journal)
    findings, accepted = prepared.dataset.findings, prepared.recipe.data.audit.accept
    return Audited(
        prepared.dataset.reads_as,
        tuple(ledgers.describe(prepared.dataset.ledger)),
        findings,
        tuple(all_findings.stopping(findings, accepted)),
        ledgers.to_json(prepared.dataset.ledger),
    )


def data_page(prepared: Prepared) -> str:
    """Write the page about the data of a recipe."""
    audit = prepared.recipe.data.audit
    return render_data(
        DataPage(
            title=prepared.recipe.name,
            reads_as=prepared.dataset.reads_as,
            findings=prepared.dataset.findings,
            accepted=audit.accept,
            ledger=prepared.dataset.ledger,
            checks=[name.replace("_", " ") for name in prepared.parts.checks],
            skipped=[name.replace("_", " ") for name in audit.skip],
        )
    )


def _alone(target: Path) -> Recipe:
    """Write the recipe that a file or folder would be audited with; rows that are too long are shown cut."""
    chosen = Selection.model_validate({"name": "folder" if target.is_dir() else "file", "path": str(target)})
    source = Registry("data.source", Source).build(chosen.name, chosen.options)
    objective = Selection(name="text" if source.gives() == "text" else "sft")
    return Recipe(
        name="audit",
        goal=f"Audit {target.name}.",
        data=Data(source=chosen, too_long="truncate"),
        objective=objective,
    )
