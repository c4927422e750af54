"""Components are found by file name or entry point, and their options are checked strictly."""

import sys
from importlib import invalidate_caches
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from tunesmith.core.contracts import Method
from tunesmith.core.errors import BadOption, UnknownName
from tunesmith.core.recipe import Recipe
from tunesmith.core.registry import Registry, did_you_mean, explain

METHODS = Registry("method", Method)

PLUGIN = '''
"""A method from another package."""

from dataclasses import dataclass

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method


@dataclass(frozen=True, kw_only=True)
class Nudge(Method):
    """Change nothing much."""

    strength: float = 0.5

    def apply(self, model: Model, seed: int) -> Model:
        return model

    def merge(self, model: Model) -> Model:
        return model
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package that brings a method called `nudge`, as pip would lay it out."""
    (tmp_path / "nudging.py").write_text(PLUGIN)
    installed = tmp_path / "nudging-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: nudging\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[tunesmith.method]\nnudge = nudging:Nudge\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nudging", raising=False)
    invalidate_caches()


def test_every_file_of_a_room_is_a_component() -> None:
    assert {"full", "lora", "scratch"} <= set(METHODS.names())


def test_helpers_and_packages_are_not_components() -> None:
    assert not [name for name in METHODS.names() if name.startswith("_")]
    assert "metric" not in Registry("evaluation", object).names()


def test_names_are_listed_without_importing_the_components(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tunesmith.method.lora", raising=False)
    assert "lora" in METHODS.names()
    assert "tunesmith.method.lora" not in sys.modules


def test_a_component_is_built_with_its_options() -> None:
    built = METHODS.build("lora", {"rank": 4, "targets": ["q_proj", "v_proj"]})
    assert (built.rank, built.targets) == (4, ("q_proj", "v_proj"))  # type: ignore[attr-defined]  # LoRA's


def test_an_unknown_name_is_refused_with_the_closest_one() -> None:
    with pytest.raises(
        UnknownName, match=r"No method is called 'lroa'\. Did you mean 'lora'\? Known: .*full"
    ):
        METHODS.load("lroa")


def test_an_unknown_option_is_refused_with_the_closest_one() -> None:
    with pytest.raises(BadOption, match=r"method\.lora\.rnak: there is no such option\. Did you mean 'rank'"):
        METHODS.build("lora", {"rnak": 4})


@pytest.mark.parametrize("value", ["4", 4.5, True, None, 0, 100_000])
def test_an_option_of_the_wrong_type_or_size_is_refused_never_converted(value: object) -> None:
    with pytest.raises(BadOption, match=r"method\.lora\.rank: .* \(found "):
        METHODS.build("lora", {"rank": value})


def test_options_are_listed_in_the_order_of_the_file() -> None:
    assert METHODS.options("lora")[:4] == ["rank", "alpha", "dropout", "targets"]
    assert METHODS.options("full") == ["frozen"]
    assert METHODS.options("scratch") == []


@pytest.mark.usefixtures("plugin")
def test_a_component_of_an_installed_package_is_found_by_its_entry_point() -> None:
    assert "nudge" in METHODS.names()
    built = METHODS.build("nudge", {"strength": 0.25})
    assert built.strength == 0.25  # type: ignore[attr-defined]  # Nudge's
    assert type(built).__module__ == "nudging"


@pytest.mark.usefixtures("plugin")
def test_a_plugin_s_options_are_checked_like_our_own() -> None:
    with pytest.raises(BadOption, match=r"method\.nudge\.strenght: .*Did you mean 'strength'"):
        METHODS.build("nudge", {"strenght": 1})


def test_without_the_package_its_component_is_unknown() -> None:
    with pytest.raises(UnknownName, match="nudge"):
        METHODS.load("nudge")


def test_the_closest_name_is_only_guessed_when_it_is_close() -> None:
    assert did_you_mean("lroa", ["lora", "full"]) == " Did you mean 'lora'? Known: lora, full."
    assert did_you_mean("zzz", ["lora", "full"]) == " Known: lora, full."
    assert did_you_mean("rank", []) == " There are none."


def test_an_explanation_names_the_place_and_what_was_found() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Recipe).validate_python({"name": "A B", "goal": "x", "data": {"source": "jsonl"}})
    assert explain(caught.value, "recipe", []).startswith("recipe.name: Use small letters")
    assert explain(caught.value, "recipe", []).endswith("(found 'A B')")


def test_a_component_is_known_by_the_name_of_its_file() -> None:
    assert [METHODS.name_of(METHODS.build(name, {})) for name in ("lora", "bitfit")] == ["lora", "bitfit"]
