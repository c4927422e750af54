import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from small_runs import make_run
from tiny_models import build_tiny_llama
from trained_models import PROMPTS, next_token_logits
from tunesmith.core.errors import BadRecipe, DamagedFile
from tunesmith.export import manifest
from tunesmith.export.read import load as load_package
from tunesmith.lifecycle.federate import Federated, federate
from tunesmith.lifecycle.probe import LOADERS
from tunesmith.lifecycle.run_folder import RunFolder
from tunesmith.model.load import load

CHANGES = (("method.rank=4",), ("method.rank=2", "method.alpha=6.0", "seed=8"))
ROWS = (40, 25)


@pytest.fixture(scope="module")
def parties(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[RunFolder]:
    """Give two runs of one base with other rows, ranks and scales; do not write to them."""
    root = tmp_path_factory.mktemp("parties")
    return [
        make_run(root / f"party-{number}", tiny_folder, *changes, count=count)
        for number, (changes, count) in enumerate(zip(CHANGES, ROWS, strict=True))
    ]


@pytest.fixture(scope="module")
def federated(parties: list[RunFolder], tmp_path_factory: pytest.TempPathFactory) -> Federated:
    """Give a federation of what the module says a party needs to send, and of nothing else."""
    root = tmp_path_factory.mktemp("federated")
    sent = [send(run, root / run.path.parent.name / run.path.name) for run in parties]
    return federate(sent, root / "package", lambda: datetime(2026, 1, 2, tzinfo=UTC))


def send(run: RunFolder, folder: Path) -> Path:
    """Copy package, counts and recipe of a run to a place where its rows are not."""
    shutil.copytree(run.package, folder / "package")
    shutil.copy(run.path / "ledger.json", folder)
    page = (run.path / "recipe.yaml").read_text(encoding="utf-8")
    (folder / "recipe.yaml").write_text(page.replace("rows.jsonl", "gone.jsonl"), encoding="utf-8")
    return folder


def test_the_package_answers_like_the_base_with_the_average_of_all_changes(
    federated: Federated, parties: list[RunFolder], tiny_folder: Path
) -> None:
    base = load("tiny", tiny_folder)
    trained = [
        json.loads((p.path / "ledger.json").read_text())["splits"]["train"]["tokens_trained"] for p in parties
    ]
    weights = dict(base.network.named_parameters())
    with torch.no_grad():
        for run, tokens, scale in zip(parties, trained, (32 / 4, 6 / 2), strict=True):
            tensors = load_file(run.package / "adapter_model.safetensors")
            for name in (name for name in tensors if ".lora_A." in name):
                change = tensors[name.replace("lora_A", "lora_B")].double() @ tensors[name].double()
                layer = name.removeprefix("base_model.model.").replace(".lora_A", "")
                weights[layer] += (tokens / sum(trained) * scale * change).float()
    expected = next_token_logits(base.network, PROMPTS)
    found = next_token_logits(load_package(federated.package.folder, LOADERS).network, PROMPTS)
    plain = next_token_logits(load("tiny", tiny_folder).network, PROMPTS)
    assert (expected - plain).abs().max() > 0.1
    assert (found - expected).abs().max() < 1e-4


def test_shares_follow_the_trained_tokens_and_ranks_add_up(federated: Federated) -> None:
    tokens = [party.adapter.trained for party in federated.parties]
    assert tokens[0] > tokens[1] > 0
    assert federated.shares == (tokens[0] / sum(tokens), tokens[1] / sum(tokens))
    assert federated.rank == 6
    assert federated.notes == ()


def test_the_card_says_who_took_part_and_that_nothing_was_evaluated(federated: Federated) -> None:
    card = (federated.package.folder / "README.md").read_text(encoding="utf-8")
    for party, share in zip(federated.parties, federated.shares, strict=True):
        assert f"{party.folder.name}: {share:.1%} of the average" in card
    assert "65 rows and" in card
    assert "seed: 7 -> 8" in card
    assert "It was not evaluated" in card
    assert "rank 6, alpha 6.0" in card


def test_no_row_is_in_the_package(federated: Federated) -> None:
    files = [path for path in federated.package.folder.rglob("*") if path.is_file()]
    assert len(files) >= 8
    assert not [path.name for path in files if b"is on its way" in path.read_bytes()]


def test_rows_are_not_needed(federated: Federated) -> None:
    for party in federated.parties:
        assert not Path(party.recipe.data.source.options["path"]).exists()
        assert {path.name for path in party.folder.iterdir()} == {"package", "ledger.json", "recipe.yaml"}


def test_nothing_that_is_there_is_overwritten(parties: list[RunFolder], tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="exists already"):
        federate([run.path for run in parties], tmp_path)


def test_a_run_does_not_count_twice(parties: list[RunFolder], tmp_path: Path) -> None:
    path = parties[0].path
    with pytest.raises(BadRecipe, match="named twice"):
        federate([path, path / ".." / path.name], tmp_path / "package")


def test_runs_of_different_bases_are_refused(parties: list[RunFolder], tmp_path: Path) -> None:
    build_tiny_llama(tmp_path / "other", seed=1)
    other = make_run(tmp_path / "party", tmp_path / "other")
    with pytest.raises(BadRecipe, match="different bases"):
        federate([parties[0].path, other.path], tmp_path / "package")
    assert not (tmp_path / "package").exists()


def test_runs_that_changed_other_layers_are_refused(
    parties: list[RunFolder], tmp_path: Path, tiny_folder: Path
) -> None:
    other = make_run(tmp_path / "party", tiny_folder, "method.targets=[q_proj]")
    with pytest.raises(BadRecipe, match=r"only .* changes .*down_proj.*; only .* changes nothing"):
        federate([parties[0].path, other.path], tmp_path / "package")


def test_whole_weights_are_refused(parties: list[RunFolder], tmp_path: Path, tiny_folder: Path) -> None:
    other = make_run(tmp_path / "party", tiny_folder, "export=merged")
    with pytest.raises(BadRecipe, match="holds the weights of method lora; only adapters"):
        federate([parties[0].path, other.path], tmp_path / "package")


def test_a_changed_adapter_is_refused(parties: list[RunFolder], tmp_path: Path) -> None:
    copy = shutil.copytree(parties[1].path, tmp_path / "copy")
    path = copy / "package" / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(DamagedFile, match="is not what was written"):
        federate([parties[0].path, copy], tmp_path / "package")


def test_a_run_without_counts_or_package_is_refused(parties: list[RunFolder], tmp_path: Path) -> None:
    copy = shutil.copytree(parties[1].path, tmp_path / "copy")
    shutil.rmtree(copy / "package")
    with pytest.raises(DamagedFile, match=rf"{manifest.FILE} is missing"):
        federate([parties[0].path, copy], tmp_path / "package")
    (copy / "ledger.json").unlink()
    with pytest.raises(BadRecipe, match=r"has no ledger\.json"):
        federate([parties[0].path, copy], tmp_path / "package")
