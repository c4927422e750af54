"""The model card: what a model is for, how good it is, what it learned from and how to use it."""

import re
from importlib.resources import files
from typing import Any

import yaml

from tunesmith.core.cards import Model
from tunesmith.core.recipe import Selection
from tunesmith.core.report import Interval
from tunesmith.export.facts import Facts
from tunesmith.export.manifest import Kind
from tunesmith.export.origin import hub_origin

HEADS = ("classes", "number", "tags")
"""What a network says with a head that the base does not have."""


def write_card(model: Model, facts: Facts, kind: Kind, name: str, only_here: bool = False) -> str:
    """Render the card of a package in a folder called `name`; `only_here`: no other library can load it.

    Its head follows https://huggingface.co/docs/hub/model-cards. It numbers the data, and never shows rows.
    """
    from jinja2 import Environment, StrictUndefined

    library = None if only_here else "peft" if kind == "adapter" else "transformers"
    # Autoescape is for HTML; this is Markdown, read as text.
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    environment.filters["interval"] = _interval
    environment.filters["selection"] = _selection
    source = (files("tunesmith.export") / "card.md.jinja").read_text(encoding="utf-8")
    training = facts.recipe.training.model_dump(exclude_none=True)
    return environment.from_string(source).render(
        recipe=facts.recipe,
        recipe_fingerprint=facts.recipe_fingerprint,
        ledger=facts.ledger,
        report=facts.report,
        created=facts.created.date().isoformat(),
        versions=", ".join(f"{library} {version}" for library, version in facts.versions.items()),
        training=", ".join(f"{option} {value}" for option, value in training.items()),
        front_matter=yaml.safe_dump(
            _front_matter(model, facts, kind, library), sort_keys=False, allow_unicode=True
        ),
        kind=kind,
        library=library,
        loader=_loader(model),
        head_arguments=f", num_labels={len(model.task.labels) or 1}" if model.task.says in HEADS else "",
        chats=model.task.says == "language" and model.family == "decoder",
        embeds=model.task.says == "vector",
        folder=name,
        base=model.name,
        base_arguments=_base_arguments(model),
        base_fingerprint=model.fingerprint,
        licence=model.licence,
    )


def _front_matter(model: Model, facts: Facts, kind: Kind, library: str | None) -> dict[str, Any]:
    origin = hub_origin(model)
    relation = "adapter" if kind == "adapter" else "finetune"
    return {
        **_licence(model.licence),
        **({"base_model": origin[0], "base_model_relation": relation} if origin else {}),
        "library_name": library or "tunesmith",
        "pipeline_tag": _pipeline(model),
        "tags": ["tunesmith", facts.recipe.method.name, facts.recipe.objective.name],
    }


def _loader(model: Model) -> str:
    """Name the class that loads such a network."""
    heads = {"tags": "AutoModelForTokenClassification", "vector": "AutoModel"}
    if model.task.says != "language":
        return heads.get(model.task.says, "AutoModelForSequenceClassification")
    bodies = {"decoder": "AutoModelForCausalLM", "encoder": "AutoModelForMaskedLM"}
    return bodies.get(model.family, "AutoModelForSeq2SeqLM")


def _pipeline(model: Model) -> str:
    if model.task.says == "language":
        kinds = {"decoder": "text-generation", "encoder": "fill-mask"}
        return kinds.get(model.family, "text2text-generation")
    return {"tags": "token-classification", "vector": "feature-extraction"}.get(
        model.task.says, "text-classification"
    )


def _licence(licence: str) -> dict[str, str]:
    if re.fullmatch(r"[a-z0-9][a-z0-9.-]*", licence):
        return {"license": licence}
    return {"license": "other", "license_name": licence}


def _base_arguments(model: Model) -> str:
    origin = hub_origin(model)
    if origin is None:
        return repr(str(model.folder))
    return f"{origin[0]!r}, revision={origin[1]!r}"


def _interval(interval: Interval) -> str:
    return f"{interval.value:.4g} [{interval.low:.4g}, {interval.high:.4g}]"


def _selection(selection: Selection) -> str:
    options = ", ".join(f"{name} {value}" for name, value in selection.options.items())
    return f"{selection.name} ({options})" if options else selection.name
