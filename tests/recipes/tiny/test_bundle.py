"""The bundle is the model and nothing else, and never too large for a wheel."""

from pathlib import Path

import bundle
import pytest


def _package(folder: Path, size: int = 10) -> Path:
    folder.mkdir()
    for name in (*bundle.MODEL, "package.json", "report.json"):
        (folder / name).write_bytes(b"x" * size)
    return folder


def test_the_model_and_the_licence_are_taken_and_nothing_else(tmp_path: Path) -> None:
    bundle.main(["--package", str(_package(tmp_path / "package")), "--out", str(tmp_path / "tiny")])
    assert {path.name for path in (tmp_path / "tiny").iterdir()} == {*bundle.MODEL, "LICENSE"}


def test_a_package_that_lacks_a_file_is_refused(tmp_path: Path) -> None:
    package = _package(tmp_path / "package")
    (package / "tokenizer.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json"):
        bundle.main(["--package", str(package), "--out", str(tmp_path / "tiny")])


def test_a_model_that_is_too_large_is_refused(tmp_path: Path) -> None:
    package = _package(tmp_path / "package", size=bundle.MOST_BYTES // 5)
    with pytest.raises(SystemExit, match="may be bundled"):
        bundle.main(["--package", str(package), "--out", str(tmp_path / "tiny")])
