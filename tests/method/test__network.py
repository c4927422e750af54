import pytest
import torch
from accelerate import init_empty_weights
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

from method_trials import CLASSES, CONFIGURATIONS, FOUR, TAGS, VECTOR, Folders, loaded
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method import _network
from tunesmith.model.network import skeleton

FAMILIES = {"llama": "decoder", "gpt2": "decoder", "bert": "encoder", "t5": "encoder-decoder"}


@pytest.mark.parametrize("architecture", FAMILIES)
@pytest.mark.parametrize("task", [LANGUAGE, CLASSES, TAGS, VECTOR], ids=lambda task: task.says)
def test_a_network_tells_its_family_and_what_it_says(folders: Folders, architecture: str, task: Task) -> None:
    for network in (loaded(folders[architecture], task, 0).network, skeleton(folders[architecture], task)):
        assert _network.family(network) == FAMILIES[architecture]
        assert _network.says(network) == task.says


def test_a_number_is_said_by_what_tells_classes(folders: Folders) -> None:
    assert _network.says(loaded(folders["bert"], Task("number"), 0).network) == "classes"


@pytest.mark.parametrize(
    ("architecture", "task", "names"),
    [
        ("llama", CLASSES, {"score"}),
        ("llama", LANGUAGE, set()),
        ("bert", CLASSES, {"bert.pooler", "classifier"}),
        ("bert", TAGS, {"classifier"}),
        ("bert", VECTOR, set()),
        ("t5", CLASSES, {"classification_head"}),
        ("t5", LANGUAGE, set()),
    ],
)
def test_the_head_is_what_is_new_for_a_task(
    folders: Folders, architecture: str, task: Task, names: set[str]
) -> None:
    assert _network.head(loaded(folders[architecture], task, 0).network).keys() == names


def test_a_head_of_several_parts_is_found_whole() -> None:
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 32}
    with init_empty_weights():
        deberta = AutoModelForSequenceClassification.from_config(AutoConfig.for_model("deberta-v2", **shape))
        modern = AutoModelForSequenceClassification.from_config(AutoConfig.for_model("modernbert", **shape))
    assert _network.head(deberta).keys() == {"pooler", "classifier"}
    assert _network.head(modern).keys() == {"head", "classifier"}


def test_a_pooling_layer_is_not_read_where_vectors_are_said(folders: Folders) -> None:
    vector, classes = (loaded(folders["bert"], task, 0).network for task in (VECTOR, CLASSES))
    assert _network.unread(vector) == {"pooler.dense.weight", "pooler.dense.bias"}
    assert _network.unread(classes) == set()


def test_linear_layers_of_the_body_are_listed_without_output_head_and_pooling(folders: Folders) -> None:
    counts = {
        (architecture, task.says): len(_network.linear(loaded(folders[architecture], task, 0).network))
        for architecture, task in (*FOUR, ("bert", VECTOR), ("t5", CLASSES))
    }
    assert counts == {
        ("llama", "language"): 14,
        ("gpt2", "language"): 8,
        ("bert", "classes"): 12,
        ("t5", "language"): 32,
        ("bert", "vector"): 12,
        ("t5", "classes"): 32,
    }


def test_names_are_short_unless_they_would_fit_more(folders: Folders) -> None:
    assert _network.kinds(loaded(folders["gpt2"], LANGUAGE, 0).network) == ["c_attn", "c_fc", "c_proj"]
    vector = loaded(folders["bert"], VECTOR, 0).network  # `dense` would fit the pooling layer, too
    assert _network.kinds(vector) == _network.linear(vector)


def test_all_norms_are_found_but_those_of_a_head(folders: Folders) -> None:
    assert len(_network.norms(loaded(folders["llama"], LANGUAGE, 0).network)) == 5
    assert len(_network.norms(loaded(folders["t5"], LANGUAGE, 0).network)) == 12
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 32}
    config = AutoConfig.for_model("modernbert", **shape)
    body, whole = AutoModel.from_config(config), AutoModelForSequenceClassification.from_config(config)
    assert [f"model.{name}" for name in _network.norms(body)] == _network.norms(whole)


def test_what_learns_is_widened_with_the_head_and_all_else_frozen(folders: Folders) -> None:
    network = loaded(folders["llama"], CLASSES, 0).network.bfloat16()
    assert not _network.is_wide(network)
    _network.learn(network, ["model.norm.weight"])
    learning = {name: each.dtype for name, each in network.named_parameters() if each.requires_grad}
    assert learning == dict.fromkeys(("model.norm.weight", "score.weight"), torch.float32)
    assert _network.is_wide(network.float())


def test_a_reason_is_an_error_that_names_method_and_base(folders: Folders) -> None:
    base = loaded(folders["llama"], LANGUAGE, 0)
    _network.check("", base, "lora")
    with pytest.raises(BadOption, match=r"method\.lora: llama cannot be changed this way\. Because\."):
        _network.check("Because.", base, "lora")


def test_every_configuration_of_the_trials_is_known() -> None:
    assert {"llama", "gpt2", "bert", "t5"} <= CONFIGURATIONS.keys()
