from dataclasses import replace

from method_trials import Folders, Trial
from tunesmith.method import _low_rank
from tunesmith.method.rslora import RankStabilisedLoRA


def test_the_scale_is_alpha_over_the_root_of_the_rank_and_stays_where_ranks_differ(folders: Folders) -> None:
    method = RankStabilisedLoRA(rank=16, alpha=8.0, ranks={"v_proj": 4})
    found = _low_rank.layers(Trial(method, folders["llama"]).start().network)
    scales = {layer.scaling["default"] for layer in found}
    assert scales == {2.0}
    other = Trial(replace(method, alphas={"v_proj": 2.0}), folders["llama"]).start()
    assert {layer.scaling["default"] for layer in _low_rank.layers(other.network)} == {1.0, 2.0}
