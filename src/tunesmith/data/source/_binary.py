"""Open a file that is no text, known by how it begins; and put into words what a library says of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tunesmith.core.errors import BadData, TunesmithError
from tunesmith.data.source._lines import opened
from tunesmith.data.source._refused import excerpt
from tunesmith.data.source._signatures import HEAD_BYTES, check_signature


@contextmanager
def opened_binary(
    path: Path, form: str, signatures: tuple[bytes, ...], within: int = 0
) -> Iterator[BinaryIO]:
    """Open a file that has one of its form's signatures within its first bytes; raises BadData otherwise."""
    if not path.is_file():
        with opened(path):  # which says what stands there instead
            raise AssertionError(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if not head:
                raise BadData(f"{path} is empty. Put a {form} there.")
            beginning = head[: within + max(map(len, signatures))]
            if not any(signature in beginning for signature in signatures):
                check_signature(path, head)
                found = excerpt(repr(head[:16])[2:-1])
                raise BadData(f"{path} is not a {form}: it begins with {found}. Check its suffix.")
            file.seek(0)
            yield file
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}. Check the path and its permissions."
        raise BadData(message) from error


@contextmanager
def damage_named(path: Path, form: str, remedy: str) -> Iterator[None]:
    """Turn whatever a library raises over a damaged file into BadData that names the file.

    A library that takes a file apart fails on a damaged one in ways that it does not list itself: from
    KeyError to RecursionError.
    """
    try:
        yield
    except TunesmithError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno:  # the disk failed, not the file
            raise
        said = excerpt(str(error) or type(error).__name__)
        raise BadData(f"{path} is damaged, or not a {form} that can be read: {said}. {remedy}") from error
