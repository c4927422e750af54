"""What is exported is read back as what was annotated, and what was left out is named."""

import pytest

from annotation_projects import answered, pair, project, say, settings, text
from tunesmith.core.errors import BadOption
from tunesmith.core.example import Example, Message, Place, ToolCall
from tunesmith.data.source.annotations import Annotations
from tunesmith.data.source.jsonl import Jsonl
from tunesmith.lifecycle.annotate_export import export

CALL = ToolCall("track", '{"order": 1}', "c1")
CONVERSATION = Example(
    Place("rows.jsonl", 1, 0),
    (
        Message("system", "Be kind."),
        Message("user", "Where is it?", name="eve"),
        Message("assistant", "", 0.0, "Look it up.", (CALL,)),
        Message("tool", "In the post.", name="track", call="c1"),
        Message("assistant", "In the post."),
    ),
    tools='[{"type": "function", "function": {"name": "track", "parameters": {"type": "object"}}}]',
)
RANKED = {"answers": ["In the post.", "Nowhere."], "order": [[1], [0]]}
CASES = {
    "labels": (text(1), settings(), "labels", ["praise"]),
    "several labels": (text(1), settings(multiple=True), "labels", ["praise", "question"]),
    "answers": (CONVERSATION, settings("answers"), "written", "On its way."),
    "ratings": (answered(1), settings("ratings"), "rating", 4),
    "ranking": (pair(1), settings("ranking"), "ranking", RANKED),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_exported_is_read_back(tmp_path, case):
    row, asked, kind, value = CASES[case]
    store = project(tmp_path / "p.sqlite", [row], asked)
    store.save(say(1, "ann", value, kind=kind), now=1.0)
    store.close()
    said = export(tmp_path / "p.sqlite", tmp_path / "out.jsonl", [])
    assert said[1] == f"written:  {tmp_path / 'out.jsonl'}, rows: 1"
    read, annotated = Jsonl(path=tmp_path / "out.jsonl"), Annotations(path=tmp_path / "p.sqlite")
    assert read.gives() == annotated.gives()
    (found,), (wanted,) = read.read(), annotated.read()
    assert isinstance(found, Example)
    assert isinstance(wanted, Example)
    for name in ("messages", "labels", "value"):
        assert getattr(found, name) == getattr(wanted, name), name
    assert [turn.content for turn in found.rejected] == [turn.content for turn in wanted.rejected]
    assert bool(found.tools) == bool(wanted.tools)
    assert found.fields == {"annotators": 1, "agreement": 1.0}


def test_what_is_left_out_is_named_and_nothing_is_overwritten(tmp_path):
    store = project(tmp_path / "p.sqlite", [text(1), text(2)])
    for person, label in (("ann", "praise"), ("bob", "complaint")):
        store.save(say(1, person, [label]), now=1.0)
    store.save(say(2, "ann", ["praise"]), now=1.0)
    store.close()
    said = export(tmp_path / "p.sqlite", tmp_path / "out.jsonl", [])
    assert "1 of 2 rows decided" in said[0]
    assert said[2].startswith(f"left out: {text(1).place}: annotators disagree: ann: praise; bob: complaint")
    before = (tmp_path / "out.jsonl").read_bytes()
    with pytest.raises(BadOption, match="nothing is overwritten"):
        export(tmp_path / "p.sqlite", tmp_path / "out.jsonl", [])
    assert (tmp_path / "out.jsonl").read_bytes() == before


def test_the_policy_is_an_option(tmp_path):
    store = project(tmp_path / "p.sqlite", [text(1)])
    for person, label in (("ann", "praise"), ("bob", "complaint")):
        store.save(say(1, person, [label]), now=1.0)
    store.close()
    export(tmp_path / "p.sqlite", tmp_path / "bob.jsonl", ["policy=single", "annotator=bob"])
    (row,) = Jsonl(path=tmp_path / "bob.jsonl").read()
    assert isinstance(row, Example)
    assert row.labels == ("complaint",)
    with pytest.raises(BadOption, match="polcy"):
        export(tmp_path / "p.sqlite", tmp_path / "x.jsonl", ["polcy=single"])
