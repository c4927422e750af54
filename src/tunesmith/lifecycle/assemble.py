"""Put together what a recipe describes: components, model, data. Nothing is trained here."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from inspect import getfile
from os.path import isfile, join
from pathlib import Path
from typing import Any, cast

from tunesmith import recipe as recipes
from tunesmith.core.cards import Completion, Encoded, Model
from tunesmith.core.errors import BadData, BadRecipe
from tunesmith.core.hashing import hash_code, hash_file, hash_files, hash_value
from tunesmith.core.recipe import Recipe
from tunesmith.core.task import Storage
from tunesmith.data.dataset import Dataset, prepare
from tunesmith.data.findings import refuse
from tunesmith.data.stages import Steps
from tunesmith.lifecycle.cache_folder import user_cache
from tunesmith.lifecycle.check_fit import check_fit, check_parts
from tunesmith.lifecycle.encoder import LIBRARIES, Encoder
from tunesmith.lifecycle.kept_dataset import kept_dataset
from tunesmith.lifecycle.models_at_hand import ModelsAtHand
from tunesmith.lifecycle.rhythm import Rhythm
from tunesmith.lifecycle.storage import fitting
from tunesmith.model.find import check_weights, find, seen_from
from tunesmith.model.load import fingerprint, load, load_chat, read_context
from tunesmith.model.network import device
from tunesmith.recipe import Parts

_KEPT = "All of the data was read from the cache of an earlier run."


@dataclass(frozen=True)
class Prepared:
    """Components and data of a recipe, checked against each other; no weights are loaded.

    `tokenised` says how many rows were tokenised, and how many were read from the cache.
    """

    recipe: Recipe
    parts: Parts
    base: Path
    dataset: Dataset
    rhythm: Rhythm
    tokenised: str

    def storage(self) -> Storage:
        """Say how the base's weights are to be held: as the recipe says, or as they fit into memory now."""
        if self.parts.method.holds:
            return self.parts.method.holds
        if self.parts.method.changes_base:
            return "float32"
        asked = self.recipe.training.storage
        return fitting(self.base) if asked == "auto" else asked

    def model(self, storage: Storage = "float32") -> Model:
        """Load the base's weights."""
        starts_from, seed = self.parts.method.starts_from, self.recipe.seed
        return load(self.recipe.base, self.base, starts_from, storage, self.dataset.task, seed)


def prepare_recipe(
    recipe: Recipe, started_in: Path = Path(), say: Callable[[str], None] = lambda _: None
) -> Prepared:
    """Build all components, read and encode all data; raises on the first thing that does not fit.

    The recipe's relative paths are seen from `started_in`; the recipe itself stays as it was written. `say`
    is told what is being done, where that takes long. Raises BadData, too, for a finding of the audit that
    stops a run and that the recipe does not accept.
    """
    prepared = look_into(recipe, started_in, say)
    refuse(prepared.dataset.findings, recipe.data.audit.accept)
    return prepared


def look_into(
    recipe: Recipe, started_in: Path = Path(), say: Callable[[str], None] = lambda _: None
) -> Prepared:
    """Do what `prepare_recipe` does, but give back what the audit found, however bad."""
    recipe = recipes.resolve(recipe)
    parts = recipes.build(recipe)
    parts = replace(
        parts,
        source=_seen_from(started_in, parts.source),
        against=_seen_from(started_in, parts.against),
        cleaners=_seen_from(started_in, parts.cleaners),
        augmenters=_seen_from(started_in, parts.augmenters),
        method=_seen_from(started_in, parts.method),
    )
    check_parts(recipe, parts)
    base = find(seen_from(started_in, recipe.base))
    check_fit(recipe, parts, base)
    chat = load_chat(base)
    if parts.method.starts_from == "pretrained":
        check_weights(base)
    encoder = Encoder(parts.objective, chat, user_cache())
    given = ModelsAtHand(base, started_in, recipe.seed, say).given()
    steps = replace(
        _steps(recipe, parts, encoder, read_context(base, chat) - parts.method.room), given=given, say=say
    )
    dataset, was_kept = kept_dataset(
        _data_key(steps, parts, base, started_in), lambda folder: prepare(steps, folder), user_cache()
    )
    _try_metrics(parts, dataset)
    tokenised = _KEPT if was_kept else encoder.describe()
    return Prepared(recipe, parts, base, dataset, Rhythm.of(recipe, dataset.train), tokenised)


def _steps(recipe: Recipe, parts: Parts, encoder: Encoder, context: int) -> Steps:
    return Steps(
        parts.source,
        recipe.data,
        encoder.stream,
        encoder.chat,
        context,
        encoder.begin,
        recipe.seed,
        parts.cleaners,
        {chosen.name: made for chosen, made in zip(recipe.data.augment, parts.augmenters, strict=True)},
        parts.checks,
        parts.against,
    )


def lock(prepared: Prepared, base_fingerprint: str, storage: Storage = "float32") -> dict[str, Any]:
    """Say what exactly a run was made with: code, libraries, machine, base and data, by version or hash."""
    import torch

    from tunesmith.engine.precision import choose

    rows = {side: _hash_rows(rows) for side, rows in _sides(prepared.dataset)}
    code = {"tunesmith's code": hash_code()[:12]}
    libraries = ("tunesmith", "torch", "transformers", "peft", "tokenizers", "safetensors", "numpy")
    return {
        "format": 1,
        "recipe": recipes.fingerprint(prepared.recipe),
        "base": base_fingerprint,
        "data": hash_value(rows),
        "reads": hash_value(list(_read_by(prepared.parts.method))),
        "versions": {name: version(name) for name in libraries}
        | code
        | {"python": platform.python_version()},
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        },
        "storage": storage,
        "precision": choose(prepared.recipe.training.precision, device()).to_json(),
        "seed": prepared.recipe.seed,
    }


def check_lock(before: Mapping[str, Any], today: Mapping[str, Any]) -> list[str]:
    """Refuse to go on with other data or another base, and say what else differs: results may, too.

    Raises BadData or BadRecipe.
    """
    if before["data"] != today["data"]:
        raise BadData("The data changed since this run began. Start a new run, or put the old data back.")
    if before["base"] != today["base"]:
        raise BadRecipe("The base changed since this run began. Start a new run, or put the old base back.")
    if before["reads"] != today["reads"]:
        raise BadRecipe(
            "What the method goes on from changed since this run began. Start a new run, or put it back."
        )
    pairs = {**before["versions"], **before["machine"]}, {**today["versions"], **today["machine"]}
    return [
        f"{key} was {old}, is {pairs[1].get(key)}"
        for key, old in pairs[0].items()
        if pairs[1].get(key) != old
    ]


def _seen_from(folder: Path, part: Any) -> Any:
    """Give a component whose relative paths are seen from a folder, and so those of components inside it."""
    if isinstance(part, Path):
        return folder / part
    if isinstance(part, tuple):
        return tuple(_seen_from(folder, one) for one in cast(tuple[Any, ...], part))
    if not is_dataclass(part) or isinstance(part, type):
        return part
    options = {option.name: _seen_from(folder, vars(part)[option.name]) for option in fields(part)}
    return replace(part, **options)


def _try_metrics(parts: Parts, dataset: Dataset) -> None:
    """Score one answer, so that a library which is not installed is missed before training, not after."""
    row = dataset.examples["train"][0]
    for metric in parts.metrics.values():
        if metric.needs == "answer":
            metric.score(Completion(row.reference), row)


def _data_key(steps: Steps, parts: Parts, base: Path, started_in: Path) -> dict[str, Any] | None:
    """Say all that a prepared data set follows from; None where a source cannot say when it changes."""
    sources = [steps.source.fingerprint(), *(source.fingerprint() for source in steps.against)]
    if None in sources:
        return None
    components = (
        *(steps.source, *steps.against, *steps.cleaners, *steps.augmenters.values()),
        *(*steps.checks.values(), parts.objective),
    )
    plan = steps.plan.model_dump(mode="json")
    plan["audit"].pop("accept")
    return {
        "sources": sources,
        "plan": plan,
        "components": [[type(one).__qualname__, repr(one)] for one in components],
        "files": [
            found
            for one in (*steps.cleaners, *steps.augmenters.values())
            for value in vars(one).values()
            for found in _contents(value, started_in)
        ],
        "written in": sorted({hash_file(Path(getfile(type(one)))) for one in components}),
        "chat": steps.chat.fingerprint,
        "context": steps.context,
        "seed": steps.seed,
        "asks": fingerprint(base) if steps.cleaners or steps.augmenters else None,
        "versions": [version(name) for name in LIBRARIES],
    }


def _read_by(part: Any) -> Iterator[list[str]]:
    """Fingerprint the files and folders that a component names, and those of components inside it."""
    if isinstance(part, tuple):
        for one in cast(tuple[Any, ...], part):
            yield from _read_by(one)
    elif is_dataclass(part) and not isinstance(part, type):
        for option in fields(part):
            yield from _read_by(vars(part)[option.name])
    elif isinstance(part, Path):
        yield from _contents(part, part)


def _contents(option: Any, started_in: Path) -> Iterator[list[str]]:
    """Fingerprint what an option names: a file, such as the key of pseudonyms, a folder of words, a model."""
    if isinstance(option, Path):
        if option.is_file():
            yield [str(option), hash_file(option)]
        elif option.is_dir():
            yield [str(option), hash_files(file for file in option.iterdir() if file.is_file())]
    elif isinstance(option, str):
        folder = seen_from(started_in, option)
        if option and isfile(join(folder, "config.json")):
            yield [option, fingerprint(Path(folder))]


def _hash_rows(rows: Sequence[Encoded]) -> str:
    digest = sha256()
    for row in rows:
        digest.update(len(row).to_bytes(8, "little"))
        digest.update(row.ids.tobytes())
        digest.update(row.weights.tobytes())
        digest.update(row.targets.tobytes())
        digest.update(row.source.tobytes())
        digest.update(row.second.to_bytes(8, "little"))
    return digest.hexdigest()


def _sides(dataset: Dataset) -> Iterator[tuple[str, Sequence[Encoded]]]:
    yield from (("train", dataset.train), ("validation", dataset.validation), ("test", dataset.test))
