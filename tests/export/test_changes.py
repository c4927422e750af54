from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from method_trials import METHODS, Folders, Trial, keep, learning
from tunesmith.core.errors import DamagedFile
from tunesmith.core.kept import CHANGES
from tunesmith.export import changes
from tunesmith.method.bitfit import BitFit
from tunesmith.method.continued import Continued
from tunesmith.method.pfeiffer import Pfeiffer


def test_a_file_holds_the_tensors_and_says_which_method_makes_room(tmp_path: Path) -> None:
    tensors = {"b": torch.arange(6.0).view(2, 3).T, "a": torch.ones(2)}
    changes.write(tensors, Pfeiffer(size=5), tmp_path)
    stored = load_file(tmp_path / CHANGES)
    assert stored.keys() == tensors.keys()
    assert all(torch.equal(tensor, stored[name]) for name, tensor in tensors.items())
    name, options = changes.method_of(tmp_path)
    assert METHODS.build(name, options) == Pfeiffer(size=5)


def test_a_method_that_went_on_names_the_one_that_began(folders: Folders, tmp_path: Path) -> None:
    first = Trial(BitFit(), folders["gpt2"])
    keep(first.trained(), first.method, tmp_path / "first")
    then = Continued(adapter=tmp_path / "first")
    assert changes.maker(then) == BitFit()
    changes.write({"a": torch.ones(1)}, then, tmp_path)
    assert changes.method_of(tmp_path) == ("bitfit", {})


def test_what_no_adapter_holds_is_listed(folders: Folders) -> None:
    assert changes.beside_adapter(Trial(METHODS.build("lora", {}), folders["llama"]).start().network) == {}
    for name in ("p_tuning", "prefix"):
        assert changes.beside_adapter(Trial(METHODS.build(name, {}), folders["llama"]).start().network) == {}
    biases = Trial(BitFit(), folders["gpt2"]).start()
    assert changes.beside_adapter(biases.network).keys() == learning(biases).keys()


def test_tensors_are_placed_by_name(folders: Folders, tmp_path: Path) -> None:
    method = Pfeiffer(size=5)
    trained = Trial(method, folders["llama"]).trained()
    changes.write(changes.beside_adapter(trained.network), method, tmp_path)
    fresh = Trial(method, folders["llama"]).start()
    changes.place(fresh.network, tmp_path)
    expected = learning(trained)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in learning(fresh).items())


def test_a_shape_that_does_not_fit_is_named_with_both_sides(folders: Folders, tmp_path: Path) -> None:
    trained = Trial(Pfeiffer(size=5), folders["llama"]).trained()
    changes.write(changes.beside_adapter(trained.network), Pfeiffer(size=5), tmp_path)
    with pytest.raises(DamagedFile, match=r"has shape \[5, 64\], the base takes \[6, 64\]"):
        changes.place(Trial(Pfeiffer(size=6), folders["llama"]).start().network, tmp_path)


@pytest.mark.parametrize(
    "about",
    [None, {"format": "1"}, {"format": "x", "method": "{}"}, {"format": "1", "method": "{"}],
)
def test_a_file_that_does_not_say_how_it_was_made_is_damaged(
    about: dict[str, str] | None, tmp_path: Path
) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / CHANGES, metadata=about)
    with pytest.raises(DamagedFile, match="does not say how it was made"):
        changes.method_of(tmp_path)


def test_a_file_that_is_none_is_damaged(tmp_path: Path) -> None:
    (tmp_path / CHANGES).write_bytes(b"nothing")
    with pytest.raises(DamagedFile, match="does not say how it was made"):
        changes.method_of(tmp_path)


def test_a_newer_format_asks_for_a_newer_version(tmp_path: Path) -> None:
    method = '{"name": "bitfit", "options": {}}'
    save_file({"a": torch.ones(1)}, tmp_path / CHANGES, metadata={"format": "2", "method": method})
    with pytest.raises(DamagedFile, match="format 2; this version reads up to 1"):
        changes.method_of(tmp_path)
