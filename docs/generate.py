"""Write docs/reference/ from the code itself: components, the recipe, the command line, errors.

    python docs/generate.py            writes the pages
    python docs/generate.py --check    names the pages that are stale, and exits with 1 if there are any

Plug-ins that happen to be installed are left out, so that the pages are the same on every machine.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from typing import Any, get_args

from pydantic_core import PydanticUndefined
from typer import Typer
from typer.testing import CliRunner

from tunesmith.core import errors
from tunesmith.core.errors import TunesmithError
from tunesmith.core.recipe import Recipe, Section, Selection
from tunesmith.doors.cli.app import build
from tunesmith.doors.cli.command import COMMANDS
from tunesmith.lifecycle.catalogue import ROOMS, Component, catalogue

REFERENCE = Path(__file__).parent / "reference"
MARK = "<!-- Written by docs/generate.py from the code: change the code, then run `make fix`. -->"
MEASURED = {"performance.md"}
"""Pages of the same folder that a measurement writes, not this program (`make bench`)."""
COLUMNS = "90"
"""How wide the help texts are, whatever terminal this runs in."""

Schema = Mapping[str, Any]


def pages() -> dict[str, str]:
    """Give every page of the reference by its file name."""
    writers: Mapping[str, Callable[[], Iterator[str]]] = {
        "components.md": _components,
        "recipe.md": _recipe,
        "cli.md": _commands,
        "errors.md": _errors,
    }
    return {name: "\n".join([MARK, "", *write()]).rstrip() + "\n" for name, write in writers.items()}


def stale(folder: Path) -> list[str]:
    """List the pages of a folder that are missing, or not what the code says; and those that are too many."""
    wanted = pages()
    found = [path for path in folder.glob("*.md") if path.name not in MEASURED]
    there = {path.name: path.read_text(encoding="utf-8") for path in found}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write(folder: Path) -> None:
    """Write all pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def main(arguments: Sequence[str], folder: Path = REFERENCE) -> int:
    """Write the pages, or only check them; gives the exit code."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/generate.py [--check]\n")
        return 2
    if not arguments:
        write(folder)
        return 0
    found = stale(folder)
    for name in found:
        sys.stderr.write(f"docs/reference/{name} is stale. Write it anew with `make fix`.\n")
    return 1 if found else 0


def _components() -> Iterator[str]:
    yield "# Components"
    yield ""
    yield "What a recipe can name. Each is one file; its fields are its options. The same list, from your own"
    yield "installation and with plug-ins: `tunesmith list`."
    for kind, found in catalogue().items():
        yield from ("", f"## {kind.capitalize()}")
        for component in found:
            yield from _component(kind, component)


def _component(kind: str, component: Component) -> Iterator[str]:
    module = ROOMS[kind].load(component.name).__module__
    if module.split(".")[0] != "tunesmith":
        return
    yield from ("", f"### {component.name}", "", component.sentence)
    if component.options:
        yield from ("", "| option | meaning |", "|---|---|")
        yield from (f"| `{name}` | {_cell(said)} |" for name, said in component.options.items())
    path = module.replace(".", "/")
    opening = (getdoc(import_module(module)) or "").split("\n\n")[0].replace("\n", " ")
    yield from ("", f"{opening} In [`{module.removeprefix('tunesmith.')}`](../../src/{path}.py).")


def _recipe() -> Iterator[str]:
    whole = Recipe.model_json_schema()
    yield "# The recipe"
    yield ""
    yield "A YAML page. Unknown keys are refused. A component (source, method, objective, metric, export) is"
    yield "written as its name alone, or as a mapping with its name and options: see"
    yield "[components](components.md). On the command line every option is changed by its path:"
    yield "`training.epochs=1`. For an editor that completes and checks: `tunesmith list schema`."
    for place, section in _sections(Recipe):
        schema = whole if section is Recipe else whole["$defs"][section.__name__]
        yield from ("", f"## {place or 'Top of the page'}", "", (getdoc(section) or "").split("\n\n")[0])
        yield from ("", "| option | form | default | meaning |", "|---|---|---|---|")
        for name, field in section.model_fields.items():
            form = _form(schema["properties"][name])
            default = _default(field.get_default(call_default_factory=True))
            yield f"| `{name}` | {form} | {default} | {_cell(field.description or '')} |"


def _sections(section: type[Section], place: str = "") -> Iterator[tuple[str, type[Section]]]:
    """Give a section and all below it, each with its path; the entries of a list stand for all of them."""
    yield place, section
    for name, field in section.model_fields.items():
        below = f"{place}.{name}" if place else name
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, Section):
                yield from _sections(kind, below)


def _form(schema: Schema) -> str:
    """Say in words what JSON Schema says of one value."""
    if "anyOf" in schema:
        return "; or ".join(_form(one) for one in schema["anyOf"])
    if "$ref" in schema:
        return "a component" if schema["$ref"].endswith("/Selection") else "a section, below"
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if schema["type"] == "array":
        items = schema["items"]
        if "$ref" not in items:
            return f"a list of {_form(items)}s"
        return "a list of components" if items["$ref"].endswith("/Selection") else "a list, below"
    words = {"integer": "whole number", "number": "number", "string": "text", "null": "unset"}
    said = {"minimum": "at least", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}
    bounds = [f"{word} {schema[key]}" for key, word in said.items() if key in schema]
    pattern = [f"`{schema['pattern']}`"] if "pattern" in schema else []
    return ", ".join([words[schema["type"]], *bounds, *pattern])


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return "unset"
    if isinstance(value, Section):
        return "see below"
    if isinstance(value, tuple):
        return ", ".join(_default(one) for one in value) or "empty"
    return f"`{value.name if isinstance(value, Selection) else value}`"


def _commands() -> Iterator[str]:
    application = build()
    names = sorted(COMMANDS)
    yield "# The command line"
    yield ""
    yield "Results go to standard output, talk and progress to standard error; `--json` prints the result as"
    yield "one JSON document. Exit codes are listed under [errors](errors.md)."
    yield from ("", "| command | what it does |", "|---|---|")
    for name in names:
        sentence = (getdoc(COMMANDS[name]) or "").split("\n\n")[0].replace("\n", " ")
        anchor = f"tunesmith-{name.replace(' ', '-')}"
        yield f"| [`tunesmith {name}`](#{anchor}) | {_cell(sentence)} |"
    for name in names:
        yield from ("", f"## tunesmith {name}", "", "```text", *_help(application, name), "```")


def _help(application: Typer, command: str) -> list[str]:
    words, width = [*command.split(), "--help"], {"COLUMNS": COLUMNS, "NO_COLOR": "1"}
    shown = CliRunner().invoke(application, words, prog_name="tunesmith", env=width)
    assert shown.exit_code == 0, shown.output
    return [line.rstrip() for line in shown.output.strip().splitlines()]


def _errors() -> Iterator[str]:
    kinds = [TunesmithError, *_below(TunesmithError)]
    yield "# Errors and exit codes"
    yield ""
    yield "Everything that goes wrong is a `TunesmithError`: its message says what, where, and what to do."
    yield "A command ends with the exit code of the error that stopped it, and with 0 if nothing did."
    yield "`TUNESMITH_DEBUG=1` shows where in the code an error was raised."
    yield from ("", "| error | is a | exit code | meaning |", "|---|---|---|---|")
    for kind in kinds:
        above = "" if kind is TunesmithError else f"`{kind.__bases__[0].__name__}`"
        yield f"| `{kind.__name__}` | {above} | {kind.exit_code} | {_cell(getdoc(kind) or '')} |"


def _below(kind: type[TunesmithError]) -> Iterator[type[TunesmithError]]:
    for one in kind.__subclasses__():
        if one.__module__ == errors.__name__:
            yield one
            yield from _below(one)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
