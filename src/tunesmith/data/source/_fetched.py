"""Fetch a file once: from the web, or from a store that fsspec reads (https://filesystem-spec.readthedocs.io)."""

import atexit
import shutil
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit
from uuid import uuid4

from tunesmith.core.disk import is_full
from tunesmith.core.errors import BadData, BadOption, DiskFull, MissingExtra
from tunesmith.core.hashing import hash_text
from tunesmith.data.source._download import CHUNK_BYTES, Reach, fetch, too_large
from tunesmith.data.source._refused import excerpt

LIBRARIES = {
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("az", "abfs"), "adlfs"),
}
"""What fsspec needs to read a store, by how its URLs begin."""


@cache
def fetched(url: str, suffix: str, folder: Path | None, reach: Reach) -> Path:
    """Fetch a file once in a process; from a folder that is kept, once for all."""
    path = (folder or _passing_folder()) / f"{hash_text(url)[:16]}{suffix}"
    if folder is not None and path.is_file():
        return path
    scheme = urlsplit(url).scheme
    pieces = fetch(url, reach) if scheme in ("https", "http") else _opened(url, scheme, reach)
    aside = path.with_name(f".{path.name}.{uuid4().hex}.part")  # two runs may fetch the same at once
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.writelines(pieces)
        aside.replace(path)
    except OSError as error:
        if is_full(error):
            raise DiskFull(
                f"There is no room left in {path.parent}. Make some, or choose a folder."
            ) from error
        raise BadData(
            f"{path.parent} cannot be written to: {error.strerror}. Choose another folder."
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink()
    return path


@cache
def _passing_folder() -> Path:
    folder = Path(mkdtemp(prefix="tunesmith-url-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _opened(url: str, scheme: str, reach: Reach) -> Iterator[bytes]:
    """Give the content behind a URL of a store, piece by piece."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise MissingExtra("Reading URLs", "data") from None
    received = 0
    try:
        store, path = url_to_fs(url)
        with store.open(path, "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                received += len(chunk)
                if received > reach.most_bytes:
                    raise too_large(f"{scheme}://{excerpt(path)}", reach.most_bytes)
                yield chunk
    except ImportError:
        library = LIBRARIES.get(scheme, "fsspec")
        raise BadOption(
            f"data.source.url: {scheme}:// needs the library {library}: pip install {library}"
        ) from None
    except BadData:
        raise
    except Exception as error:  # each store has errors of its own
        reason = excerpt(str(error) or type(error).__name__)
        raise BadData(
            f"{excerpt(url.partition('?')[0])} cannot be read: {reason}. "  # the rest may hold a key
            "Check the URL, the keys and the network."
        ) from None
