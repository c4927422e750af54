from pathlib import Path

import pytest

from tunesmith.core.errors import BadOption, DamagedFile
from tunesmith.export import manifest
from tunesmith.export.manifest import Change
from tunesmith.export.read import read
from tunesmith.export.revise import HEADING, revise

CAME = Change(at="2026-01-02", memory="neighbours", added=2, removed=1, rows=1200)


@pytest.fixture
def remembers(adapter: Path, sign) -> Path:  # type: ignore[no-untyped-def]  # it is in conftest
    """Give a package with a file in its memory."""
    (adapter / "memory").mkdir()
    (adapter / "memory" / "kept").write_text("old")
    sign(adapter)
    return adapter


def forget(memory: Path) -> tuple[Change, ...]:
    (memory / "kept").unlink()
    (memory / "other").write_text("new")
    return (CAME,)


def test_only_memory_card_and_manifest_differ_and_the_old_package_stays(
    remembers: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in remembers.rglob("*") if path.is_file()}
    proved: list[Path] = []
    revised = revise(remembers, tmp_path / "new", forget, lambda aside: proved.append(read(aside).folder))
    assert read(tmp_path / "new") == revised
    assert {path: path.read_bytes() for path in remembers.rglob("*") if path.is_file()} == before
    old = read(remembers).files
    assert {name for name, digest in revised.files.items() if old.get(name) != digest} == {
        "README.md",
        "memory/other",
    }
    assert old.keys() - revised.files.keys() == {"memory/kept"}
    assert [path.name.partition("-")[0] for path in proved] == [".writing"]


def test_the_card_names_the_new_folder_and_tells_of_every_change_once(
    remembers: Path, tmp_path: Path
) -> None:
    revise(remembers, tmp_path / "first", forget, read)

    def more(memory: Path) -> tuple[Change, ...]:
        (memory / "third").write_text("third")
        return (CAME.model_copy(update={"added": 7}),)

    revise(tmp_path / "first", tmp_path / "second", more, read)
    card = (tmp_path / "second" / "README.md").read_text()
    assert "\ntunesmith serve second\n" in card
    assert card.count(HEADING) == 1
    assert card.count("neighbours: 2 rows came, 1 went, 1,200 are there now") == 1
    assert card.count("neighbours: 7 rows came") == 1
    assert card.startswith((remembers / "README.md").read_text().partition("## How to use it")[0])
    assert [one.added for one in manifest.read(tmp_path / "second").kept.changes] == [2, 7]


def test_a_package_that_is_not_proved_is_not_there(remembers: Path, tmp_path: Path) -> None:
    def refuse(_: Path) -> None:
        raise DamagedFile("no")

    with pytest.raises(DamagedFile, match="no"):
        revise(remembers, tmp_path / "new", forget, refuse)
    assert [path.name for path in tmp_path.iterdir()] == [remembers.name]


@pytest.mark.parametrize("place", ["", "inside"])
def test_a_package_is_never_written_over_or_into(remembers: Path, place: str) -> None:
    with pytest.raises(BadOption, match="with --to"):
        revise(remembers, remembers / place, forget, read)
    assert read(remembers)


def test_where_files_cannot_be_shared_they_are_copied(
    remembers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError("this disk knows no links")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    assert read(revise(remembers, tmp_path / "new", forget, read).folder)
