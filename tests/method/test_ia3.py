from typing import Any

import pytest

from method_trials import WIDTH, Folders, Trial, learning
from tunesmith.core.errors import BadOption
from tunesmith.method.ia3 import IA3


def trial(folders: Folders, architecture: str, **options: Any) -> Trial:
    return Trial(IA3(**options), folders[architecture])


def test_the_layers_that_are_usual_for_the_base_are_scaled(folders: Folders) -> None:
    names = learning(trial(folders, "llama").start())
    assert {name.split(".")[-3] for name in names} == {"k_proj", "v_proj", "down_proj"}
    sizes = {name.split(".")[-3]: tensor.numel() for name, tensor in names.items()}
    assert sizes == {"k_proj": WIDTH // 2, "v_proj": WIDTH // 2, "down_proj": 2 * WIDTH}


def test_chosen_layers_are_scaled_where_they_give_and_where_they_read(folders: Folders) -> None:
    names = learning(trial(folders, "llama", outputs=("up_proj",), inputs=("o_proj",)).start())
    sizes = {name.split(".")[-3]: tensor.numel() for name, tensor in names.items()}
    assert sizes == {"up_proj": 2 * WIDTH, "o_proj": WIDTH}


def test_a_layer_that_is_not_there_is_refused_with_the_closest(folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"no linear layer called 'k_porj'\. Did you mean 'k_proj'\?"):
        trial(folders, "llama", outputs=("k_porj",)).start()


def test_an_architecture_nobody_knows_is_refused_with_its_layers(folders: Folders) -> None:
    network = trial(folders, "llama").base().network
    network.config.model_type = "unheard_of"
    assert "not known for unheard_of: name them in `outputs` and `inputs`" in IA3().refuses(network)
    assert "down_proj" in IA3().refuses(network)
    assert IA3(outputs=("v_proj",)).refuses(network) == ""
