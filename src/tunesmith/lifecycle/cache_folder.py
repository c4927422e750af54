"""Where what was once computed is kept for all runs of this user."""

import os
from pathlib import Path

from tunesmith.core.cache import Cache


def user_cache() -> Cache:
    """Give the user's cache: the folder named by TUNESMITH_CACHE, or `tunesmith` among the user's caches."""
    named = os.environ.get("TUNESMITH_CACHE")
    if named:
        return Cache(Path(named))
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Cache(Path(caches) / "tunesmith")
