"""Personal data in rows: what can be known by its form, its check digits, and the words beside it."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field

from tunesmith.core.audit import Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.data.check._values import survey
from tunesmith.data.personal import PERSONAL, checked_kinds


@dataclass(frozen=True, kw_only=True)
class PersonalData(Check):
    """Find e-mail addresses, telephone and card numbers, identity numbers and more; names are not found."""

    kinds: Annotated[
        tuple[str, ...] | None,
        AfterValidator(partial(checked_kinds, known=PERSONAL)),
        Field(description="What is looked for, such as email or card_number; unset: all personal data."),
    ] = None

    def look(self, material: Material) -> list[Finding]:
        """Count values by kind; those that are shown are masked."""
        found = survey(material, PERSONAL if self.kinds is None else self.kinds)
        if not found.rows:
            return []
        return [
            Finding(
                "personal_data",
                "warning",
                f"Personal data in {found.share}: {found.by_kind}. A model can repeat what it was shown.",
                rows=found.rows,
                examples=tuple(found.examples),
                remedy="data.clean=[{name: redact}] replaces them by pseudonyms. Names are not found.",
                chart=dict(found.counts),
            )
        ]
