from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData, BadOption, UnknownName
from tunesmith.core.example import BadRow, Example
from tunesmith.core.registry import Registry
from tunesmith.data.source.csv import Csv
from tunesmith.data.source.file import File
from tunesmith.data.source.mix import Mix, Part

SOURCES = Registry("data.source", Source)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with files of several kinds, in which one stands."""
    (tmp_path / "labels.csv").write_text("text,label,split\na,x,old\nb\n")
    (tmp_path / "chat.jsonl").write_text('{"prompt": "p", "completion": "c"}\n')
    (tmp_path / "notes.txt").write_text("text")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "labels.csv").write_text("text,label\nc,z\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def file(path, **options):
    return Part(source=File(path=Path(path)), **options)


def test_every_row_keeps_the_name_of_its_source_its_weight_and_its_side(folder):
    mix = Mix(sources=(file("labels.csv", times=2.5, side="train", name="support"), file("chat.jsonl")))
    labelled, bad, chat = mix.read()
    assert (labelled.source, labelled.times, labelled.fields) == ("support", 2.5, {"split": "train"})
    assert isinstance(bad, BadRow)
    assert (chat.source, chat.times, chat.fields) == ("chat.jsonl", 1.0, {})
    assert (labelled.label, chat.reference) == ("x", "c")
    assert str(labelled.place) == "labels.csv:2 (byte 17)"


def test_weights_multiply(folder):
    class Twice(Csv):
        def read(self):
            yield from (Example(row.place, text="t", times=2.0) for row in super().read())

    (row, _) = Mix(sources=(Part(source=Twice(path=Path("labels.csv")), times=3.0),)).read()
    assert row.times == 6.0


def test_without_a_side_what_the_row_says_itself_stands(folder):
    assert next(Mix(sources=(file("labels.csv"),)).read()).fields == {"split": "old"}


def test_conversations_and_labels_mix_as_conversations(folder):
    assert Mix(sources=(file("labels.csv"), file("chat.jsonl"))).gives() == "conversations"
    assert Mix(sources=(file("labels.csv"),)).gives() == "labels"
    assert Mix(sources=(file("notes.txt"),)).gives() == "text"


def test_other_kinds_do_not_mix_and_each_is_named_with_its_source(folder):
    with pytest.raises(BadData, match=r"do not mix: talk gives conversations, notes\.txt gives text\."):
        Mix(sources=(file("chat.jsonl", name="talk"), file("notes.txt"))).gives()


def test_what_is_mixed_and_how_is_said(folder):
    mix = Mix(sources=(file("labels.csv", times=2, side="test"), file("chat.jsonl", name="talk")))
    said = mix.reads_as()
    assert said.startswith(
        "a mix of 2 sources: (1) labels.csv (each row 2 times, all for test): CSV with columns"
    )
    assert "; (2) talk: JSONL with columns 'prompt' and 'completion'" in said


def test_a_source_that_is_there_twice_is_refused_and_two_of_one_name_are_asked_for_others(folder):
    twice = Mix(sources=(file("labels.csv"), file("chat.jsonl"), file("labels.csv", name="again")))
    otherwise = Mix(sources=(file("labels.csv"), Part(source=Csv(path=Path("labels.csv"), delimiter=";"))))
    alike = Mix(sources=(file("labels.csv"), file("deep/labels.csv")))
    named = Mix(sources=(file("labels.csv"), file("deep/labels.csv", name="deep")))
    for ask in (Mix.gives, Mix.reads_as, lambda mix: list(mix.read())):
        with pytest.raises(BadOption, match=r"again is there twice\. Give it once, with times: 2"):
            ask(twice)
        with pytest.raises(BadOption, match=r"labels\.csv is there twice"):
            ask(otherwise)
        with pytest.raises(BadOption, match=r"two are called 'labels\.csv'\. .*sources\.1\.name"):
            ask(alike)
        assert ask(named)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"name": "url", "url": "https://host/deep/rows.csv?key=1"}, "https://host/deep/rows.csv"),
        ({"name": "hub", "repository": "org/name@main"}, "org/name@main"),
        ({"name": "folder", "path": "papers/old"}, "old"),
    ],
)
def test_a_source_without_a_name_is_called_by_where_it_is(options, name):
    assert SOURCES.build("mix", {"sources": [{"source": options}]}).sources[0].called == name


def test_the_fingerprint_follows_every_part(folder):
    prints = {
        Mix(sources=(file("labels.csv"),)).fingerprint(),
        Mix(sources=(file("labels.csv", times=2),)).fingerprint(),
        Mix(sources=(file("labels.csv", side="train"),)).fingerprint(),
        Mix(sources=(file("labels.csv", name="n"),)).fingerprint(),
        Mix(sources=(file("chat.jsonl"),)).fingerprint(),
        Mix(sources=(file("labels.csv"), file("chat.jsonl"))).fingerprint(),
    }
    assert len(prints) == 6
    assert None not in prints


def test_where_a_part_cannot_tell_the_mix_cannot_either(folder):
    class Changing(Csv):
        def fingerprint(self):
            return None

    assert (
        Mix(sources=(file("chat.jsonl"), Part(source=Changing(path=Path("labels.csv"))))).fingerprint()
        is None
    )


WRITTEN = {"sources": [{"source": {"name": "csv", "path": "labels.csv"}, "times": 2, "side": "train"}]}


def test_a_mix_is_built_from_a_recipe_and_written_out_with_every_default():
    mix = SOURCES.build("mix", WRITTEN)
    assert mix == Mix(sources=(Part(source=Csv(path=Path("labels.csv")), times=2.0, side="train"),))
    written = TypeAdapter(Mix).dump_python(mix, mode="json")
    (part,) = written["sources"]
    assert list(part) == ["source", "times", "side", "name"]
    assert part["source"]["name"] == "csv"
    assert part["source"].keys() > {"path", "columns", "delimiter"}
    assert SOURCES.build("mix", written) == mix
    assert SOURCES.build("mix", {"sources": [{"source": {"name": "hub", "repository": "org/name"}}]})


@pytest.mark.parametrize(
    ("part", "error", "message"),
    [
        (
            {"source": {"name": "cvs", "path": "a"}},
            UnknownName,
            "No source is called 'cvs'. Did you mean 'csv'?",
        ),
        (
            {"source": {"name": "csv", "pth": "a"}},
            BadOption,
            "source.csv.pth: there is no such option. Did you",
        ),
        ({"source": "csv"}, BadOption, "source.csv.path"),
        ({"source": {"path": "a"}}, BadOption, "Write a source and its options: {name: csv, path: a.csv}"),
        ({"source": 3}, BadOption, "Write a source and its options"),
        ({"source": {"name": "mix", "sources": []}}, BadOption, "A mix holds no other mix"),
        (
            {"source": {"name": "csv", "path": "a"}, "tims": 2},
            BadOption,
            "there is no 'tims'. Did you mean 'times'?",
        ),
        ({"source": {"name": "csv", "path": "a"}, "times": 0}, BadOption, "greater than 0"),
        (
            {"source": {"name": "csv", "path": "a"}, "side": "dev"},
            BadOption,
            "'train', 'validation' or 'test'",
        ),
        ({"times": 2}, BadOption, "source.mix.sources.0.source"),
    ],
)
def test_a_part_that_cannot_be_built_is_refused_by_name(part, error, message):
    with pytest.raises(error) as caught:
        SOURCES.build("mix", {"sources": [part]})
    assert message in str(caught.value)


def test_a_mix_of_nothing_is_refused():
    with pytest.raises(BadOption, match=r"sources: .*at least 1 item"):
        SOURCES.build("mix", {"sources": []})


def test_parts_of_one_data_set_are_others():
    train, test, pinned = (
        {"name": "hub", "repository": "org/name", "split": "train"},
        {"name": "hub", "repository": "org/name", "split": "test"},
        {"name": "hub", "repository": "org/name", "split": "test", "subset": "de"},
    )
    mix = SOURCES.build("mix", {"sources": [{"source": s, "name": str(s)} for s in (train, test, pinned)]})
    mix._check_names()
