"""Recipe: a YAML page in; a checked, resolved and fingerprinted recipe out."""

from tunesmith.recipe.override import override
from tunesmith.recipe.read import read, read_text
from tunesmith.recipe.resolve import Parts, build, check_metrics, diff, fingerprint, resolve
from tunesmith.recipe.schema import schema
from tunesmith.recipe.write import write

__all__ = [
    "Parts",
    "build",
    "check_metrics",
    "diff",
    "fingerprint",
    "override",
    "read",
    "read_text",
    "resolve",
    "schema",
    "write",
]
