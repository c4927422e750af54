"""The same rows in the same order teach the same as TRL's SFTTrainer, an independent implementation.

Both train in float32 on the CPU; TRL accumulates two micro-batches of two rows per step, we cut each step by
tokens. Rows have ragged lengths and partly masked answers.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine_parts import constant, plans_of, random_rows, take
from tunesmith.core.cards import Model
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA
from tunesmith.model.load import load

STEPS = 20
ROWS_PER_STEP = 4
ROWS = random_rows(STEPS * ROWS_PER_STEP)
LEARNING_RATE = 1e-3


def trl_trainer(network: Any, tokenizer: Any, folder: Path) -> Any:
    """Make a trainer with the same optimizer, order and minibatches as ours."""
    from datasets import Dataset
    from datasets.utils.logging import disable_progress_bar
    from trl import SFTConfig, SFTTrainer

    disable_progress_bar()
    rows = [
        {
            "input_ids": list(row.ids),
            "labels": [token if weight else -100 for token, weight in zip(row.ids, row.weights, strict=True)],
        }
        for row in ROWS
    ]
    recipe = SFTConfig(
        output_dir=str(folder),
        use_cpu=True,
        bf16=False,
        activation_checkpointing=False,
        per_device_train_batch_size=ROWS_PER_STEP // 2,
        gradient_accumulation_steps=2,
        max_steps=STEPS,
        train_sampling_strategy="sequential",
        max_length=None,
        packing=False,
        learning_rate=LEARNING_RATE,
        lr_scheduler_type="constant",
        warmup_steps=0,
        weight_decay=0.0,
        max_grad_norm=1.0,
        optim="adamw_torch",
        adam_beta1=0.9,
        adam_beta2=0.999,
        adam_epsilon=1e-8,
        logging_steps=1,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    return SFTTrainer(network, recipe, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)


def pair(method: str, base: Path, folder: Path) -> Iterator[Model]:
    """Give the same model twice; an adapter is drawn once, saved by us and loaded by peft."""
    from peft import PeftModel

    if method == "full":
        yield from (Full().apply(load("tiny", base), seed=3) for _ in range(2))
        return
    ours = LoRA(rank=4).apply(load("tiny", base), seed=3)
    ours.network.save_pretrained(folder / "adapter")
    yield ours
    theirs = load("tiny", base)
    network = PeftModel.from_pretrained(theirs.network, folder / "adapter", is_trainable=True)
    yield Model(**{**vars(theirs), "network": network})


@pytest.mark.parametrize("method", ["full", "lora"])
def test_twenty_steps_teach_what_trl_teaches(tiny_folder: Path, tmp_path: Path, method: str) -> None:
    ours, theirs = pair(method, tiny_folder, tmp_path)
    trainer = trl_trainer(theirs.network, theirs.chat.tokenizer, tmp_path / "trl")
    trainer.train()
    logged = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    steps = list(take(ours, plans_of(ROWS, ROWS_PER_STEP), constant(LEARNING_RATE), tokens_per_pass=70))
    assert len(logged) == len(steps) == STEPS
    assert [step.loss for step in steps] == pytest.approx([entry["loss"] for entry in logged], rel=1e-6)
    norms = [float(entry["grad_norm"]) for entry in logged]
    assert [step.gradient_norm for step in steps] == pytest.approx(norms, rel=1e-5)
    for (name, found), (other, wanted) in zip(
        ours.network.named_parameters(), trainer.model.named_parameters(), strict=True
    ):
        assert name == other
        torch.testing.assert_close(found, wanted, atol=5e-6, rtol=0)
