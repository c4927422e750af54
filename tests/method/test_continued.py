import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from method_trials import (
    CLASSES,
    METHODS,
    Folders,
    Trial,
    check_kept,
    check_merge,
    check_training,
    every,
    keep,
    learning,
    outputs,
)
from tunesmith.core.errors import BadOption, DamagedFile
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.continued import Continued

LORA = {"name": "lora", "rank": 4, "alpha": 4.0}
BEGUN: dict[str, dict[str, Any]] = {
    "lora": LORA,
    "pissa": {"name": "pissa", "rank": 4},
    "vera": {"name": "vera", "rank": 8},
    "prompt": {"name": "prompt", "length": 3},
    "pfeiffer": {"name": "pfeiffer", "size": 8},
    "stack": {"name": "stack", "methods": [LORA, {"name": "freeze", "layers": ["norm"]}]},
}


def begin(name: str, folders: Folders, folder: Path, case: tuple[str, Task] = ("llama", LANGUAGE)) -> Trial:
    """Train a method, keep what it learned, and give the trial that goes on with it."""
    options = {key: value for key, value in BEGUN[name].items() if key != "name"}
    first = Trial(METHODS.build(name, options), folders[case[0]], case[1])
    keep(first.trained(), first.method, folder)
    return Trial(Continued(adapter=folder), folders[case[0]], case[1])


@pytest.mark.parametrize("name", BEGUN)
def test_it_starts_where_the_first_has_ended_and_learns_the_same(
    name: str, folders: Folders, tmp_path: Path
) -> None:
    tried = begin(name, folders, tmp_path / "first")
    options = {key: value for key, value in BEGUN[name].items() if key != "name"}
    first = Trial(METHODS.build(name, options), folders["llama"])
    expected = outputs(first.trained())
    assert (outputs(tried.start()) - expected).abs().max() < 1e-5
    names = check_training(tried)
    assert len(names) == len(learning(first.start()))


@pytest.mark.parametrize("name", BEGUN)
def test_what_it_leaves_is_what_the_first_would_leave(name: str, folders: Folders, tmp_path: Path) -> None:
    tried = begin(name, folders, tmp_path / "first")
    check_kept(tried, tmp_path / "second")
    files = [{path.name for path in (tmp_path / place).iterdir()} for place in ("first", "second")]
    assert files[0] == files[1]


@every(("bert", CLASSES), ("t5", CLASSES))
def test_a_head_goes_on_too(folders: Folders, architecture: str, task: Task, tmp_path: Path) -> None:
    tried = begin("lora", folders, tmp_path, (architecture, task))
    first = Trial(METHODS.build("lora", {"rank": 4, "alpha": 4.0}), folders[architecture], task)
    assert (outputs(tried.start()) - outputs(first.trained())).abs().max() < 1e-5
    assert any("modules_to_save" in name for name in check_training(tried))


@pytest.mark.parametrize("name", ["lora", "stack"])
def test_it_merges_where_the_first_does(name: str, folders: Folders, tmp_path: Path) -> None:
    check_merge(begin(name, folders, tmp_path))


@pytest.mark.parametrize("name", ["prompt", "pfeiffer"])
def test_it_does_not_merge_where_the_first_does_not(name: str, folders: Folders, tmp_path: Path) -> None:
    tried = begin(name, folders, tmp_path)
    assert not tried.method.merges
    with pytest.raises(BadOption, match="export: adapter"):
        tried.method.merge(tried.start())


def test_an_adapter_of_another_base_is_refused(folders: Folders, tmp_path: Path) -> None:
    tried = begin("lora", folders, tmp_path)
    described = json.loads((tmp_path / "package.json").read_text(encoding="utf-8"))
    described["base"]["fingerprint"] = "0" * 64
    (tmp_path / "package.json").write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(BadOption, match="was made from llama, which is another model or has changed"):
        tried.start()


def test_a_folder_without_an_adapter_is_refused(folders: Folders, tmp_path: Path) -> None:
    tried = Trial(Continued(adapter=tmp_path), folders["llama"])
    with pytest.raises(BadOption, match=r"holds no adapter: neither adapter_config\.json nor"):
        tried.start()


def test_vectors_without_what_wrote_them_are_refused(folders: Folders, tmp_path: Path) -> None:
    for name, options in (("p_tuning", {"length": 3}), ("prefix", {"length": 3, "width": 8})):
        first = Trial(METHODS.build(name, options), folders["llama"])
        keep(first.trained(), first.method, tmp_path / name)
        with pytest.raises(BadOption, match="keeps the vectors, and not the network that wrote them"):
            Trial(Continued(adapter=tmp_path / name), folders["llama"]).start()


@pytest.mark.parametrize(
    ("name", "file"), [("lora", "adapter_model.safetensors"), ("pfeiffer", "changes.safetensors")]
)
def test_tensors_that_do_not_fit_are_named(name: str, file: str, folders: Folders, tmp_path: Path) -> None:
    tried = begin(name, folders, tmp_path)
    found = load_file(tmp_path / file)
    about = {"format": "1", "method": json.dumps({"name": "pfeiffer", "options": {"size": 8}})}
    first = sorted(found)[0]
    save_file(found | {"another": torch.ones(1)}, tmp_path / file, metadata=about)
    with pytest.raises(DamagedFile, match=r"missing \[\], unexpected \['another'\]"):
        tried.start()
    save_file(found | {first: torch.ones(3, 5)}, tmp_path / file, metadata=about)
    with pytest.raises(DamagedFile, match=r"has shape \[3, 5\], the base takes"):
        tried.start()
    save_file({name: tensor for name, tensor in found.items() if name != first}, tmp_path / file, about)
    with pytest.raises(DamagedFile, match=r"missing \['.*'\], unexpected \[\]"):
        tried.start()


def test_b_goes_on_faster_where_it_began_so(folders: Folders, tmp_path: Path) -> None:
    first = Trial(METHODS.build("stack", {"methods": ["lora_plus", "bitfit"]}), folders["gpt2"])
    keep(first.trained(), first.method, tmp_path)
    assert Continued(adapter=tmp_path).pace("x.lora_B.default.weight") == 16.0
