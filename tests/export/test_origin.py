from dataclasses import replace
from pathlib import Path

import pytest

from tunesmith.core.cards import Model
from tunesmith.export.origin import hub_origin


@pytest.mark.parametrize("name", ["org/name", "org/name@main"])
def test_a_base_in_a_hubs_cache_has_an_id_and_a_commit(name: str, tiny_model: Model) -> None:
    cached = Path("cache", "models--org--name", "snapshots", "0123abc")
    assert hub_origin(replace(tiny_model, name=name, folder=cached)) == ("org/name", "0123abc")


@pytest.mark.parametrize(
    "folder",
    [Path("cache/models--org--other/snapshots/0123abc"), Path("models--org--name/blobs/0"), Path("org/name")],
)
def test_any_other_folder_has_no_origin(folder: Path, tiny_model: Model) -> None:
    assert hub_origin(replace(tiny_model, name="org/name", folder=folder)) is None
