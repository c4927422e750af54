"""The documents as their tests see them: pages, blocks, links, and what the commands in them would do."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
import yaml

import tunesmith
from tunesmith.doors.cli.app import build

ROOT = Path(__file__).parents[1]
SHELLS = ("shell", "bash", "sh", "console")
FILL = {
    "name": "name: filled-in",
    "goal": "goal: Stand where a snippet leaves it out.",
    "data": "data: {source: {name: jsonl, path: rows.jsonl}}",
}
"""What a recipe needs at least; put in where a snippet shows only a part of one."""

LINK = re.compile(r"(?<!!)\[[^\]\[]*\]\(([^()\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARKER = re.compile(r"^<!-- output: (.+) -->\n```text\n", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: `place` is file and line."""

    place: str
    language: str
    text: str


def documents() -> list[Path]:
    """Find the Markdown that belongs to the project, written by people or from the code."""
    folders = ("docs", "recipes", "samples", "src", "benchmarks")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.md")]
    return sorted([*ROOT.glob("*.md"), *found])


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(f"{name_of(page)}:{text[: found.start()].count(chr(10)) + 1}", found[1], found[2])
        for found in FENCE.finditer(text)
    ]


def every_block(*languages: str) -> list[Block]:
    return [block for page in documents() for block in blocks(page) if block.language in languages]


def links(page: Path) -> list[str]:
    """Give the links of a page that lead to a file or a heading; code is no place for links."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    text = re.sub(r"`[^`\n]*`(?!\])", "", text)
    return [target for target in LINK.findall(text) if not re.match(r"[a-z]+:", target)]


def broken(page: Path) -> list[str]:
    """List the links of a page that lead nowhere."""
    return [target for target in links(page) if not _leads_somewhere(page, target)]


def _leads_somewhere(page: Path, target: str) -> bool:
    path, _, heading = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.exists():
        return False
    return not heading or heading in _anchors(file)


def _anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def inline(page: Path, beginning: str) -> list[str]:
    """Give the code inside sentences that begins like this."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [code for code in re.findall(r"`([^`\n]+)`", text) if code.startswith(beginning)]


def commands(text: str) -> Iterator[list[str]]:
    """Give every command line of a shell block as words: lines joined, pipes parted, comments left out."""
    for line in text.replace("\\\n", " ").splitlines():
        reader = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars="|&;<>")
        reader.whitespace_split = True
        words: list[str] = []
        for word in reader:
            if set(word) <= set("|&;<>"):
                yield from ([words] if words else [])
                words = []
            elif words or not re.match(r"[A-Z_]+=", word):  # a variable before a command is not its name
                words.append(word)
        yield from ([words] if words else [])


@cache
def our_commands() -> dict[str, Any]:
    """Give the commands of the command line by name, as typer parses them."""
    return vars(typer.main.get_command(build()))["commands"]


def fault(words: list[str]) -> str | None:
    """Say what is wrong with a command of ours; None for one that parses, or one of others."""
    if words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        return None if set(words[1:]) <= set(targets) else f"make has no target {words[1:]}"
    if words[0] != "tunesmith" or words[1:2] == ["--help"]:
        return None
    known = our_commands()
    if len(words) < 2 or words[1] not in known:
        return f"there is no command {words[1:2]}"
    if words[2:] == ["--help"]:
        return None
    try:
        known[words[1]].make_context(words[1], list(words[2:]))
    except typer.TyperException as error:
        return error.format_message()
    return None


def filled(snippet: str) -> str:
    """Complete a part of a recipe to a whole one."""
    given = yaml.safe_load(snippet)
    return snippet + "\n" + "\n".join(line for key, line in FILL.items() if key not in given)


def missing_names(code: str) -> list[str]:
    """List what a Python snippet takes from us that is not there."""
    found: list[str] = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tunesmith"):
            names = vars(import_module(str(node.module)))
            found += [f"{node.module}.{alias.name}" for alias in node.names if alias.name not in names]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            is_ours = node.value.id == "tunesmith" and node.attr not in tunesmith.__all__
            found += [f"tunesmith.{node.attr}"] if is_ours else []
    return found
