"""What the tests of packages need: a GPT-2 beside the Llama, two real optimizer steps, the facts of a run."""

from datetime import UTC, datetime
from pathlib import Path

from tiny_models import CONTEXT, SPECIALS, build_tiny_tokenizer
from tunesmith.core.cards import Model
from tunesmith.core.ledger import DropCount, Ledger, SplitCount
from tunesmith.core.recipe import Recipe
from tunesmith.core.report import CriterionResult, Interval, MetricResult, Report, Sample
from tunesmith.export.facts import Facts

SECRET = "the row that must not leave the house"


def build_tiny_gpt2(folder: Path, seed: int = 0) -> None:
    """Write a random GPT-2: transposed layers (Conv1D), biases, and one matrix for both embeddings."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    build_tiny_tokenizer(folder)
    config = GPT2Config(
        vocab_size=300,
        n_embd=32,
        n_layer=2,
        n_head=4,
        n_positions=CONTEXT,
        tie_word_embeddings=True,
        pad_token_id=SPECIALS.index("<|pad|>"),
        bos_token_id=SPECIALS.index("<|begin|>"),
        eos_token_id=SPECIALS.index("<|end|>"),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = GPT2LMHeadModel(config)
    network.save_pretrained(folder)


def train_two_steps(model: Model) -> Model:
    """Take two real optimizer steps on random tokens: enough to move every trainable weight."""
    import torch

    trainable = [parameter for parameter in model.network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=0.02)
    generator = torch.Generator().manual_seed(1)
    for _ in range(2):
        ids = torch.randint(6, 300, (4, 24), generator=generator)
        model.network(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model


def facts_of_a_run(method: str = "lora") -> Facts:
    """Give the facts of a run whose report shows a row of the data."""
    interval = Interval(0.5, 0.4, 0.6)
    recipe = Recipe.model_validate(
        {"name": "demo", "goal": "Answer in our voice.", "data": {"source": "jsonl"}, "method": method}
    )
    report = Report(
        verdict="promote",
        reason="All criteria are met.",
        rows=20,
        metrics=(MetricResult("rouge_l", 1, True, interval, interval, interval),),
        criteria=(CriterionResult("rouge_l at least 0.4", "met", interval),),
        samples=(Sample(SECRET, SECRET, "base says", "tuned says"),),
        notes=("Only 20 rows.",),
    )
    ledger = Ledger(
        10, 100, {"train": SplitCount(8, 50, 30, 0)}, {"too long": DropCount(2, 20)}, notes=("A note.",)
    )
    return Facts(
        recipe=recipe,
        recipe_fingerprint="ab" * 32,
        versions={"tunesmith": "0.1.0", "torch": "2.13"},
        created=datetime(2026, 1, 2, tzinfo=UTC),
        ledger=ledger,
        report=report,
    )


def next_token_logits(network: object, ids: list[list[int]]) -> "object":
    """Give the logits of a few prompts, as plain transformers computes them: [prompts, vocabulary]."""
    import torch

    with torch.no_grad():
        rows = [network(input_ids=torch.tensor([row])).logits[0, -1] for row in ids]  # type: ignore[operator]
    return torch.stack(rows)


PROMPTS = [[1, 4, 50, 60, 70, 5], [1, 4, 200, 5], list(range(6, 46))]
"""Prompts as token ids."""
