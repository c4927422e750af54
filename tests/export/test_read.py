import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from method_trials import CLASSES, METHODS, Folders, Trial, keep, loaders_of
from trained_models import PROMPTS, next_token_logits
from tunesmith.core.errors import BadBase, DamagedFile
from tunesmith.core.example import Message
from tunesmith.export import manifest
from tunesmith.export.read import Loaders, load, read
from tunesmith.model import load as models
from tunesmith.model.find import find

LOADERS = Loaders(
    find=find,
    model=lambda name, folder, task: models.load(name, folder, task=task),
    chat=models.load_chat,
)
Sign = Callable[[Path], None]


def test_reading_gives_the_card_of_a_whole_package(adapter: Path) -> None:
    package = read(adapter)
    assert (package.name, package.kind, package.base, package.folder) == (
        "demo",
        "adapter",
        "tiny-llama",
        adapter,
    )
    assert len(package.files) == 11


def test_adapter_and_merged_package_answer_alike(adapter: Path, weights: Path) -> None:
    models_of = [load(folder, LOADERS) for folder in (adapter, weights)]
    one, two = (next_token_logits(model.network, PROMPTS) for model in models_of)
    assert (one - two).abs().max() < 1e-5
    assert {model.name for model in models_of} == {"demo"}
    assert {model.context for model in models_of} == {256}


def test_a_loaded_adapter_is_frozen_and_not_in_training(adapter: Path) -> None:
    network = load(adapter, LOADERS).network
    assert not network.training
    assert not [name for name, parameter in network.named_parameters() if parameter.requires_grad]


def test_any_flipped_bit_is_found_and_its_file_named(adapter: Path) -> None:
    names = sorted(read(adapter).files)
    assert len(names) == 11
    for name in names:
        path = adapter / name
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(DamagedFile, match=rf"{name} is not what was written"):
            load(adapter, LOADERS)
        path.write_bytes(content)
    read(adapter)


def test_any_missing_file_is_named(weights: Path) -> None:
    names = [*sorted(read(weights).files), "package.json"]
    assert len(names) == 12
    for name in names:
        (weights / name).rename(weights.parent / "away")
        with pytest.raises(DamagedFile, match=rf"{name} is missing"):
            load(weights, LOADERS)
        (weights.parent / "away").rename(weights / name)
    read(weights)


@pytest.mark.parametrize("name", ["adapter_config.json", "model.safetensors.index.json", "probe/more.json"])
def test_a_file_that_was_not_packaged_is_refused(weights: Path, name: str) -> None:
    (weights / name).write_text("{}", encoding="utf-8")
    with pytest.raises(DamagedFile, match=rf"{name} is not part of the package"):
        load(weights, LOADERS)


def test_hidden_files_of_those_who_keep_a_package_do_not_matter(adapter: Path) -> None:
    (adapter / ".git").mkdir()
    (adapter / ".git" / "HEAD").write_text("x", encoding="utf-8")
    (adapter / ".gitattributes").write_text("x", encoding="utf-8")
    assert len(read(adapter).files) == 11


def test_what_is_loaded_is_what_was_verified(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_text, names = Path.read_text, list[str]()

    def noted(path: Path, *arguments: Any, **options: Any) -> str:
        names.append(path.name)
        return read_text(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", noted)
    assert load(adapter, LOADERS).name == "demo"
    assert names.count(manifest.FILE) == 1  # read again, it could be another


def test_a_renamed_key_is_refused_with_both_sides(adapter: Path, sign: Sign) -> None:
    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    old = next(name for name in sorted(tensors) if "lora_B" in name)
    tensors[old.replace("base_model.", "base_model.wrong.")] = tensors.pop(old)
    save_file(tensors, path)
    sign(adapter)
    with pytest.raises(DamagedFile, match=rf"safetensors does not fit.*missing.*{old}.*unexpected.*wrong"):
        load(adapter, LOADERS)


def test_a_tensor_too_many_is_refused(adapter: Path, sign: Sign) -> None:
    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    tensors["base_model.model.lm_head.lora_A.weight"] = tensors[sorted(tensors)[0]].clone()
    save_file(tensors, path)
    sign(adapter)
    with pytest.raises(DamagedFile, match=r"missing \[\], unexpected \['base_model\.model\.lm_head"):
        load(adapter, LOADERS)


def test_a_tensor_too_few_is_refused(adapter: Path, sign: Sign) -> None:
    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    del tensors["base_model.model.model.layers.1.mlp.up_proj.lora_B.weight"]
    save_file(tensors, path)
    sign(adapter)
    with pytest.raises(
        DamagedFile, match=r"missing \['base_model.*up_proj\.lora_B\.weight'\], unexpected \[\]"
    ):
        load(adapter, LOADERS)


def test_a_tensor_of_another_shape_is_refused(adapter: Path, sign: Sign) -> None:
    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    name = next(name for name in sorted(tensors) if "q_proj.lora_A" in name)
    tensors[name] = tensors[name][:2].contiguous()
    save_file(tensors, path)
    sign(adapter)
    with pytest.raises(
        DamagedFile, match=r"q_proj.lora_A.weight has shape \[2, 32\], the base takes \[4, 32\]"
    ):
        load(adapter, LOADERS)


def test_another_base_in_the_same_place_is_refused(adapter: Path, tiny_folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(tiny_folder, tmp_path / "base")
    weights = load_file(other / "model.safetensors")
    weights["model.norm.weight"] += 0.01
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    move_base(adapter, name=str(other), folder=other)
    with pytest.raises(BadBase, match=r"The base .*is another model, or has changed since"):
        load(adapter, LOADERS)


def test_a_base_that_is_gone_is_named_with_the_way_out(adapter: Path, tmp_path: Path) -> None:
    move_base(adapter, name=str(tmp_path / "gone"), folder=tmp_path / "gone")
    with pytest.raises(BadBase, match=r"is not there.*no base at .*gone.*export: merged"):
        load(adapter, LOADERS)


def test_a_base_is_found_by_its_name_where_its_folder_is_gone(
    adapter: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    move_base(adapter, name=str(tiny_folder), folder=tmp_path / "gone")
    assert load(adapter, LOADERS).name == "demo"


def test_a_changed_base_in_its_folder_does_not_hide_the_right_one_under_its_name(
    adapter: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(tiny_folder, tmp_path / "base")
    template = (other / "chat_template.jinja").read_text(encoding="utf-8")
    (other / "chat_template.jinja").write_text(template + " ", encoding="utf-8")
    move_base(adapter, name=str(tiny_folder), folder=other)
    assert load(adapter, LOADERS).name == "demo"


def test_an_adapters_own_template_rules_over_that_of_its_base(adapter: Path, sign: Sign) -> None:
    path = adapter / "chat_template.jinja"
    path.write_text(path.read_text(encoding="utf-8").replace("<|assistant|>", "<|user|>"), encoding="utf-8")
    sign(adapter)
    chat = load(adapter, LOADERS).chat
    base = models.load_chat(Path(manifest.read(adapter).base.folder))
    messages = [Message("user", "Hello")]
    assert chat.encode_prompt(messages)[-1] != base.encode_prompt(messages)[-1]


def move_base(package: Path, name: str, folder: Path) -> None:
    path = package / manifest.FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    content["base"] |= {"name": name, "folder": str(folder)}
    path.write_text(json.dumps(content), encoding="utf-8")


def test_what_peft_holds_none_of_needs_a_way_to_make_room_for_it(folders: Folders, tmp_path: Path) -> None:
    tried = Trial(METHODS.build("pfeiffer", {"size": 8}), folders["llama"])
    keep(tried.trained(), tried.method, tmp_path)
    way = loaders_of(tried)
    none = Loaders(find=way.find, model=way.model, chat=way.chat)
    with pytest.raises(BadBase, match="was changed with method pfeiffer, and no way to apply it was given"):
        load(tmp_path, none)


def test_a_tensor_too_many_or_too_few_among_changes_is_refused(folders: Folders, tmp_path: Path) -> None:
    tried = Trial(METHODS.build("pfeiffer", {"size": 8}), folders["llama"])
    keep(tried.trained(), tried.method, tmp_path)
    path = tmp_path / "changes.safetensors"
    with safe_open(path, framework="pt") as file:
        about = file.metadata()
    stored = load_file(path)
    old = sorted(stored)[0]
    stored["elsewhere"] = stored.pop(old)
    save_file(stored, path, metadata=about)
    changed = manifest.read(tmp_path).model_copy(update={"files": manifest.hashes(tmp_path)})
    manifest.write(changed, tmp_path)
    with pytest.raises(DamagedFile, match=rf"missing \['{old}'\], unexpected \['elsewhere'\]"):
        load(tmp_path, loaders_of(tried))


def test_an_adapter_of_a_base_that_does_not_chat_comes_with_the_bases_tokenizer(
    folders: Folders, tmp_path: Path
) -> None:
    tried = Trial(METHODS.build("lora", {"rank": 4}), folders["bert"], CLASSES)
    keep(tried.trained(), tried.method, tmp_path)
    chat = load(tmp_path, replace(loaders_of(tried), chat=models.load_chat)).chat
    assert type(chat) is type(tried.base().chat)
    assert chat.fingerprint == tried.base().chat.fingerprint
