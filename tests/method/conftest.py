"""The bases that every method is tried on."""

from method_trials import folders

__all__ = ["folders"]
