"""Open the engine that answers, for evaluation and for service alike."""

from tunesmith_shim import Local

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Backend


def open_backend(model: Model) -> Backend:
    """Give the embedded engine over a loaded model."""
    return Local(model)
