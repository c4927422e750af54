import sys

import fsspec
import pytest

from local_servers import serving
from tunesmith.core.errors import BadData, BadOption, DiskFull, MissingExtra
from tunesmith.data.source import _fetched
from tunesmith.data.source._download import Reach
from tunesmith.data.source._fetched import fetched

REACH = Reach(most_bytes=1000, most_seconds=60, allow_private=True)


def test_a_file_is_fetched_once_and_has_its_suffix():
    with serving({"/a": b"content"}) as server:
        paths = {fetched(f"http://127.0.0.1:{server.port}/a", ".csv", None, REACH) for _ in range(3)}
    (path,) = paths
    assert (path.read_bytes(), path.suffix, server.asked) == (b"content", ".csv", ["/a"])
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []


def test_other_urls_are_other_files():
    fsspec.filesystem("memory").pipe({"/one.csv": b"1", "/two.csv": b"2"})
    one, two = (fetched(f"memory://{name}.csv", ".csv", None, REACH) for name in ("one", "two"))
    assert (one.read_bytes(), two.read_bytes()) == (b"1", b"2")


def test_what_is_in_the_folder_already_is_not_fetched(tmp_path):
    with serving({"/a": b"content"}) as server:
        url = f"http://127.0.0.1:{server.port}/a"
        path = fetched(url, ".csv", tmp_path, REACH)
        path.write_bytes(b"kept")
        fetched.cache_clear()
        assert fetched(url, ".csv", tmp_path, REACH) == path
    assert path.read_bytes() == b"kept"
    assert server.asked == ["/a"]


def test_what_is_not_whole_is_not_there(tmp_path):
    fsspec.filesystem("memory").pipe("/large.csv", b"x" * 1001)
    for _ in range(2):
        with pytest.raises(BadData, match=r"memory:///large\.csv is larger than 1,000 bytes"):
            fetched("memory://large.csv", ".csv", tmp_path, REACH)
    assert list(tmp_path.iterdir()) == []
    fsspec.filesystem("memory").pipe("/large.csv", b"x" * 1000)
    assert fetched("memory://large.csv", ".csv", tmp_path, REACH).stat().st_size == 1000


def test_two_runs_that_fetch_the_same_at_once_do_not_mix(tmp_path, monkeypatch):
    fetch_anew = fetched.__wrapped__

    def slow(url, reach):
        yield b"one, "
        monkeypatch.setattr(_fetched, "fetch", lambda *_: iter((b"one, ", b"two")))
        assert fetch_anew(url, ".csv", tmp_path, reach).read_bytes() == b"one, two"
        yield b"two"

    monkeypatch.setattr(_fetched, "fetch", slow)
    path = fetch_anew("https://host/a.csv", ".csv", tmp_path, REACH)
    assert path.read_bytes() == b"one, two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, monkeypatch):
    fsspec.filesystem("memory").pipe("/small.csv", b"x")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadData, match=r"file cannot be written to: .*Choose another folder"):
        fetched("memory://small.csv", ".csv", tmp_path / "file", REACH)
    monkeypatch.setattr(_fetched, "fetch", full)
    with pytest.raises(DiskFull, match="There is no room left in"):
        fetched("https://host/small.csv", ".csv", tmp_path, REACH)


def full(url, reach):
    raise OSError(28, "No space left on device")
    yield


@pytest.mark.parametrize(
    ("scheme", "library"),
    [("s3", "s3fs"), ("s3a", "s3fs"), ("gs", "gcsfs"), ("gcs", "gcsfs"), ("abfs", "adlfs"), ("az", "adlfs")],
)
def test_the_library_of_a_store_is_named_where_it_is_missing(scheme, library, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(BadOption, match=rf"{scheme}:// needs the library {library}: pip install {library}$"):
        fetched(f"{scheme}://bucket/a.csv", ".csv", tmp_path, REACH)


def test_what_a_store_raises_names_the_url(monkeypatch, tmp_path):
    def broken(self, path, mode="rb", **options):
        raise RuntimeError("no such key\nwith details")

    monkeypatch.setattr(fsspec.get_filesystem_class("memory"), "open", broken)
    with pytest.raises(BadData, match=r"memory://broken/a\.csv cannot be read: no such key\\nwith details"):
        fetched("memory://broken/a.csv", ".csv", tmp_path, REACH)
    with pytest.raises(BadData) as raised:
        fetched("memory://broken/a.csv?key=hidden", ".csv", tmp_path, REACH)
    assert "hidden" not in str(raised.value)


def test_without_the_library_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtra, match=r"Reading URLs .* 'tunesmith\[data\]'"):
        fetched("memory://a.csv", ".csv", tmp_path, REACH)
