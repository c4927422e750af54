import json
from pathlib import Path
from typing import Any

import pytest

from kept_memories import drawn, keep, read
from tunesmith.core.errors import DamagedFile
from tunesmith.core.hashing import hash_text
from tunesmith.memory._manifest import MANIFEST, ROWS, Column, hashes, read_manifest


@pytest.fixture
def version(tmp_path: Path) -> Path:
    return keep(tmp_path / "memory", drawn()).folder


def change(version: Path, **changed: Any) -> None:
    """Write another value into the manifest."""
    content = json.loads((version / MANIFEST).read_text())
    (version / MANIFEST).write_text(json.dumps(content | changed))


def test_a_whole_version_is_read(version: Path) -> None:
    manifest = read_manifest(version)
    assert set(manifest.files) == {"keys", "norms", "tokens", "shifts", ROWS}
    assert manifest.columns["keys"] == Column(dtype="<f4", width=8)
    assert hashes(version)["keys"] == manifest.files["keys"]


@pytest.mark.parametrize("name", ["keys", "tokens", ROWS])
def test_a_file_of_which_one_byte_differs_is_named(version: Path, name: str) -> None:
    content = bytearray((version / name).read_bytes())
    content[5] ^= 1
    (version / name).write_bytes(content)
    with pytest.raises(DamagedFile, match=f"{name} is not what was written"):
        read(version.parent)


def test_a_missing_file_is_named(version: Path) -> None:
    (version / "norms").unlink()
    with pytest.raises(DamagedFile, match="norms is missing"):
        read_manifest(version)


def test_a_file_that_the_manifest_does_not_name_is_refused(version: Path) -> None:
    (version / "index.faiss").write_text("not ours")
    with pytest.raises(DamagedFile, match=r"index\.faiss is not named"):
        read_manifest(version)


def test_a_file_outside_the_folder_is_refused(version: Path) -> None:
    (version.parent / "x").write_text("whole")
    files = json.loads((version / MANIFEST).read_text())["files"]
    change(version, files=files | {"../x": [5, hash_text("whole")]})
    with pytest.raises(DamagedFile, match="not in the memory's folder"):
        read_manifest(version)


def test_an_array_that_does_not_fit_its_column_is_refused(version: Path) -> None:
    change(version, entries=7)
    with pytest.raises(DamagedFile, match="keys should hold 224 bytes"):
        read_manifest(version)


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"format": 2}, "format"), ({"colums": {}}, "no such option. Did you mean 'columns'")],
)
def test_a_manifest_of_another_form_is_refused(version: Path, changed: dict[str, Any], message: str) -> None:
    change(version, **changed)
    with pytest.raises(DamagedFile, match=message):
        read_manifest(version)


@pytest.mark.parametrize("text", ["", "[1", "\x00"])
def test_a_manifest_that_is_no_json_is_refused(version: Path, text: str) -> None:
    (version / MANIFEST).write_text(text)
    with pytest.raises(DamagedFile, match="cannot be read"):
        read_manifest(version)


def test_rows_that_are_not_as_many_as_counted_are_refused(version: Path) -> None:
    lines = (version / ROWS).read_text().splitlines(keepends=True)
    (version / ROWS).write_text("".join(lines[:-1]))
    change(
        version, files={**json.loads((version / MANIFEST).read_text())["files"], ROWS: hashes(version)[ROWS]}
    )
    with pytest.raises(DamagedFile, match="does not list the rows"):
        read(version.parent)
