"""One row of the table of personal data and secrets: a form in which a kind of them is written."""

from collections.abc import Callable
from dataclasses import dataclass

THINGS = (
    *("order", "invoice", "ticket", "case", "reference", "ref", "tracking", "serial", "part", "isbn", "issn"),
    *("sku", "imei", "ean", "transaction", "batch", "lot", "job", "build", "timestamp", "model", "version"),
    *("article", "doi", "bestellnummer", "auftrag", "commande", "pedido"),
)
"""Words that stand directly before the numbers of things."""


def anything(_: str) -> bool:
    """Accept whatever has the form."""
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How a kind of personal data or secret is written; a kind may have several forms.

    `pattern` finds it; where it has a group `value`, that part is meant, if there is one. `valid` has the
    last word, by check digits or structure; with `shrinks`, what follows the last space may be left off to
    make it valid.

    One of the words `near` must stand beside it, and none of `unlike` directly before it. A text without any
    of `hints` (in small letters; unset: the words `near`) or, with `digits`, without six digits is not
    searched.
    """

    kind: str
    title: str
    pattern: str
    valid: Callable[[str], bool] = anything
    shrinks: bool = False
    near: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    digits: bool = False
    secret: bool = False
