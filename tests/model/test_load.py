import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tunesmith.core.errors import BadBase
from tunesmith.model.chat import PLAIN_TEMPLATE
from tunesmith.model.load import fingerprint, load, load_chat, read_context


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """Give a copy of the tiny base that a test may damage."""
    return shutil.copytree(tiny_folder, tmp_path / "base")


def change(path: Path, **values: Any) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | values), encoding="utf-8")


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def torn(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


def renamed(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights["model.norms.weight"] = weights.pop("model.norm.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def without_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (pickled, r"no safetensors weights \(found: pytorch_model\.bin\)\. Pickled weights are never loaded"),
        (
            lambda folder: (folder / "model.safetensors").unlink(),
            r"no safetensors weights \(found: no weights\)",
        ),
        (renamed, r"It lacks 1 tensors, such as \['model\.norm\.weight'\]"),
        (torn, "cannot be loaded as a language model"),
        (lambda folder: (folder / "config.json").unlink(), "holds no model"),
        (lambda folder: change(folder / "config.json", auto_map={}), "asks for code of its own"),
        (
            lambda folder: change(folder / "config.json", model_type="llamma"),
            r"llamma|cannot be loaded|can be used",
        ),
        (without_tokenizer, "has no tokenizer that can be used"),
        (lambda folder: change(folder / "tokenizer_config.json", eos_token=None), "names no end token"),
        (lambda folder: change(folder / "config.json", vocab_size=200), "cannot be loaded as a language"),
    ],
)
def test_a_base_that_cannot_be_used_is_refused_with_the_reason(
    damage: Callable[[Path], None], message: str, folder: Path
) -> None:
    damage(folder)
    with pytest.raises(BadBase, match=message):
        load("base", folder)


def test_a_tokenizer_with_more_tokens_than_the_model_has_rows_is_refused(folder: Path) -> None:
    change(folder / "config.json", vocab_size=200)
    with pytest.raises(BadBase, match="tokenizer knows 300 tokens, the model only 200"):
        load("base", folder, "random")


def test_a_base_is_loaded_in_float32_and_not_in_training(folder: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    halves = {name: tensor.to(torch.bfloat16) for name, tensor in weights.items()}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    change(folder / "config.json", dtype="bfloat16")
    model = load("base", folder)
    assert {parameter.dtype for parameter in model.network.parameters()} == {torch.float32}
    assert not model.network.training
    assert (model.name, model.folder, model.context) == ("base", folder, 256)


def test_a_random_start_needs_no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert load("base", folder, "random").network.num_parameters() > 10_000


def test_a_base_without_a_template_gets_the_plain_one(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    assert load_chat(folder).tokenizer.chat_template == PLAIN_TEMPLATE


def test_the_context_is_what_both_model_and_tokenizer_take(folder: Path) -> None:
    chat = load_chat(folder)
    change(folder / "config.json", max_position_embeddings=64)
    assert read_context(folder, chat) == 64
    change(folder / "config.json", max_position_embeddings=4096)
    assert read_context(folder, chat) == 256
    change(folder / "config.json", max_position_embeddings=None)
    chat.tokenizer.model_max_length = int(1e30)
    with pytest.raises(BadBase, match="does not state its context length"):
        read_context(folder, chat)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"]
)
def test_what_decides_the_answers_changes_the_fingerprint(name: str, folder: Path) -> None:
    before = fingerprint(folder)
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    assert fingerprint(folder) != before


def test_what_decides_nothing_leaves_the_fingerprint_alone(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / "README.md").write_text("A base.", encoding="utf-8")
    assert fingerprint(folder) == before


@pytest.mark.parametrize(
    ("files", "licence"),
    [
        ({}, "not stated by the base"),
        ({"LICENSE": "\n   Apache License\n   Version 2.0"}, "Apache License"),
        ({"README.md": "---\nlicense: mit\n---\n"}, "mit"),
        ({"README.md": "---\nlicense: apache-2.0\n---\n", "LICENSE": "Apache License"}, "apache-2.0"),
        ({"README.md": "Words.", "LICENSE.txt": "MIT License"}, "MIT License"),
    ],
)
def test_the_licence_is_read_from_the_card_or_the_licence_file(
    files: dict[str, str], licence: str, folder: Path
) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert load("base", folder).licence == licence
