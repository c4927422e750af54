"""What is typed to open a project is understood, or refused with what to type instead."""

import json

import pytest

from annotation_projects import settings
from tunesmith.core.errors import BadData, BadOption, BadRecipe, TunesmithError
from tunesmith.data.source.jsonl import Jsonl
from tunesmith.lifecycle.annotate_options import check_fit, doubts_of, parsed, settings_of, source_of


@pytest.fixture
def tickets(tmp_path):
    file = tmp_path / "tickets.csv"
    file.write_text("text,label\nIt broke.,complaint\nLovely!,praise\n")
    return file


def test_options_are_read_as_in_a_recipe():
    found = parsed(["overlap=0.3", "labels=[yes, no]", "title=My rows", "multiple=true"])
    assert found == {"overlap": 0.3, "labels": ["yes", "no"], "title": "My rows", "multiple": True}
    with pytest.raises(BadRecipe, match="is no option"):
        parsed(["overlap"])


def test_a_file_is_a_source_and_its_options_are_taken(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"a": "one", "b": "two"}\n')
    options = {"source.columns.prompt": "b", "source.columns.completion": "a", "overlap": 0.5}
    (row,) = source_of(tmp_path / "rows.jsonl", options).read()
    assert (row.prompt[0].content, row.reference) == ("two", "one")
    assert options == {"overlap": 0.5}


def test_a_recipe_stands_for_its_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text('{"text": "one"}\n')
    page = "name: a\ngoal: Be kind.\ndata: {source: {name: jsonl, path: rows.jsonl}}\n"
    (tmp_path / "recipe.yaml").write_text(page)
    source = source_of(tmp_path / "recipe.yaml", {})
    assert isinstance(source, Jsonl)
    assert source.gives() == "text"


def test_an_audit_s_json_and_plain_lines_name_doubtful_rows(tmp_path):
    audit = {
        "findings": [
            {"check": "label_errors", "examples": ["a b.csv:12 (byte 300): praise, perhaps complaint"]}
        ]
    }
    (tmp_path / "audit.json").write_text(json.dumps(audit, indent=1))
    assert doubts_of(tmp_path / "audit.json") == {"a b.csv:12": "label_errors"}
    (tmp_path / "rows.txt").write_text("# by hand\n  rows.csv:3 (byte 9): unlikely\nrows.csv:7\n")
    assert doubts_of(tmp_path / "rows.txt") == {"rows.csv:3": "unlikely", "rows.csv:7": "named by an audit"}
    assert doubts_of(None) == {}


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [("none.txt", b"nothing here\n", BadData), ("bytes", b"\xff\xfe", BadOption)],
)
def test_a_file_that_names_no_row_is_refused(tmp_path, name, content, error):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error):
        doubts_of(tmp_path / name)
    with pytest.raises(BadOption, match="cannot be read"):
        doubts_of(tmp_path / "nowhere")


def test_labels_come_from_the_rows_unless_they_are_named(tickets):
    source = source_of(tickets, {})
    assert settings_of({}, None, source, "labels").labels == ("complaint", "praise")
    assert settings_of({"labels": ["b", 1, True]}, None, source, "labels").labels == ("b", "1", "true")


def test_labels_and_guidelines_can_lie_in_files(tmp_path):
    (tmp_path / "labels.txt").write_text("one\n\ntwo\n")
    (tmp_path / "labels.json").write_text('["three", "four"]')
    (tmp_path / "guide.md").write_text("Be kind.\n")
    for file, labels in (("labels.txt", ("one", "two")), ("labels.json", ("three", "four"))):
        options = {"labels": str(tmp_path / file), "guidelines": str(tmp_path / "guide.md")}
        found = settings_of(options, None, None, "text")
        assert (found.labels, found.guidelines) == (labels, "Be kind.\n")
    assert (
        settings_of({"labels": ["a", "b"], "guidelines": "As you like."}, None, None, "text").guidelines
        == "As you like."
    )


@pytest.mark.parametrize(
    ("kind", "work"),
    [
        ("labels", "labels"),
        ("conversations", "answers"),
        ("prompts", "labels"),
        ("pairs", "ranking"),
        ("ratings", "ratings"),
    ],
)
def test_the_usual_work_follows_the_kind_of_rows(kind, work):
    assert settings_of({"labels": ["a", "b"]}, None, None, kind).work == work


def test_new_options_are_laid_over_those_of_the_project():
    found = settings_of({"overlap": 0.5}, settings(title="Mine"), None, None)
    assert found == settings(title="Mine", overlap=0.5)


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({}, None, "Name a file of rows"),
        ({"lables": ["a"]}, "text", "Did you mean 'labels'"),
        ({}, "text", "Name at least two labels"),
        ({"labels": ["a", "a"]}, "text", "A label is named twice"),
        ({"labels": "nowhere.txt"}, "text", "nowhere.txt cannot be read"),
        ({"labels": ["a", "b"], "highest": 12}, "text", "highest: Input should be less than or equal to 9"),
        ({"work": "singing"}, "text", "work: Input should be 'labels'"),
        (
            {"work": "labels"},
            "conversations",
            "For such rows there is work=answers and work=ranking and work=ratings",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(options, kind, said):
    with pytest.raises(BadOption) as caught:
        settings_of(options, None, None, kind)
    assert said in str(caught.value)
    assert "found {'work'" not in str(caught.value)


def test_work_rows_and_model_must_belong_together():
    check_fit(settings(), settings(title="Other"), "labels", None)
    check_fit(settings("ranking"), None, "conversations", "tiny")
    check_fit(settings("ranking"), None, "pairs", None)
    for asked, before, kind, model, said in (
        (settings("ratings"), settings(), None, None, "This project is for labels"),
        (settings("ranking"), None, "conversations", None, "Name a model that writes another"),
        (settings(), None, "labels", "tiny", "--model writes answers"),
    ):
        with pytest.raises(TunesmithError, match=said):
            check_fit(asked, before, kind, model)


def test_rows_that_no_work_takes_are_refused(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"words": ["Ada"], "tags": ["B-PER"]}\n')
    with pytest.raises(BadOption, match="gives tags, and there is no work yet"):
        settings_of({}, None, Jsonl(path=path), "tags")
    with pytest.raises(BadOption, match="gives tags, and there is no work yet"):
        settings_of({"labels": ["a", "b"]}, settings(), Jsonl(path=path), "tags")
