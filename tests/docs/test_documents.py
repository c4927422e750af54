"""What the documents claim: links lead somewhere, commands parse, recipes are recipes, names exist."""

import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import tunesmith
from markdown_pages import (
    MARKER,
    ROOT,
    SHELLS,
    blocks,
    broken,
    commands,
    documents,
    every_block,
    fault,
    filled,
    inline,
    links,
    missing_names,
    name_of,
    our_commands,
)
from tunesmith import recipe as recipes
from tunesmith.lifecycle.catalogue import ROOMS


def test_every_link_leads_somewhere() -> None:
    pages = documents()
    checked = {name_of(page): len(links(page)) for page in pages}
    assert len(pages) >= 30
    assert sum(checked.values()) >= 100
    assert {name_of(page): faults for page in pages if (faults := broken(page))} == {}


def test_every_page_of_the_documents_is_listed_in_their_index() -> None:
    listed = {(ROOT / "docs" / target).resolve() for target in links(ROOT / "docs" / "README.md")}
    listed |= {
        (ROOT / "docs" / "decisions" / target).resolve()
        for target in links(ROOT / "docs" / "decisions" / "README.md")
    }
    pages = [path for path in (ROOT / "docs").rglob("*.md") if path != ROOT / "docs" / "README.md"]
    assert len(pages) >= 25
    assert [name_of(path) for path in pages if path not in listed] == []


def test_every_command_line_parses() -> None:
    found = [(block.place, words) for block in every_block(*SHELLS) for words in commands(block.text)]
    ours = [words for _, words in found if words[0] in ("tunesmith", "make")]
    assert len(ours) >= 25
    assert [f"{place}: {wrong}" for place, words in found if (wrong := fault(words))] == []


def test_every_command_inside_a_sentence_parses() -> None:
    found = [
        (name_of(page), shlex.split(code)) for page in documents() for code in inline(page, "tunesmith ")
    ]
    assert len(found) >= 40
    # A sentence may name a command without what it works on.
    whole = [(place, words if len(words) > 2 else [*words[:2], "--help"]) for place, words in found]
    assert [f"{place}: {wrong}" for place, words in whole if (wrong := fault(words))] == []


def test_every_change_inside_a_sentence_is_one_that_a_recipe_takes() -> None:
    changes = {
        code
        for page in documents()
        for code in inline(page, "")
        if re.match(r"[a-z]+(\.[a-z_]+)+=[^.]", code)
    }
    assert len(changes) >= 6
    for change in changes:
        assert recipes.read_text(filled("seed: 1"), "recipe", [change])


def test_every_marked_output_has_a_command_that_parses() -> None:
    marks = [
        (name_of(page), words)
        for page in documents()
        for mark in MARKER.findall(page.read_text(encoding="utf-8"))
        for words in commands(mark)
    ]
    assert len(marks) >= 5
    wrong = {
        ("tunesmith", "check", "recipes/quickstart.yaml", "method.rnak=8"),  # a mistake on purpose; it parses
    }
    assert wrong <= {tuple(words) for _, words in marks}
    assert [f"{place}: {found}" for place, words in marks if (found := fault(words))] == []


def test_every_recipe_snippet_is_a_recipe() -> None:
    found = every_block("yaml")
    assert len(found) >= 3
    for block in found:
        recipe = recipes.read_text(filled(block.text), block.place)
        assert recipes.build(recipe)


def test_every_python_snippet_imports_what_there_is() -> None:
    # The guide that shows how to write a component has a test of a file that is not there.
    found = [block for block in every_block("python") if "within_words" not in block.text]
    assert len(found) >= 6
    assert {block.place: names for block in found if (names := missing_names(block.text))} == {}


def test_the_component_of_the_guide_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    component, its_test = (
        block.text
        for block in blocks(ROOT / "docs/guides/write-a-component.md")
        if block.language == "python"
    )
    metric: dict[str, Any] = {"__name__": "within_words"}
    exec(compile(component, "within_words.py", "exec"), metric)
    file = tmp_path / "within_words.py"
    file.write_text(component, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, Any] = {}
    exec(its_test.replace("tunesmith.evaluation.metric.within_words", "within_words"), names)
    names["test_an_answer_of_just_so_many_words_is_within"]()
    assert metric["WithinWords"](most=1).most == 1


def test_every_toml_snippet_reads_and_names_a_room() -> None:
    groups = [
        group
        for block in every_block("toml")
        for group in tomllib.loads(block.text)["project"]["entry-points"]
    ]
    assert len(groups) >= 2
    assert set(groups) <= {f"tunesmith.{registry.room}" for registry in ROOMS.values()}


def test_every_address_of_the_server_is_one_of_its_routes() -> None:
    from tunesmith.doors.api.app import create_app
    from tunesmith.doors.api.state import State

    routes = {str(vars(route)["path"]) for route in create_app(State({}, None)).routes}
    pages = [page for page in documents() if page.is_relative_to(ROOT / "docs")]
    named = {
        address
        for page in pages
        for address in re.findall(r"(?<![\w.])(?::\d+)?(/v1/[a-z/]+|/health)\b", page.read_text("utf-8"))
    }
    assert len(named) >= 3
    assert sorted(named - routes) == []


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    known = list(our_commands())
    assert len(known) >= 10
    listed = re.findall(r"^\| `tunesmith ([\w-]+)[\w ]*` \|", text, re.MULTILINE)
    assert set(listed) == set(known)


def test_the_architecture_lists_every_room_in_the_words_of_its_own_sentence() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\w+)\]\(src/tunesmith/\1\) \| (.+) \| (.+) \|$", text, re.MULTILINE)
    others = {"core", "recipe", "lifecycle", "doors"}
    folders = {path.parent.name for path in (ROOT / "src" / "tunesmith").glob("*/__init__.py")}
    assert {room for room, _, _ in rows} == folders - others
    for room, enters, leaves in rows:
        sentence = set(re.findall(r"[a-z]{4,}", (import_module(f"tunesmith.{room}").__doc__ or "").lower()))
        for side in (enters, leaves):
            assert sentence & set(re.findall(r"[a-z]{4,}", side.lower())), f"{room}: {side}"


def test_the_readme_names_the_test_command_that_machines_call() -> None:
    assert "```shell\nmake test\n```" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("line", "is_right"),
    [
        ("tunesmith run recipe.yaml training.epochs=1", True),
        ("KEY=x tunesmith serve package --port 0", True),
        ("echo hello | tunesmith chat package", True),
        ("make test", True),
        ("ls -l", True),
        ("tunesmith trian recipe.yaml", False),
        ("tunesmith run", False),
        ("tunesmith run recipe.yaml --epochs 3", False),
        ("echo hello | tunesmith chta package", False),
        ("make tset", False),
    ],
)
def test_a_planted_command_is_judged(line: str, is_right: bool) -> None:
    assert all(fault(words) is None for words in commands(line)) == is_right


def test_planted_links_are_judged(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A heading, here\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md) [b](there.md#a-heading-here) [c](https://x.org)\n[d](gone.md) [e](there.md#no)\n"
        "`[f](gone.md)` [`g`](away.md)\n```text\n[h](gone.md)\n```\n",
        encoding="utf-8",
    )
    assert broken(page) == ["gone.md", "there.md#no", "away.md"]


def test_a_planted_recipe_and_a_planted_import_are_judged() -> None:
    assert recipes.read_text(filled("training: {epochs: 2}")).training.epochs == 2
    with pytest.raises(tunesmith.TunesmithError, match="epoch"):
        recipes.read_text(filled("training: {epoch: 2}"))
    assert missing_names("from tunesmith.core.cards import Step, Stpe") == ["tunesmith.core.cards.Stpe"]
    assert missing_names("import tunesmith\ntunesmith.run('x')\ntunesmith.rnu('x')") == ["tunesmith.rnu"]
