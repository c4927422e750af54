import json
from pathlib import Path

import pytest

from tunesmith.core.errors import DamagedFile
from tunesmith.export import manifest
from tunesmith.export.manifest import Base, Manifest


def a_manifest() -> Manifest:
    base = Base(name="org/name@main", revision="abc", folder="/somewhere", fingerprint="ff")
    return Manifest(
        name="demo",
        kind="adapter",
        base=base,
        licence="apache-2.0",
        created="2026-01-02",
        made={"seed": 7},
        files={"README.md": "00"},
    )


def test_a_manifest_survives_writing_and_reading(tmp_path: Path) -> None:
    manifest.write(a_manifest(), tmp_path)
    assert manifest.read(tmp_path) == a_manifest()


def test_a_base_is_looked_for_in_its_folder_then_by_its_exact_revision() -> None:
    base = a_manifest().base
    assert base.places == ("/somewhere", "org/name@abc")
    assert base.model_copy(update={"revision": None}).places == ("/somewhere", "org/name@main")


def test_a_folder_without_a_manifest_is_no_package(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match=r"package\.json is missing: .* is not a package"):
        manifest.read(tmp_path)


def test_a_folder_that_holds_a_package_is_answered_with_that(tmp_path: Path) -> None:
    for name in (".writing-1", "package"):
        (tmp_path / name).mkdir()
        manifest.write(a_manifest(), tmp_path / name)
    with pytest.raises(DamagedFile, match=rf"Did you mean {tmp_path / 'package'}\?"):
        manifest.read(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "has format 2; this version reads up to 1. Update Tunesmith"),
        ({"format": "1"}, "format: Input should be 1"),
        ({"kind": "onnx"}, "kind: Input should be 'adapter' or 'weights'"),
        ({"nmae": "x"}, "nmae: there is no such option. Did you mean 'name'"),
        ({"files": ["README.md"]}, "package.json: files: Input should be a valid dictionary"),
    ],
)
def test_what_cannot_be_a_manifest_is_refused_with_its_place(
    changes: dict[str, object], message: str, tmp_path: Path
) -> None:
    content = a_manifest().model_dump() | changes
    (tmp_path / manifest.FILE).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DamagedFile, match=message):
        manifest.read(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "null", ""])
def test_what_is_not_an_object_is_refused_with_the_file_named(text: str, tmp_path: Path) -> None:
    (tmp_path / manifest.FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DamagedFile, match=r"package\.json"):
        manifest.read(tmp_path)


def test_files_are_listed_by_their_path_inside_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b", "a/c", ".hidden", ".git/x", "a/.x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    assert manifest.names(tmp_path) == ["a/c", "b"]
