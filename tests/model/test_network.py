import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from tiny_readers import TASKS
from tunesmith.core.errors import BadBase
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.model.network import family_of, load_network, skeleton


def copied(folder: Path, to: Path) -> Path:
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


def test_how_a_network_reads_is_told_from_its_configuration(
    bert_folder: Path, t5_folder: Path, tiny_folder: Path
) -> None:
    assert [family_of(folder) for folder in (bert_folder, t5_folder, tiny_folder)] == [
        "encoder",
        "encoder-decoder",
        "decoder",
    ]


@pytest.mark.parametrize("task", TASKS)
def test_the_head_is_that_of_the_task(task: str, bert_folder: Path) -> None:
    network = load_network(bert_folder, TASKS[task])
    outputs = {"language": 96, "number": 1}.get(task, 3)
    assert network(input_ids=torch.tensor([[1, 5, 2]])).logits.shape[-1] == outputs
    if TASKS[task].labels:
        assert network.config.id2label == dict(enumerate(TASKS[task].labels))


def test_the_body_is_the_base_s_and_the_new_head_follows_the_seed_alone(bert_folder: Path) -> None:
    networks = []
    for before, seed in ((1, 7), (2, 7), (3, 8)):
        torch.manual_seed(before)
        networks.append(load_network(bert_folder, TASKS["classes"], seed=seed))
    heads = [network.classifier.weight for network in networks]  # type: ignore[union-attr]
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])
    stored = load_file(bert_folder / "model.safetensors")
    found = networks[0].state_dict()
    body = [name for name in stored if name.startswith("bert.")]
    assert len(body) > 30
    assert all(torch.equal(stored[name], found[name]) for name in body)


def test_a_body_saved_alone_is_enough_for_a_new_head_but_not_for_its_old_one(
    bert_folder: Path, tmp_path: Path
) -> None:
    folder = copied(bert_folder, tmp_path / "body")
    AutoModel.from_pretrained(bert_folder).save_pretrained(folder)
    load_network(folder, TASKS["classes"])
    with pytest.raises(
        BadBase, match=r"weights are not those of a BertForMaskedLM. It lacks .* such as .*cls"
    ):
        load_network(folder, LANGUAGE)


def test_a_new_head_is_nothing_to_be_warned_of(
    bert_folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    load_network(bert_folder, TASKS["classes"])
    assert [record.message for record in caplog.records if record.name.startswith("transformers")] == []


def test_vectors_need_every_tensor_of_the_body_and_no_head(bert_folder: Path, tmp_path: Path) -> None:
    folder = copied(bert_folder, tmp_path / "odd")
    load_network(folder, Task("vector"))  # the head that it came with is not used
    tensors = load_file(folder / "model.safetensors")
    del tensors["bert.encoder.layer.1.output.dense.bias"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(BadBase, match=r"It lacks 1 tensors, such as .*layer\.1\.output\.dense\.bias"):
        load_network(folder, Task("vector"))


@pytest.mark.parametrize("task", ["language", "classes"])
def test_a_body_with_a_tensor_too_few_or_too_many_is_refused_and_both_are_listed(
    task: str, bert_folder: Path, tmp_path: Path
) -> None:
    folder = copied(bert_folder, tmp_path / "odd")
    tensors = load_file(folder / "model.safetensors")
    name = "bert.encoder.layer.1.output.dense.bias"
    tensors["bert.encoder.layer.1.output.thick.bias"] = tensors.pop(name)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(BadBase) as error:
        load_network(folder, TASKS[task])
    assert name in str(error.value)
    assert "and has 1 others, such as ['bert.encoder.layer.1.output.thick.bias']" in str(error.value)


def test_a_skeleton_has_shapes_but_no_values(bert_folder: Path) -> None:
    network = skeleton(bert_folder, Task("number"))
    shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
    real = {name: p.shape for name, p in load_network(bert_folder, Task("number")).named_parameters()}
    assert shapes == real
    assert all(parameter.is_meta for parameter in network.parameters())


def test_a_task_that_the_architecture_has_no_head_for_is_refused(tmp_path: Path) -> None:
    from tiny_readers import reader_of

    reader_of("bart").save_pretrained(tmp_path)
    with pytest.raises(BadBase, match="cannot be loaded to tag words"):
        load_network(tmp_path, TASKS["tags"])
