"""Write a package: all that serving or sharing a trained model needs, in one folder, whole or not at all."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Exporter, Method
from tunesmith.core.disk import Disk
from tunesmith.core.kept import CHANGES
from tunesmith.core.report import Report
from tunesmith.core.service import Package
from tunesmith.core.task import Held
from tunesmith.export import manifest, probe
from tunesmith.export.aside import write_aside
from tunesmith.export.card import write_card
from tunesmith.export.facts import Facts
from tunesmith.export.manifest import Base, Kept, Kind, Manifest, Said
from tunesmith.export.origin import hub_origin

MEMORY = "memory"
"""The folder of a package that holds what is kept beside the model."""


def write(
    model: Model, method: Method, exporter: Exporter, folder: Path, facts: Facts, disk: Disk | None = None
) -> Package:
    """Write a trained model as a package and give its card; a package already in the folder is replaced.

    The exporter may use the model up. What a kill left of an earlier try is cleared away first. Raises
    DiskFull, with an older package intact, if there is no room.
    """
    with write_aside(folder, disk or Disk()) as aside:
        probe.write(model, facts.probes, aside)  # first, while the model is what was trained
        exporter.write(model, method, aside)
        model.chat.save(aside)
        if model.recall is not None:
            model.recall.save(aside / MEMORY)
        kind: Kind = "weights" if (aside / "config.json").is_file() else "adapter"
        if model.task.says == "language" and model.family != "encoder":
            _write_decoding(model, aside)
        _write_licence(model, aside)
        if facts.report is not None:
            _write_text(aside / "report.json", _report(facts.report))
        only_here = (aside / CHANGES).is_file()
        _write_text(aside / "README.md", write_card(model, facts, kind, folder.name, only_here))
        held = method.holds if kind == "adapter" else None
        described = _describe(model, facts, kind, held, aside)
        manifest.write(described, aside)
    return described.package(folder)


def _write_decoding(model: Model, folder: Path) -> None:
    from transformers import GenerationConfig

    config, stops = model.network.config, list(model.chat.stop_ids)
    pad = config.pad_token_id if config.pad_token_id is not None else stops[0]
    begins = {"bos_token_id": config.bos_token_id}
    if model.family == "encoder-decoder":
        begins = {"decoder_start_token_id": model.chat.begin_id}
    decoding = GenerationConfig(do_sample=False, eos_token_id=stops, pad_token_id=pad, **begins)
    decoding.save_pretrained(folder)


def _write_licence(model: Model, folder: Path) -> None:
    given = [path for stem in ("LICENSE", "LICENCE", "NOTICE") for path in model.folder.glob(f"{stem}*")]
    for path in given:
        shutil.copyfile(path, folder / path.name)
    if not given:
        _write_text(
            folder / "LICENSE",
            f"This model was made from {model.name}, whose licence is: {model.licence}.\n"
            "The base came without the text of its licence; look it up before you pass this model on.\n",
        )


def _report(report: Report) -> str:
    # Samples are rows of the test data; who gets the package need not be who may see the data.
    left_out = f"{len(report.samples)} samples are left out here: they are rows of the test data."
    shared = replace(report, samples=(), notes=(*report.notes, left_out)) if report.samples else report
    return json.dumps(asdict(shared), indent=2, ensure_ascii=False) + "\n"


def _describe(model: Model, facts: Facts, kind: Kind, held: Held | None, folder: Path) -> Manifest:
    recipe, origin = facts.recipe, hub_origin(model)
    return Manifest(
        name=recipe.name,
        kind=kind,
        base=Base(
            name=model.name,
            revision=origin[1] if origin else None,
            folder=str(model.folder),
            fingerprint=model.fingerprint,
            held=held,
        ),
        task=Said(**asdict(model.task)),
        kept=Kept(made_with=facts.made_with, memories=tuple(one.model_dump() for one in recipe.memory)),
        licence=model.licence,
        created=facts.created.isoformat(timespec="seconds"),
        made={
            "goal": recipe.goal,
            "recipe": facts.recipe_fingerprint,
            "method": recipe.method.model_dump(),
            "objective": recipe.objective.model_dump(),
            "training": recipe.training.model_dump(),
            "evaluation": recipe.evaluation.model_dump(),
            "seed": recipe.seed,
            "versions": dict(facts.versions),
        },
        files=manifest.hashes(folder),
    )


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
