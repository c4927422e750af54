"""TRL's SFTTrainer, at its defaults or tuned: the same network, rows and number of rows per step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

from datasets import Dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast, TrainerCallback
from transformers.utils.import_utils import is_flash_attn_2_available
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from benchmarks.case import Case
from benchmarks.contestant.settings import Theirs
from benchmarks.contestant.trained import LEARNING_RATE, Trained
from benchmarks.floor import Ran, Repeated, end_to_end, side_by_side
from benchmarks.gauge import now
from benchmarks.workload import PAD
from tunesmith.core.cards import Encoded

MASKED = -100


def run(case: Case, settings: Theirs) -> Trained:
    """Train on every row of the case, for as many epochs as it has."""
    _, shape, change = case.of
    network = change.apply(shape.build(case.device, settings.dtype(adapts=change.adapts)))
    has_kernel = case.device == "cuda" and settings.layout == "packed" and is_flash_attn_2_available()
    if has_kernel:
        network.set_attn_implementation("flash_attention_2")
    watch = Watch(case.device)
    with TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            network,
            SFTConfig(folder, **_options(case, settings)),
            train_dataset=Dataset.from_list([_columns(row) for row in case.rows]),
            processing_class=_tokenizer(),
            callbacks=[watch],
        )
        seen = Seen(trainer.data_collator, dense=not has_kernel, compact=case.device == "cuda")
        trainer.data_collator = seen
        trainer.train()
    steps = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    return Trained(
        ends=watch.ends,
        tokens=seen.per_step(trainer.args.gradient_accumulation_steps, case.of[0].epochs),
        losses=[entry["loss"] for entry in steps],
        gradient_norms=[float(entry["grad_norm"]) for entry in steps],
        ran=sum(seen.ran, Ran()),
        repeated=_repeated(case, settings),
        dtype=settings.precision,
        notes=(settings.describe(),),
    )


@dataclass
class Seen:
    """TRL's collator, and a note of the rows that went through it."""

    collate: Any
    dense: bool
    compact: bool
    ran: list[Ran] = field(default_factory=list)

    def __call__(self, examples: Sequence[Mapping[str, Any]]) -> Any:
        """Collate, as TRL would."""
        lengths = [size for row in examples for size in row.get("seq_lengths", [len(row["input_ids"])])]
        wanted = sum(label != MASKED for row in examples for label in row["labels"])
        if "seq_lengths" in examples[0]:
            self.ran.append(end_to_end(lengths, wanted, dense=self.dense, compact=self.compact))
        else:
            self.ran.append(side_by_side(lengths, wanted, compact=self.compact))
        return self.collate(examples)

    def per_step(self, accumulation: int, epochs: int) -> list[int]:
        """Add up the tokens of each step; an epoch's last step may have fewer micro-batches."""
        size = len(self.ran) // epochs
        starts = [epoch * size + start for epoch in range(epochs) for start in range(0, size, accumulation)]
        ends = [*starts[1:], len(self.ran)]
        return [sum(ran.tokens for ran in self.ran[a:b]) for a, b in zip(starts, ends, strict=True)]


class Watch(TrainerCallback):
    """Notes when each step ended."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.ends: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Note one more."""
        self.ends.append(now(self.device))


def _options(case: Case, settings: Theirs) -> dict[str, Any]:
    return {
        **settings.batching(case),
        "use_cpu": case.device == "cpu",
        "bf16": settings.precision == "bfloat16",
        "activation_checkpointing": settings.checkpoints,
        "num_train_epochs": case.of[0].epochs,
        "learning_rate": LEARNING_RATE,
        "lr_scheduler_type": "constant",
        "logging_steps": 1,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
    }


def _repeated(case: Case, settings: Theirs) -> Repeated:
    """Say what TRL computes again or for nothing.

    Its head computes logits again in the backward pass; with checkpoints, transformers makes the embeddings'
    output require gradients, whatever learns.
    """
    crosses_frozen = settings.checkpoints and not case.of[2].trains_embeddings
    return Repeated(1.0 if settings.checkpoints else 0.0, crosses_frozen=crosses_frozen, head_products=1)


def _columns(row: Encoded) -> dict[str, list[int]]:
    labels = [token if weight else MASKED for token, weight in zip(row.ids, row.weights, strict=True)]
    return {"input_ids": list(row.ids), "labels": labels}


def _tokenizer() -> PreTrainedTokenizerFast:
    """Make what the trainer asks for but never uses: rows are ids already."""
    tokenizer = Tokenizer(WordLevel({"<pad>": PAD}, unk_token="<pad>"))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<pad>")
