"""What every component is checked for, from the moment its file exists."""

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, FrozenInstanceError, fields, is_dataclass
from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from source_tree import ROOT, SOURCE
from tunesmith.core.contracts import (
    Augmenter,
    Backend,
    Check,
    Cleaner,
    Exporter,
    Memory,
    Method,
    Metric,
    Objective,
    Source,
    Trigger,
)
from tunesmith.core.registry import Registry

REGISTRIES: tuple[Registry[Any], ...] = (
    Registry("data.source", Source),
    Registry("data.cleaner", Cleaner),
    Registry("data.augmenter", Augmenter),
    Registry("data.check", Check),
    Registry("method", Method),
    Registry("objective", Objective),
    Registry("memory", Memory),
    Registry("generation.backend", Backend),
    Registry("evaluation.metric", Metric),
    Registry("export.exporter", Exporter),
    Registry("retraining.trigger", Trigger),
)
COMPONENTS = [(registry, name) for registry in REGISTRIES for name in registry.names()]
EXAMPLES: dict[str, Any] = {
    "path": "rows.jsonl",
    "repository": "org/name",
    "sources": [{"source": {"name": "jsonl", "path": "rows.jsonl"}}],
    "url": "https://example.org/rows.jsonl",
    "names": {"old": "new"},
    "adapter": "package",
    "adapters": ["package", "other"],
    "methods": [{"name": "lora"}, {"name": "bitfit"}],
    **dict.fromkeys(("model", "there", "back"), "org/model"),
}
"""What is given for options that are required."""

every_component = pytest.mark.parametrize(
    ("registry", "name"), COMPONENTS, ids=[f"{registry.room}.{name}" for registry, name in COMPONENTS]
)


def required(registry: Registry[Any], name: str) -> dict[str, Any]:
    """Give an example for every option that must be given."""
    options = fields(registry.load(name))
    return {
        option.name: EXAMPLES[option.name]
        for option in options
        if option.default is MISSING and option.default_factory is MISSING
    }


def described(kind: type) -> Iterator[tuple[str, str]]:
    """Give each option with its description."""
    hints = get_type_hints(kind, include_extras=True)
    for option in fields(kind):  # type: ignore[arg-type]  # every component is a dataclass
        notes = getattr(hints[option.name], "__metadata__", ())
        yield option.name, next((note.description or "" for note in notes if isinstance(note, FieldInfo)), "")


def test_every_file_of_every_room_of_components_was_found() -> None:
    files = [
        file
        for registry in REGISTRIES
        for file in (SOURCE / registry.room.replace(".", "/")).glob("*.py")
        if not file.name.startswith("_")
    ]
    assert len(files) >= 15
    assert len(COMPONENTS) == len(files)


@every_component
def test_its_first_line_is_a_sentence_fit_for_a_list(registry: Registry[Any], name: str) -> None:
    first = (inspect.getdoc(registry.load(name)) or "").split("\n\n")[0]
    assert re.fullmatch(r"[A-Z][^\n]{8,100}\.", first), first


@every_component
def test_a_paper_that_its_file_names_is_linked(registry: Registry[Any], name: str) -> None:
    page = inspect.getdoc(sys.modules[registry.load(name).__module__]) or ""
    assert page, "the file does not say what it holds"
    cited = re.findall(r"\([^()]*\b(?:19|20)[0-9]{2}\b[^()]*\)", page)
    assert len(re.findall(r"https://\S+", page)) >= len(cited), cited


@every_component
def test_it_is_frozen_and_its_options_have_names(registry: Registry[Any], name: str) -> None:
    kind = registry.load(name)
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]  # dataclass keeps it there
    assert all(option.kw_only for option in fields(kind))
    assert kind.__bases__ == (registry.kind,)
    built = registry.build(name, required(registry, name))
    for option in fields(kind):
        with pytest.raises(FrozenInstanceError):
            setattr(built, option.name, None)


@every_component
def test_every_option_is_described_in_a_sentence(registry: Registry[Any], name: str) -> None:
    for option, description in described(registry.load(name)):
        assert re.fullmatch(r"[^\n]+\.", description), option


@every_component
def test_its_defaults_pass_its_own_checks(registry: Registry[Any], name: str) -> None:
    kind = registry.load(name)
    written = TypeAdapter(kind).dump_python(registry.build(name, required(registry, name)), mode="json")
    assert list(written) == registry.options(name)
    for option, value in written.items():
        assert registry.build(name, {**required(registry, name), option: value})


@every_component
def test_its_options_survive_a_round_trip(registry: Registry[Any], name: str) -> None:
    built = registry.build(name, required(registry, name))
    written = TypeAdapter(type(built)).dump_python(built, mode="json")
    assert registry.build(name, written) == built


@every_component
def test_it_has_its_own_test(registry: Registry[Any], name: str) -> None:
    assert (ROOT / "tests" / registry.room.replace(".", "/") / f"test_{name}.py").is_file()
