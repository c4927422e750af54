"""A package in service answers like the trained model, and remembers only if it is told to."""

import shutil
from pathlib import Path

import pytest

from finished_run import FinishedRun
from small_runs import make_run
from tunesmith.core.cards import Decoding
from tunesmith.core.errors import BadOption, DamagedFile, UnknownName
from tunesmith.core.example import Message
from tunesmith.lifecycle.loaded import load
from tunesmith.lifecycle.service import open_service

ASKED = (Message("user", "Where is order 7?"),)


def test_a_service_answers_like_the_loaded_package_and_keeps_nothing_by_default(
    tiny_folder: Path, tmp_path: Path
) -> None:
    package = make_run(tmp_path / "run", tiny_folder).package
    opened = open_service(package, None)
    pieces = opened.service.answer(ASKED, Decoding(max_tokens=8)).pieces
    assert "".join(piece.text for piece in pieces) == load(package).generate(ASKED, Decoding(max_tokens=8))
    assert opened.traces is None
    assert list(tmp_path.glob("*.db")) == []


def test_a_service_with_traces_keeps_every_answer(tiny_folder: Path, tmp_path: Path) -> None:
    package = make_run(tmp_path / "run", tiny_folder).package
    opened = open_service(package, str(tmp_path / "traces.db"))
    assert opened.traces is not None
    reply = opened.service.answer(ASKED, Decoding(max_tokens=4))
    said = "".join(piece.text for piece in reply.pieces)
    (trace,) = opened.traces.all()
    opened.close()
    assert list(tmp_path.glob("traces.db-*")) == []  # SQLite takes them away when the last one closes
    assert (trace.id, trace.answer, trace.messages) == (reply.id, said, ASKED)


def test_a_service_answers_with_the_backend_that_is_named(finished_run: FinishedRun) -> None:
    opened = open_service(finished_run.package, None, "echo")
    pieces = opened.service.answer(ASKED, Decoding()).pieces
    assert "".join(piece.text for piece in pieces) == "Where is order 7?"


def test_what_is_named_wrongly_is_said_before_weights_are_read(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    package = shutil.copytree(finished_run.package, tmp_path / "package")
    (package / "adapter_model.safetensors").write_bytes(b"damaged")
    with pytest.raises(UnknownName, match="Did you mean 'local'"):
        open_service(package, None, "lokal")
    with pytest.raises(BadOption, match="cannot hold traces"):
        open_service(package, str(tmp_path / "nowhere" / "traces.db"))
    with pytest.raises(DamagedFile, match=r"package\.json is missing"):
        open_service(tmp_path, str(tmp_path / "traces.db"))
    assert not (tmp_path / "traces.db").exists()


def test_the_traces_are_closed_where_the_package_cannot_be_loaded(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    package = shutil.copytree(finished_run.package, tmp_path / "package")
    (package / "adapter_model.safetensors").write_bytes(b"damaged")
    with pytest.raises(DamagedFile, match="is not what was written"):
        open_service(package, str(tmp_path / "traces.db"))
    assert list(tmp_path.glob("traces.db-*")) == []  # SQLite takes them away when the last one closes
