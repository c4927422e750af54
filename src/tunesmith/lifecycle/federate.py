"""Federation: average what several runs learned, without their data.

Of each run folder only `package/` (the adapter), `ledger.json` (the counts) and `recipe.yaml` are read: rows
never leave the place where they were trained on, and these three are all that a party needs to send. Rows
stay in, but not all that they taught does: an adapter can repeat parts of its training data, so give it only
to those who may know what it could say.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from pathlib import Path

from tunesmith import recipe as recipes
from tunesmith.core.cards import Model
from tunesmith.core.errors import BadRecipe
from tunesmith.core.hashing import hash_value
from tunesmith.core.ledger import DropCount, Ledger, SplitCount
from tunesmith.core.recipe import Recipe, Selection
from tunesmith.core.service import Package
from tunesmith.data import ledger as ledgers
from tunesmith.export import manifest
from tunesmith.export import package as packages
from tunesmith.export.exporter.adapter import Adapter as AdapterExporter
from tunesmith.export.facts import Facts
from tunesmith.export.manifest import Manifest
from tunesmith.export.read import load_base
from tunesmith.export.read import read as read_package
from tunesmith.export.verify import verify
from tunesmith.federation import plain_lora
from tunesmith.federation.stack import Adapter, Stacked, stack
from tunesmith.lifecycle.probe import COMMAND, LOADERS
from tunesmith.lifecycle.run_folder import Clock, now, open_folder
from tunesmith.method.lora import LoRA

TOLD = ("objective", "training", "seed")
"""What the card of a package says of its recipe; where parties differ in it, the card says so, too."""


@dataclass(frozen=True)
class Party:
    """One run that takes part: what was read from its folder."""

    folder: Path
    recipe: Recipe
    method: LoRA
    manifest: Manifest
    ledger: Ledger
    adapter: Adapter
    rank: int


@dataclass(frozen=True)
class Federated:
    """A package that changes the base by the average of what its parties learned, weighted by `shares`."""

    package: Package
    parties: tuple[Party, ...]
    shares: tuple[float, ...]
    rank: int
    notes: tuple[str, ...]


def federate(folders: Sequence[Path], out: Path, clock: Clock = now) -> Federated:
    """Average the adapters of finished runs into a new package, proven by a fresh process.

    Raises BadRecipe for runs that cannot be averaged or a folder that is already there, DamagedFile for a
    package or ledger that is not what was written, BadBase where the base is gone or changed.
    """
    if out.exists():
        raise BadRecipe(f"{out} exists already, and nothing is overwritten. Name another folder with --out.")
    twice = sorted({str(folder) for folder in folders if _count(folder, folders) > 1})
    if twice:
        raise BadRecipe(f"{twice[0]} is named twice, so it would count twice. Name each run once.")
    parties = tuple(_read(folder) for folder in folders)
    stacked = stack([party.adapter for party in parties])
    method = replace(parties[0].method, rank=stacked.rank, alpha=float(stacked.rank), dropout=0.0)
    facts = _facts(parties, stacked, method, clock)
    model = _apply(stacked, method, load_base(parties[0].manifest.base, LOADERS))
    package = packages.write(model, method, AdapterExporter(), out, facts)
    notes = verify(out, COMMAND).notes
    return Federated(package, parties, stacked.shares, stacked.rank, notes)


def _count(folder: Path, folders: Sequence[Path]) -> int:
    return sum(other.resolve() == folder.resolve() for other in folders)


def _read(folder: Path) -> Party:
    run = open_folder(folder)
    if (counts := run.read_json("ledger.json")) is None:
        raise BadRecipe(f"{folder} has no ledger.json: the run has not begun. `tunesmith resume` it first.")
    package, ledger = read_package(run.package), ledgers.from_json(counts)
    method = recipes.build(run.recipe).method
    if package.kind != "adapter" or not isinstance(method, LoRA):
        raise BadRecipe(
            f"{run.package} holds the {package.kind} of method {run.recipe.method.name}; only adapters of "
            "method lora can be averaged. Run it again with `method: lora` and `export: adapter`."
        )
    plain = plain_lora.read(run.package)
    trained = ledger.splits.get("train", SplitCount()).tokens_trained
    adapter = Adapter(folder.resolve().name, package.base_fingerprint, plain.scale, trained, plain.tensors)
    return Party(folder, run.recipe, method, manifest.read(run.package), ledger, adapter, plain.rank)


def _apply(stacked: Stacked, method: LoRA, base: Model) -> Model:
    model = method.apply(base, seed=0)  # what it draws is replaced as a whole
    plain_lora.put(stacked.tensors, model.network)
    return model


def _facts(parties: Sequence[Party], stacked: Stacked, method: LoRA, clock: Clock) -> Facts:
    first = parties[0]
    chosen = Selection.model_validate({"name": "lora", **asdict(method)})
    return Facts(
        recipe=first.recipe.model_copy(update={"method": chosen}),
        recipe_fingerprint=hash_value([party.manifest.made["recipe"] for party in parties]),
        versions=first.manifest.made["versions"],
        created=clock(),
        ledger=replace(
            reduce(_add, (party.ledger for party in parties)),
            notes=(*_shares(parties, stacked.shares), *_differences(parties)),
        ),
    )


def _add(one: Ledger, other: Ledger) -> Ledger:
    splits = {
        name: _add_counts(one.splits.get(name, SplitCount()), other.splits.get(name, SplitCount()))
        for name in dict.fromkeys((*one.splits, *other.splits))
    }
    dropped = dict(one.dropped)
    for reason, count in other.dropped.items():
        before = dropped.get(reason, DropCount())
        dropped[reason] = DropCount(before.rows + count.rows, before.tokens + count.tokens)
    return Ledger(one.rows_in + other.rows_in, one.tokens_in + other.tokens_in, splits, dropped)


def _add_counts(one: SplitCount, other: SplitCount) -> SplitCount:
    return SplitCount(
        rows=one.rows + other.rows,
        tokens_trained=one.tokens_trained + other.tokens_trained,
        tokens_masked=one.tokens_masked + other.tokens_masked,
        tokens_truncated=one.tokens_truncated + other.tokens_truncated,
    )


def _shares(parties: Sequence[Party], shares: Sequence[float]) -> list[str]:
    said = [f"The weighted average of {len(parties)} adapters that were trained apart, by stacking."]
    return said + [
        f"{party.adapter.name}: {share:.1%} of the average, {party.adapter.trained:,} tokens learned, "
        f"rank {party.rank}, recipe {party.manifest.made['recipe'][:12]}."
        for party, share in zip(parties, shares, strict=True)
    ]


def _differences(parties: Sequence[Party]) -> list[str]:
    first = parties[0]
    return [
        f"{party.adapter.name} was trained otherwise than {first.adapter.name}, which is shown here: {line}."
        for party in parties[1:]
        for line in recipes.diff(first.recipe, party.recipe)
        if line.partition(":")[0].split(".")[0] in TOLD
    ]
