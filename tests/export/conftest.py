"""Models after two optimizer steps and packages of them; what a test damages it copies first."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from method_trials import folders
from trained_models import build_tiny_gpt2, facts_of_a_run, train_two_steps
from tunesmith.core.cards import Model
from tunesmith.export import manifest, package
from tunesmith.export.exporter.adapter import Adapter
from tunesmith.export.exporter.merged import Merged
from tunesmith.method.lora import LoRA
from tunesmith.model.load import load

__all__ = ["folders"]


@pytest.fixture(scope="session")
def base_folders(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the folders of a Llama and a GPT-2."""
    gpt2 = tmp_path_factory.mktemp("tiny") / "tiny-gpt2"
    build_tiny_gpt2(gpt2)
    return {"llama": tiny_folder, "gpt2": gpt2}


@pytest.fixture(params=["llama", "gpt2"])
def base_folder(request: pytest.FixtureRequest, base_folders: dict[str, Path]) -> Path:
    """Give one base after the other."""
    return base_folders[request.param]


@pytest.fixture
def trained(base_folder: Path) -> Model:
    """Give a LoRA-tuned model of every base."""
    return train_two_steps(LoRA(rank=4).apply(load("a base", base_folder), seed=3))


@pytest.fixture(scope="session")
def packages(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give one package of either kind; do not write to them."""
    root = tmp_path_factory.mktemp("packages")
    for kind, exporter in (("adapter", Adapter()), ("weights", Merged())):
        model = train_two_steps(LoRA(rank=4).apply(load("tiny-llama", tiny_folder), seed=3))
        package.write(model, LoRA(rank=4), exporter, root / kind, facts_of_a_run())
    return {kind: root / kind for kind in ("adapter", "weights")}


@pytest.fixture
def adapter(packages: dict[str, Path], tmp_path: Path) -> Path:
    """Give a copy of the adapter's package."""
    return shutil.copytree(packages["adapter"], tmp_path / "adapter")


@pytest.fixture
def weights(packages: dict[str, Path], tmp_path: Path) -> Path:
    """Give a copy of the weights' package."""
    return shutil.copytree(packages["weights"], tmp_path / "weights")


@pytest.fixture
def sign() -> Callable[[Path], None]:
    """Give what makes a changed package look whole: the manifest with the hashes of the files as they are."""

    def sign_again(folder: Path) -> None:
        changed = manifest.read(folder).model_copy(update={"files": manifest.hashes(folder)})
        manifest.write(changed, folder)

    return sign_again
