"""Secrets in rows: keys, tokens, private keys and passwords, by their form and how random they are."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field

from tunesmith.core.audit import Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.data.check._values import survey
from tunesmith.data.personal import SECRETS as KINDS
from tunesmith.data.personal import checked_kinds


@dataclass(frozen=True, kw_only=True)
class Secrets(Check):
    """Find keys, tokens and passwords: a run stops, for a model can repeat what it was shown."""

    kinds: Annotated[
        tuple[str, ...] | None,
        AfterValidator(partial(checked_kinds, known=KINDS)),
        Field(description="What is looked for, such as github_token or password; unset: all secrets."),
    ] = None

    def look(self, material: Material) -> list[Finding]:
        """Count values by kind; those that are shown are masked."""
        found = survey(material, KINDS if self.kinds is None else self.kinds)
        if not found.rows:
            return []
        return [
            Finding(
                "secrets",
                "stop",
                f"Secrets in {found.share}: {found.by_kind}. A model can repeat what it was shown.",
                rows=found.rows,
                examples=tuple(found.examples),
                remedy=(
                    "data.clean=[{name: redact}] replaces them, and personal data. Have keys "
                    "that are real withdrawn, too: others have seen this data."
                ),
                chart=dict(found.counts),
            )
        ]
