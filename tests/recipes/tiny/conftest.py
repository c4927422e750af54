"""A folder of made-up text collections, and what the scripts make of it."""

import sys
from pathlib import Path

import pytest

# Scripts import their neighbours by bare name, as they do when run from the command line.
sys.path[:0] = [str(Path(__file__).parents[3] / "recipes" / "tiny"), str(Path(__file__).parent)]

from made_up import Built, write_collections  # noqa: E402  # found by the line above


@pytest.fixture(scope="session")
def texts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("collections")
    write_collections(folder)
    return folder


@pytest.fixture(scope="session")
def built(texts_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    import corpus

    data = tmp_path_factory.mktemp("built")
    corpus.main(["--texts", str(texts_folder), "--out", str(data)])
    return Built(texts_folder, data)


@pytest.fixture(scope="session")
def start(built: Built) -> Path:
    import tokenizer

    folder = built.data / "start"
    tokenizer.main(["--data", str(built.data), "--out", str(folder), "--vocabulary", "700"])
    return folder
