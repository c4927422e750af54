"""Prepare a source's rows for training: read, cleaned, split, added to, tokenised, looked at, accounted for.

Everything lies on a disk, in one folder: rows as JSON lines, token sequences as flat arrays, a summary with
the ledger and the findings, and a journal with a line for each row that was dropped, changed, cut or made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np

from tunesmith.core.audit import Finding, Material
from tunesmith.core.cards import Encoded
from tunesmith.core.example import SPLITS, Example, Kind
from tunesmith.core.ledger import Ledger
from tunesmith.core.task import Task
from tunesmith.data import findings as all_findings
from tunesmith.data import ledger as ledgers
from tunesmith.data.journal import Journal
from tunesmith.data.rows import Joined, Rows
from tunesmith.data.stages import TIMES, Kept, Stages, Steps
from tunesmith.data.tokens import Tokens

JOURNAL = "journal.jsonl"
SUMMARY = "summary.json"


@dataclass(frozen=True)
class Dataset:
    """Token sequences and rows by split, the account of both, and what was found in them.

    `task` is what the network is to say of a row. `reads_as` says how the source was understood.
    `train` shows a row as often as an epoch is to show it. `journal` has a JSON line for every row that was
    dropped, changed, cut or made; it stays on the disk.
    """

    kind: Kind
    task: Task
    reads_as: str
    train: Sequence[Encoded]
    validation: Sequence[Encoded]
    test: Sequence[Encoded]
    examples: Mapping[str, Sequence[Example]]
    ledger: Ledger
    findings: tuple[Finding, ...]
    journal: memoryview


def prepare(steps: Steps, folder: Path) -> Dataset:
    """Do all the steps in an empty folder, which keeps what they leave.

    Raises BadData, with places and totals, for rows that the plan does not say to drop or truncate, for rows
    without a token to learn, and when no row is left to train on. A row may encode to several sequences; they
    stay together. What the checks find is given back, however bad: it is for the caller to stop.
    """
    with Journal(folder / JOURNAL) as journal:
        stages = Stages(steps, folder, journal)
        rows = stages.clean(stages.read(), after_split=False, held_out=())
        parts = stages.split(rows)
        against = stages.read_against()
        held_out = Joined(parts["validation"], parts["test"], *against.values())
        parts["train"] = stages.clean(parts["train"], after_split=True, held_out=held_out)
        parts["train"] = stages.augment(parts["train"], held_out)
        task = steps.begin(parts)
        kept = {name: stages.tokenise(name, parts[name]) for name in SPLITS}
        stages.check(kept)
        counts = {name: part.tokens.account() for name, part in kept.items()}
        ledger = journal.tally.close(counts, stages.notes(kept))
    material = _material(steps, kept, against, stages.admission.limit)
    findings = all_findings.look(steps.checks, material, steps.say)
    summary = {
        "kind": material.kind,
        "task": asdict(task),
        "reads_as": steps.source.reads_as(),
        "ledger": ledgers.to_json(ledger),
        "findings": all_findings.to_json(findings),
    }
    (folder / SUMMARY).write_text(json.dumps(summary, ensure_ascii=False), "utf-8")
    stages.tidy()
    return open_dataset(folder)


def open_dataset(folder: Path) -> Dataset:
    """Open what `prepare` left in a folder."""
    summary = json.loads((folder / SUMMARY).read_text("utf-8"))
    times = np.fromfile(folder / TIMES, np.int64)
    train, validation, test = (Tokens(folder / f"{name}-tokens") for name in SPLITS)
    return Dataset(
        summary["kind"],
        Task(**summary["task"] | {"labels": tuple(summary["task"]["labels"])}),
        summary["reads_as"],
        train.flat(times),
        validation.flat(),
        test.flat(),
        {name: Rows(folder / f"{name}.jsonl") for name in SPLITS},
        ledgers.from_json(summary["ledger"]),
        all_findings.from_json(summary["findings"]),
        _mapped(folder / JOURNAL),
    )


def _mapped(file: Path) -> memoryview:
    if not file.stat().st_size:  # nothing cannot be mapped
        return memoryview(b"")
    with file.open("rb") as opened:
        return memoryview(mmap(opened.fileno(), 0, access=ACCESS_READ))


def _material(
    steps: Steps, kept: Mapping[str, Kept], against: Mapping[str, Sequence[Example]], limit: int
) -> Material:
    rows = {name: part.rows for name, part in kept.items()}
    tokens = {name: part.tokens for name, part in kept.items()}
    return Material(steps.source.gives(), rows, tokens, steps.chat, limit, against)
