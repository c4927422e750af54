"""A package in service answers like the trained model, and remembers only if it is told to."""

from pathlib import Path

from small_runs import make_run
from tunesmith.core.cards import Decoding, Message
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
    opened.traces.close()
    assert (trace.id, trace.answer, trace.messages) == (reply.id, said, ASKED)
