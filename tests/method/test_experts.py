import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from method_trials import (
    CLASSES,
    METHODS,
    Folders,
    Trial,
    check_kept,
    check_training,
    every,
    keep,
    loaded,
    outputs,
    plain_peft,
    train,
)
from tunesmith.core.errors import BadOption, DamagedFile
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method._mixture import Mixture
from tunesmith.method.continued import Continued
from tunesmith.method.experts import Experts

LORA = {"rank": 4, "alpha": 4.0}
OTHER = {"rank": 2, "targets": ["q_proj", "up_proj"], "ranks": {"up_proj": 3}}


def adapter(
    name: str, options: dict[str, Any], base: Path, folder: Path, task: Task = LANGUAGE, steps: int = 2
) -> Path:
    """Train an adapter for some steps, and keep it."""
    method = METHODS.build(name, options)
    model = method.apply(loaded(base, task, 5), steps)
    train(model, steps)
    keep(method.settle(model), method, folder)
    return folder


@pytest.fixture
def two(folders: Folders, tmp_path: Path) -> tuple[Path, Path]:
    """Give two adapters of one base, of other ranks and layers."""
    base = folders["llama"]
    return (
        adapter("lora", LORA, base, tmp_path / "first"),
        adapter("rslora", OTHER, base, tmp_path / "second", steps=5),
    )


def mixed(adapters: Sequence[Path], base: Path, task: Task = LANGUAGE) -> Trial:
    return Trial(Experts(adapters=tuple(adapters)), base, task)


def mixtures(network: torch.nn.Module) -> list[Mixture]:
    return [layer for layer in network.modules() if isinstance(layer, Mixture)]


def only(number: int, mixture: Mixture) -> None:
    """Let all be used of one expert and nothing of the other, whatever is read; the first has 4 ranks."""
    is_first = torch.arange(len(mixture.router_RI)) < 4
    shares = (is_first if number == 0 else ~is_first).float()
    mixture.shares = lambda x: shares.expand(*x.shape[:-1], -1)  # type: ignore[method-assign]  # to see one alone


@pytest.mark.parametrize("number", [0, 1])
def test_an_expert_that_is_asked_alone_answers_as_its_adapter(
    number: int, two: tuple[Path, Path], folders: Folders
) -> None:
    trial = mixed(two, folders["llama"])
    model = trial.start()
    for mixture in mixtures(model.network):
        only(number, mixture)
    expected = outputs(plain_peft(trial, two[number]))
    assert not torch.allclose(expected, outputs(trial.base()), atol=1e-3)
    torch.testing.assert_close(outputs(model), expected, rtol=1e-5, atol=1e-5)


def test_at_first_there_is_half_of_every_change(two: tuple[Path, Path], folders: Folders) -> None:
    model = mixed((two[0], two[0]), folders["llama"]).start()
    expected = outputs(plain_peft(mixed(two, folders["llama"]), two[0]))  # half of it, and half of it
    torch.testing.assert_close(outputs(model), expected, rtol=1e-5, atol=1e-5)
    one, *_ = mixtures(model.network)
    shares = one.shares(torch.randn(3, 5, 64))
    assert torch.equal(shares, torch.full((3, 5, 8), 0.5))


def test_only_routers_learn_one_for_each_changed_layer(two: tuple[Path, Path], folders: Folders) -> None:
    names = check_training(mixed(two, folders["llama"]))
    assert len(names) == 14
    assert all(name.endswith(".router_RI") for name in names)


def test_a_layer_that_only_one_adapter_changes_has_its_ranks_alone(
    two: tuple[Path, Path], folders: Folders
) -> None:
    layers = dict(mixed(two, folders["llama"]).start().network.named_modules())
    ranks = {name: len(layer.router_RI) for name, layer in layers.items() if isinstance(layer, Mixture)}
    assert ranks["model.layers.0.self_attn.q_proj"] == 4 + 2
    assert ranks["model.layers.0.mlp.up_proj"] == 4 + 3
    assert ranks["model.layers.0.mlp.down_proj"] == 4


@every(("gpt2", LANGUAGE), ("t5", LANGUAGE))
def test_every_family_that_takes_low_rank_changes_takes_their_mixture(
    folders: Folders, architecture: str, task: Task, tmp_path: Path
) -> None:
    base = folders[architecture]
    made = [adapter("lora", LORA, base, tmp_path / str(steps), task, steps) for steps in (2, 5)]
    trial = mixed(made, base, task)
    check_training(trial)
    check_kept(trial, tmp_path / "mixture", 1e-5)


def test_a_package_holds_all_it_needs(two: tuple[Path, Path], folders: Folders, tmp_path: Path) -> None:
    trial = mixed(two, folders["llama"])
    trained = trial.trained()
    expected = outputs(trained)
    keep(trained, trial.method, tmp_path / "package")
    for folder in two:
        shutil.rmtree(folder)
    moved = (tmp_path / "package").rename(tmp_path / "elsewhere")
    assert all(name.endswith(".router_RI") for name in load_file(moved / "changes.safetensors"))
    from method_trials import loaders_of
    from tunesmith.export.read import load

    torch.testing.assert_close(outputs(load(moved, loaders_of(trial))), expected, rtol=1e-5, atol=1e-5)
    alone = plain_peft(trial, moved / "experts" / "1")  # each stays an adapter of its own
    assert not torch.allclose(outputs(alone), expected, atol=1e-4)


def test_a_mixture_goes_on_from_its_package(two: tuple[Path, Path], folders: Folders, tmp_path: Path) -> None:
    trial = mixed(two, folders["llama"])
    keep(trial.trained(), trial.method, tmp_path / "package")
    again = Trial(Continued(adapter=tmp_path / "package"), folders["llama"])
    torch.testing.assert_close(outputs(again.start()), outputs(trial.trained()), rtol=1e-5, atol=1e-5)
    check_kept(again, tmp_path / "further", 1e-5)


def test_an_adapter_learns_beside_the_experts_and_all_is_kept(
    two: tuple[Path, Path], folders: Folders, tmp_path: Path
) -> None:
    experts = {"name": "experts", "adapters": [str(folder) for folder in two]}
    method = METHODS.build("stack", {"methods": [experts, {"name": "lora", **LORA}]})
    trial = Trial(method, folders["llama"])
    torch.testing.assert_close(
        outputs(trial.start()), outputs(mixed(two, folders["llama"]).start()), rtol=1e-5, atol=1e-5
    )
    names = check_training(trial)
    assert {name.rsplit(".", 1)[-1] for name in names} == {"router_RI", "weight"}
    check_kept(trial, tmp_path / "package", 1e-5)
    assert (tmp_path / "package" / "experts" / "1" / "adapter_config.json").is_file()
    assert (tmp_path / "package" / "adapter_config.json").is_file()


def test_it_does_not_merge(two: tuple[Path, Path], folders: Folders) -> None:
    trial = mixed(two, folders["llama"])
    assert not trial.method.merges
    with pytest.raises(BadOption, match="a mixture cannot become weights"):
        trial.method.merge(trial.start())


def test_what_is_no_low_rank_adapter_is_refused_by_its_folder(folders: Folders, tmp_path: Path) -> None:
    base = folders["llama"]
    good = adapter("lora", LORA, base, tmp_path / "good")
    cases = {
        "empty": (None, "holds no low-rank adapter"),
        "dora": (("dora", {"rank": 2}), "holds an adapter of kind DORA"),
        "vera": (("vera", {"rank": 4}), "holds an adapter of kind VERA"),
        "pfeiffer": (("pfeiffer", {}), "holds no low-rank adapter"),
    }
    for place, (made, reason) in cases.items():
        if made is not None:
            adapter(*made, base, tmp_path / place)
        with pytest.raises(BadOption, match=reason):
            mixed((good, tmp_path / place), base).start()


def test_a_network_with_a_head_takes_no_experts(folders: Folders, tmp_path: Path) -> None:
    made = [adapter("lora", LORA, folders["bert"], tmp_path / str(steps), CLASSES, steps) for steps in (1, 2)]
    with pytest.raises(BadOption, match="It has a new head, and experts have none"):
        mixed(made, folders["bert"], CLASSES).start()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("bias", "all"),
        ("init_lora_weights", "pissa"),
        ("lora_bias", True),
        ("modules_to_save", ["lm_head"]),
        ("target_parameters", ["experts.down_proj"]),
        ("trainable_token_indices", [3]),
    ],
)
def test_what_is_more_than_changes_of_layers_is_refused_and_named(
    option: str, value: object, two: tuple[Path, Path], folders: Folders
) -> None:
    path = two[1] / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), option: value}))
    with pytest.raises(BadOption, match=f"second has more than changes of layers: {option} is "):
        mixed(two, folders["llama"]).start()


def test_changed_embeddings_are_refused_and_the_base_is_left_as_it_was(
    two: tuple[Path, Path], folders: Folders, tmp_path: Path
) -> None:
    other = adapter("lora", {**LORA, "embeddings": True}, folders["llama"], tmp_path / "embeddings")
    with pytest.raises(BadOption, match=r"embeddings changes model\.embed_tokens, which is no linear"):
        mixed((two[0], other), folders["llama"]).start()


def test_the_base_stays_as_it_was(two: tuple[Path, Path], folders: Folders) -> None:
    trial = mixed(two, folders["llama"])
    before = trial.base().network.state_dict()
    after = trial.start().network.state_dict()
    assert all(torch.equal(after.get(name, after.get(_inside(name))), each) for name, each in before.items())  # type: ignore[arg-type]  # one of the two is there


def _inside(name: str) -> str:
    place, _, last = name.rpartition(".")
    return f"{place}.base.{last}"


def test_an_adapter_that_is_gone_is_named_when_a_package_is_written(
    two: tuple[Path, Path], folders: Folders, tmp_path: Path
) -> None:
    trial = mixed(two, folders["llama"])
    trained = trial.trained()
    shutil.rmtree(two[1])
    with pytest.raises(DamagedFile, match=r"second/adapter_config\.json is gone, and a package needs it"):
        keep(trained, trial.method, tmp_path / "package")


def test_one_adapter_is_no_mixture(two: tuple[Path, Path]) -> None:
    with pytest.raises(BadOption, match="at least 2"):
        METHODS.build("experts", {"adapters": [str(two[0])]})


def test_an_adapter_of_another_base_is_refused(two: tuple[Path, Path], folders: Folders) -> None:
    described = json.loads((two[1] / "package.json").read_text(encoding="utf-8"))
    described["base"]["fingerprint"] = "0" * 64
    (two[1] / "package.json").write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(BadOption, match="was made from llama, which is another model or has changed"):
        mixed(two, folders["llama"]).start()


def test_relative_paths_are_seen_from_the_package(tmp_path: Path) -> None:
    method = Experts(adapters=(Path("experts/0"), Path("experts/1")))
    assert method.within(tmp_path) == replace(
        method, adapters=(tmp_path / "experts/0", tmp_path / "experts/1")
    )
