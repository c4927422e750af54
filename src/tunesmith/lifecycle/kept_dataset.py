"""A prepared data set comes from the cache as long as nothing changed that it follows from."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tunesmith.core.cache import Cache
from tunesmith.core.disk import is_full
from tunesmith.core.errors import DamagedFile, DiskFull
from tunesmith.core.hashing import hash_file
from tunesmith.data.dataset import Dataset, open_dataset

KIND = "datasets"
MANIFEST = "manifest.json"


def kept_dataset(
    key: Mapping[str, Any] | None, make: Callable[[Path], Dataset], cache: Cache
) -> tuple[Dataset, bool]:
    """Give the data set that is kept under a key, or make it; and say whether it was kept.

    Without a key, or where nothing can be kept, it lasts as long as this process. Raises DiskFull.
    """
    try:
        return _kept_or_made(key, make, cache)
    except OSError as error:
        if is_full(error):
            raise DiskFull(
                f"No room to prepare the data in {cache.folder}. Make room, or name another folder in "
                "TUNESMITH_CACHE; then do the same again."
            ) from error
        raise


def _kept_or_made(
    key: Mapping[str, Any] | None, make: Callable[[Path], Dataset], cache: Cache
) -> tuple[Dataset, bool]:
    if key is not None and (found := cache.find(KIND, key)) is not None:
        try:
            return _opened(found), True
        except (OSError, DamagedFile, ValueError):  # it is made anew, and stays out of the cache this time
            key = None
    if key is None or not cache.has_room_for(0):
        return _passing(make), False
    with cache.adding(KIND, key) as folder:
        folder.mkdir()
        make(folder)
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        sums = {str(file.relative_to(folder)): hash_file(file) for file in files}
        (folder / MANIFEST).write_text(json.dumps(sums), "utf-8")
    made = cache.find(KIND, key)
    return (_opened(made) if made is not None else _passing(make)), False


def _opened(folder: Path) -> Dataset:
    sums = json.loads((folder / MANIFEST).read_text("utf-8"))
    for name, expected in sums.items():
        if hash_file(folder / name) != expected:
            raise DamagedFile(f"{folder / name} is not what was written.")
    return open_dataset(folder)


def _passing(make: Callable[[Path], Dataset]) -> Dataset:
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        return make(Path(folder))  # its files stay mapped when their names are gone
