from typing import Any

import pytest

from method_trials import Folders, Trial, learning
from tunesmith.method.houlsby import Houlsby


def trial(folders: Folders, architecture: str, **options: Any) -> Trial:
    return Trial(Houlsby(size=8, **options), folders[architecture])


@pytest.mark.parametrize(
    ("architecture", "places"),
    [
        ("llama", {"self_attn.o_proj", "mlp.down_proj"}),
        ("gpt2", {"attn.c_proj", "mlp.c_proj"}),
        ("bert", {"attention.output.dense", "output.dense"}),
        ("t5", {"SelfAttention.o", "EncDecAttention.o", "DenseReluDense.wo"}),
    ],
)
def test_small_layers_are_where_attention_and_feed_forward_end(
    folders: Folders, architecture: str, places: set[str]
) -> None:
    names = learning(trial(folders, architecture, norms=False).start())
    owners = {name.split(".small.")[0] for name in names}
    ends = {end for end in places for owner in owners if owner.endswith(f".{end}")}
    assert ends == places
    assert len(owners) == (10 if architecture == "t5" else 4)
    assert len(names) == 4 * len(owners)


def test_norms_learn_as_in_the_paper_unless_told_otherwise(folders: Folders) -> None:
    more, fewer = (learning(trial(folders, "llama", norms=norms).start()) for norms in (True, False))
    assert {name.rsplit(".", 2)[-2] for name in more.keys() - fewer.keys()} == {
        "input_layernorm",
        "post_attention_layernorm",
        "norm",
    }
