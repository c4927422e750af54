"""What makes the rows of a file source the same as before: its options, and every byte of its file."""

from pathlib import Path

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData
from tunesmith.core.hashing import hash_file, hash_value


def fingerprint_of(source: Source) -> str:
    """Hash a source's options and the files that they name; raises BadData for one that cannot be read."""
    options = {name: repr(value) for name, value in vars(source).items()}
    paths = [value for value in vars(source).values() if isinstance(value, Path)]
    try:
        contents = [hash_file(path) for path in paths]
    except OSError as error:
        raise BadData(f"{paths[0]} cannot be read: {error.strerror}. Check the path.") from error
    return hash_value([type(source).__name__, options, contents])
