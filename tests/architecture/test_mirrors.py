"""Every source file has its test at the mirrored place, and every mirrored test its source file."""

from pathlib import Path

from source_tree import ROOT, SOURCE, source_files

TESTS = ROOT / "tests"
ENTRANCES = ("__init__.py", "__main__.py")


def mirror(name: str) -> str:
    """Say where the test of a source file stands: `data/split.py` -> `data/test_split.py`."""
    path = Path(name)
    return (path.parent / f"test_{path.name}").as_posix()


def wanted() -> set[str]:
    return {mirror(file.name) for file in source_files() if file.path.name not in ENTRANCES}


def present() -> set[str]:
    """Find the tests that stand in a folder with the name of a source folder."""
    parts = [folder.name for folder in SOURCE.iterdir() if folder.is_dir()]
    return {
        test.relative_to(TESTS).as_posix() for part in parts for test in (TESTS / part).rglob("test_*.py")
    }


def test_every_source_file_has_its_test() -> None:
    assert len(wanted()) >= 50
    assert sorted(wanted() - present()) == []


def test_every_mirrored_test_has_its_source_file() -> None:
    assert len(present()) >= 30
    assert sorted(present() - wanted()) == []


def test_a_mirror_keeps_folder_and_name() -> None:
    assert mirror("data/source/csv.py") == "data/source/test_csv.py"
    assert mirror("data/source/_rows.py") == "data/source/test__rows.py"
