"""The bases that could take the place of a recipe's own, and why others could not: task, licence, context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tunesmith.core.cards import Encoded
from tunesmith.core.task import Family
from tunesmith.lifecycle.advise.estimate import Work
from tunesmith.lifecycle.assemble import Prepared
from tunesmith.model.bases import Architecture, Base, Bases
from tunesmith.model.find import read_config
from tunesmith.model.load import load_chat
from tunesmith.model.shape import Shape, shape_of
from tunesmith.model.weights import stored_type

Licence = Literal["permissive", "any"]

MANY_WORDS = 30_000
"""A vocabulary of this size or more needs about as few tokens as any other."""
CHARACTERS = 4.2
"""Characters of English that a token of such a vocabulary stands for."""
SAMPLED = 50


@dataclass(frozen=True)
class Candidate:
    """A base: its sizes, how its file holds numbers, what is known of it, and the work it would have."""

    name: str
    shape: Shape
    stored: str | None
    architecture: Architecture | None
    base: Base | None
    work: Work
    is_own: bool = False

    @property
    def licence(self) -> str:
        """The licence's name, where it is known."""
        return self.base.facts.licence or "not known" if self.base else "not known"

    @property
    def released(self) -> int | None:
        """The year in which it came out, where that is known."""
        return self.base.facts.released if self.base else None

    @property
    def is_gated(self) -> bool:
        """Must an account be granted access first?"""
        return self.base is not None and self.base.facts.access == "gated"

    @property
    def has_template(self) -> bool:
        """Does it, or its sibling, come with a chat template?"""
        return self.base is not None and bool(self.base.facts.template or self.base.facts.chat)


def own(prepared: Prepared, bases: Bases) -> Candidate | str:
    """Give the recipe's own base, or say why it cannot be judged."""
    name = prepared.recipe.base.split("@")[0]
    kind = bases.architectures.get(str(read_config(prepared.base).get("model_type")))
    known = bases.bases.get(name)
    shape = known.shape if known else shape_of(prepared.base, *_form(kind))
    if shape is None:
        return "its configuration does not state its sizes in known words"
    stored = stored_type(prepared.base)[0] if any(prepared.base.glob("*.safetensors")) else None
    return Candidate(name, shape, stored, kind, known, work(prepared), is_own=True)


def others(prepared: Prepared, bases: Bases, licence: Licence) -> tuple[list[Candidate], dict[str, str]]:
    """Give the bases that suit the task, and of every other one the reason why it does not."""
    kept: list[Candidate] = []
    left_out: dict[str, str] = {}
    families, less = (
        sorted(prepared.parts.objective.fits),
        work(prepared).with_fewer_tokens(_fewer_tokens(prepared)),
    )
    for name, base in bases.bases.items():
        if name == prepared.recipe.base.split("@")[0]:
            continue
        if reason := _unsuitable(base, families, less, licence):
            left_out[name] = reason
        else:
            kept.append(Candidate(name, base.shape, base.facts.stored, base.architecture, base, less))
    return kept, left_out


def work(prepared: Prepared) -> Work:
    """Count what a run of the recipe reads."""
    rows = prepared.dataset
    return Work.of(rows.train, rows.validation, prepared.recipe.training, prepared.rhythm)


def _unsuitable(base: Base, families: Sequence[Family], work: Work, licence: Licence) -> str:
    if base.shape.family not in families:
        return f"the task asks for {' or '.join(families)}, this is an {base.shape.family}".replace(
            "an decoder", "a decoder"
        )
    if licence == "permissive" and not base.is_permissive:
        return f"its licence is not permissive ({base.facts.licence or 'not known'})"
    if base.facts.context < work.longest:
        return f"rows of up to {work.longest:,} tokens do not fit into its context ({base.facts.context:,})"
    return ""


def _form(kind: Architecture | None) -> tuple[bool, Literal["none", "inputs", "all"]]:
    return (kind.is_gated, kind.biases) if kind else (True, "none")


def _fewer_tokens(prepared: Prepared) -> float:
    """Say how many tokens the same text has where words are in the vocabulary, by the tokens of the base."""
    chat = load_chat(prepared.base)
    rows: Sequence[Encoded] = prepared.dataset.train
    if chat.size >= MANY_WORDS:
        return 1.0
    some = [rows[number] for number in range(0, len(rows), max(1, len(rows) // SAMPLED))]
    characters = sum(len(chat.spell(row.ids)) for row in some)
    return min(1.0, characters / CHARACTERS / sum(len(row.ids) for row in some))
