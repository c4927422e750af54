"""A starter recipe for a data file: what the file holds decides the objective, the metrics and the goal."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith import recipe as recipes
from tunesmith.core.errors import BadData, BadRecipe
from tunesmith.core.example import Kind
from tunesmith.core.recipe import Recipe
from tunesmith.data.source.file import TEXT_SUFFIXES, File
from tunesmith.model.find import find, is_hub_id
from tunesmith.model.load import load_chat, read_context
from tunesmith.objective.text import Text

BLANK_LINES = ("\n\n", "\r\n\r\n")
"""What parts a text into documents, where it holds that: one document alone leaves nothing to hold out."""

GOALS: dict[Kind, str] = {
    "conversations": "Answer the way {} does.",
    "labels": "Give a text the label that {} would give it.",
    "pairs": "Answer the way the preferred answers of {} do.",
    "tags": "Tag words the way {} does.",
    "text": "Write the way {} is written.",
}
METRICS: dict[Kind, list[str]] = {
    "conversations": ["rouge_l", "perplexity"],
    "labels": ["exact_match", "perplexity"],
    "pairs": ["rouge_l", "perplexity"],
    "tags": ["entity_f1", "word_accuracy", "perplexity"],
    "text": ["perplexity"],
}
GAINS: dict[Kind, float] = {"conversations": 0.05, "labels": 0.05, "pairs": 0.05, "tags": 0.05, "text": 0.1}
"""The gain in the first metric that counts as success: a beginning, for people to change."""

NOT_LEARNED: dict[Kind, str] = {
    "ratings": "To learn every answer, whatever its rating: columns: {shape: prompt_completion}.",
    "prompts": "To learn an answer that stands in a column: columns: {completion: ...}.",
}
"""What to write for data that no objective takes as it is."""

ALONE = (
    "There is only one document, so nothing can be held out and there will be no verdict. "
    "Part it with blank lines, and write this page anew."
)


@dataclass(frozen=True)
class Draft:
    """A starter recipe, and how the data was understood; `notes` say what the recipe cannot do.

    `has_own_goal` is False where the goal is a placeholder made from the file's name.
    """

    recipe: Recipe
    kind: Kind
    reads_as: str
    notes: tuple[str, ...]
    has_own_goal: bool

    @property
    def page(self) -> str:
        """The recipe as YAML, every key explained."""
        said = (
            f"The data: {self.reads_as}",
            *self.notes,
            *(() if self.has_own_goal else ("Fill in: `goal`, in your own words; it stands in the report.",)),
            "Next: `tunesmith check` this page, then `run` it.",
        )
        return "".join(f"# {sentence}\n" for sentence in said) + "\n" + recipes.write(self.recipe)


def draft(data: Path, base: str | None = None, goal: str | None = None) -> Draft:
    """Look at a data file and propose a recipe for it; a base that is not given is the recipe's default.

    Raises BadData for a file that is not understood or that no objective learns from as it is, BadBase for a
    base of this machine that is not there.
    """
    source, is_alone = _source(data)
    kind = source.gives()
    if kind in NOT_LEARNED:
        raise BadData(
            f"{data} is read so: {source.reads_as()}. No objective learns from {kind}. Write the recipe by "
            f"hand, with options beside the source. {NOT_LEARNED[kind]}"
        )
    base = base or str(Recipe.model_fields["base"].default)
    content: dict[str, Any] = {
        "name": _name(data),
        "goal": goal or GOALS[kind].format(data.name),
        "success": [{"metric": METRICS[kind][0], "gain_over_base": GAINS[kind]}],
        "base": base,
        "data": {"source": _written(source)},
        "objective": _objective(kind, base),
        "evaluation": {"metrics": METRICS[kind]},
    }
    if is_alone:
        content["success"] = []
        content["data"]["split"] = {"validation": 0.0, "test": 0.0}
    recipe = Recipe.model_validate(content)
    recipes.build(recipe)
    return Draft(recipe, kind, source.reads_as(), (ALONE,) if is_alone else (), bool(goal))


def write(found: Draft, page: Path) -> None:
    """Write a draft as a new file; raises BadRecipe if there is one already, or no room for one."""
    try:
        with page.open("x", encoding="utf-8", newline="\n") as file:
            file.write(found.page)
    except FileExistsError:
        raise BadRecipe(
            f"{page} exists already, and nothing is overwritten. Name another file with --recipe."
        ) from None
    except OSError as error:
        raise BadRecipe(f"{page} cannot be written: {error.strerror}.") from None


def _source(data: Path) -> tuple[File, bool]:
    """Give the source of a file, and whether it is one document that cannot be parted."""
    whole = File(path=data)
    if data.suffix.lower() not in TEXT_SUFFIXES:
        return whole, False
    content = data.read_bytes() if data.is_file() else b""
    marks = [mark for mark in BLANK_LINES if mark.encode() in content]
    parted = File(path=data, separator=marks[0]) if marks else whole
    is_alone = sum(1 for _ in parted.read()) == 1
    return (whole, True) if is_alone else (parted, False)


def _written(source: File) -> dict[str, Any]:
    options = {"name": "file", "path": str(source.path)}
    return options if source.separator is None else {**options, "separator": source.separator}


def _name(data: Path) -> str:
    """Make the file's name a name for runs: small ASCII letters, digits and hyphens; accents are left out."""
    letters = unicodedata.normalize("NFKD", data.stem.casefold())
    words = re.sub(r"[^a-z0-9]+", "-", "".join(one for one in letters if not unicodedata.combining(one)))
    return words.strip("-")[:63].rstrip("-") or "model"


def _objective(kind: Kind, base: str) -> str | dict[str, Any]:
    """Choose what to learn; documents are cut into windows that fit a base which is on this machine."""
    folder = None if is_hub_id(base) else find(base)
    if kind != "text":
        return "tags" if kind == "tags" else "sft"
    window = Text().window
    if folder is None or window is None or (context := read_context(folder, load_chat(folder))) >= window:
        return "text"
    return {"name": "text", "window": context}
