import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from method_trials import METHODS, Folders, Trial, keep, loaded, outputs
from tunesmith.core.errors import DamagedFile
from tunesmith.core.task import LANGUAGE
from tunesmith.method import _kept
from tunesmith.method.pfeiffer import Pfeiffer


def test_a_file_of_changes_says_which_method_made_room_for_them(folders: Folders, tmp_path: Path) -> None:
    first = Trial(Pfeiffer(size=5), folders["llama"])
    keep(first.trained(), first.method, tmp_path)
    assert _kept.begun_by(tmp_path) == Pfeiffer(size=5)
    model = _kept.place_all(Pfeiffer(size=5).apply(loaded(folders["llama"], LANGUAGE, 0), 0), tmp_path)
    assert torch.equal(outputs(model), outputs(first.trained()))


def test_an_adapter_alone_needs_no_method(folders: Folders, tmp_path: Path) -> None:
    first = Trial(METHODS.build("lora", {"rank": 4}), folders["llama"])
    keep(first.trained(), first.method, tmp_path)
    assert _kept.begun_by(tmp_path) is None
    assert _kept.merges(tmp_path)
    assert not _kept.configuration(tmp_path).inference_mode


def test_changes_that_do_not_say_how_they_were_made_are_damaged(tmp_path: Path) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / "changes.safetensors")
    with pytest.raises(DamagedFile, match="does not say how it was made"):
        _kept.begun_by(tmp_path)


def test_a_description_that_cannot_be_read_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{", encoding="utf-8")
    with pytest.raises(DamagedFile, match=r"adapter_config\.json is not valid JSON"):
        _kept.refuses(tmp_path)


@pytest.mark.parametrize(("fingerprint", "same"), [(None, True), ("other", False)])
def test_another_base_is_told_by_its_fingerprint(
    folders: Folders, tmp_path: Path, fingerprint: str | None, same: bool
) -> None:
    base = loaded(folders["llama"], LANGUAGE, 0)
    assert _kept.other_base(tmp_path, base) == ""
    described = {"base": {"name": "x", "fingerprint": fingerprint or base.fingerprint}}
    (tmp_path / "package.json").write_text(json.dumps(described), encoding="utf-8")
    assert (_kept.other_base(tmp_path, base) == "") == same
