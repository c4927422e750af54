"""A correction lands beside its trace, and from there in the next recipe's data."""

from pathlib import Path
from typing import Any

import pytest

from tunesmith.core.cards import Model
from tunesmith.core.example import Message
from tunesmith.core.recipe import Data, Recipe, Selection
from tunesmith.data.source.jsonl import Jsonl
from tunesmith.doors.api.state import State
from tunesmith.generation.backend.echo import Echo
from tunesmith.monitoring.trace_store import TraceStore
from tunesmith.retraining.propose import propose
from tunesmith.retraining.trigger.corrections import Corrections
from tunesmith.serving.answer import Service


def ask(server, text: str, **options: Any) -> str:
    question: Any = [{"role": "user", "content": text}]
    return server.client.chat.completions.create(model="tiny-llama", messages=question, **options).id


def correct(server, name: str, correction: str) -> Any:
    return server.http.post("/v1/feedback", json={"completion_id": name, "correction": correction})


def test_a_correction_is_kept_and_a_later_one_replaces_it(start, traces: TraceStore) -> None:
    server = start(Echo(), clock=lambda: 50.5)
    name = ask(server, "Hi")
    first = correct(server, name, "Hello €")
    assert first.json() == {
        "object": "feedback",
        "completion_id": name,
        "created": 50,
        "correction": "Hello €",
        "replaced": None,
    }
    assert correct(server, name, "Hello!").json()["replaced"] == "Hello €"
    (trace,) = traces.all()
    assert (trace.id, trace.answer, trace.correction) == (name, "Hi", "Hello!")


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_can_be_corrected_as_soon_as_it_has_ended(start, stream: bool) -> None:
    server = start(Echo())
    question: Any = [{"role": "user", "content": "Hi"}]
    answer: Any = server.client.chat.completions.create(model="tiny-llama", messages=question, stream=stream)
    name = [chunk.id for chunk in answer][-1] if stream else answer.id
    assert correct(server, name, "Better.").status_code == 200


def test_an_unknown_answer_cannot_be_corrected(server) -> None:
    reply = correct(server, "chatcmpl-none", "Better.")
    assert reply.status_code == 404
    error = reply.json()["error"]
    assert (error["param"], error["code"]) == ("completion_id", "completion_not_found")


@pytest.mark.parametrize("correction", ["", "  \n "])
def test_an_empty_correction_is_refused(server, correction: str) -> None:
    reply = correct(server, "chatcmpl-none", correction)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "correction")


def test_without_traces_there_is_nothing_to_correct(serving, tiny_model: Model) -> None:
    service = Service(tiny_model, Echo(), lambda trace: None)
    with serving(State({"tiny-llama": service}, None)) as server:
        reply = correct(server, "chatcmpl-none", "Better.")
    assert reply.status_code == 404
    assert "keeps no traces" in reply.json()["error"]["message"]


def test_corrections_become_the_data_of_the_next_recipe(start, traces: TraceStore, tmp_path: Path) -> None:
    server = start(Echo())
    name = ask(server, "Where is my order?")
    ask(server, "Thank you.")
    correct(server, name, "It left our house this morning.")
    kept = traces.all()
    assert Corrections(minimum=1).judge(kept).fires
    previous = Recipe(name="shop", goal="Be kind.", data=Data(source=Selection(name="jsonl")))
    path = tmp_path / "corrections.jsonl"
    proposal = propose(previous, "shop-run", [], kept, path)
    path.write_text("\n".join(proposal.rows), encoding="utf-8")
    (row,) = Jsonl(path=Path(proposal.recipe.data.source.options["path"])).read()
    assert row.messages == (
        Message("user", "Where is my order?"),
        Message("assistant", "It left our house this morning."),
    )
