import shutil
from pathlib import Path

import pytest

from finished_run import FinishedRun
from tiny_models import build_tiny_llama
from tunesmith.core.cards import Decoding
from tunesmith.core.errors import BadBase, DamagedFile
from tunesmith.core.example import Message
from tunesmith.export import manifest
from tunesmith.export.read import load_base
from tunesmith.generation.backend.local import Local
from tunesmith.lifecycle.loaded import Loaded, load
from tunesmith.lifecycle.probe import LOADERS

SHORT = Decoding(max_tokens=8)


@pytest.fixture(scope="module")
def loaded(finished_run: FinishedRun) -> Loaded:
    return load(finished_run.package)


def test_a_package_answers_as_it_did_when_it_was_evaluated(loaded: Loaded, finished_run: FinishedRun) -> None:
    samples = finished_run.finished.report.samples
    assert len(samples) >= 4
    assert [loaded.generate(sample.prompt, SHORT) for sample in samples] == [one.tuned for one in samples]


def test_a_question_is_a_conversation_of_one_turn(loaded: Loaded) -> None:
    assert loaded.generate("Hello?", SHORT) == loaded.generate((Message("user", "Hello?"),), SHORT)


def test_pieces_add_up_to_the_answer(loaded: Loaded) -> None:
    turns = (Message("system", "Be brief."), Message("user", "Where is order 3?"))
    pieces = list(loaded.stream(turns, SHORT))
    assert len(pieces) > 1
    assert "".join(pieces) == loaded.generate(turns, SHORT)


def test_an_answer_is_greedy_and_long_unless_told_otherwise(loaded: Loaded) -> None:
    prompt = loaded.model.chat.encode_prompt((Message("user", "Hi"),))
    (whole,) = Local().generate(loaded.model, [prompt], Decoding(temperature=0.0, max_tokens=256))
    assert loaded.generate("Hi") == whole.text


def test_a_changed_package_is_refused(finished_run: FinishedRun, tmp_path: Path) -> None:
    copy = shutil.copytree(finished_run.package, tmp_path / "package")
    (copy / "README.md").write_text("changed")
    with pytest.raises(DamagedFile, match=r"README\.md is not what was written"):
        load(copy)


def test_the_very_base_of_a_package_is_found(finished_run: FinishedRun, tiny_folder: Path) -> None:
    wanted = manifest.read(finished_run.package).base
    assert load_base(wanted, LOADERS).folder == tiny_folder.resolve()
    moved = wanted.model_copy(update={"folder": str(tiny_folder.parent / "gone")})
    assert load_base(moved, LOADERS).fingerprint == wanted.fingerprint


def test_another_base_at_its_place_is_refused(finished_run: FinishedRun, tmp_path: Path) -> None:
    build_tiny_llama(tmp_path / "other", seed=1)
    place = str(tmp_path / "other")
    wanted = manifest.read(finished_run.package).base.model_copy(update={"folder": place, "name": place})
    with pytest.raises(BadBase, match="is another model, or has changed since"):
        load_base(wanted, LOADERS)
    gone = wanted.model_copy(update={"folder": "./gone", "name": "./gone"})
    with pytest.raises(BadBase, match=r"There is no base at './gone'.*Put that base back"):
        load_base(gone, LOADERS)
