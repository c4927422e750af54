"""What every method is tried on: small random networks of all families, and what is claimed of each method.

`tests/invariants` claims it of all methods on four networks, `tests/method` of what is particular to one.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from method_cases import METHODS, OPTIONS
from tiny_models import CONTEXT, SPECIALS, build_tiny_tokenizer
from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.task import LANGUAGE, Held, Task
from tunesmith.export import manifest, read
from tunesmith.export.exporter.adapter import Adapter
from tunesmith.export.manifest import Base, Manifest, Said
from tunesmith.export.read import Loaders
from tunesmith.model.load import load

WIDTH = 64
VOCABULARY = 300

_TOKENS = {
    "vocab_size": VOCABULARY,
    "pad_token_id": SPECIALS.index("<|pad|>"),
    "bos_token_id": SPECIALS.index("<|begin|>"),
    "eos_token_id": SPECIALS.index("<|end|>"),
}
_SHAPE = {
    "hidden_size": WIDTH,
    "intermediate_size": 2 * WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": CONTEXT,
    "initializer_range": 0.1,  # so large that attention, norms and biases matter
}
_QUIET = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "llama": _TOKENS | _SHAPE | {"num_key_value_heads": 2},
    "gpt2": _TOKENS  # transposed weights, biases, and one matrix for both embeddings
    | {"n_embd": WIDTH, "n_layer": 2, "n_head": 4, "n_positions": CONTEXT, "initializer_range": 0.1}
    | {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0},
    "bert": _TOKENS | _SHAPE | _QUIET,
    "t5": _TOKENS
    | {"d_model": WIDTH, "d_ff": 2 * WIDTH, "num_layers": 2, "num_heads": 4, "d_kv": 16}
    | {"dropout_rate": 0.0, "decoder_start_token_id": SPECIALS.index("<|pad|>")},
    "qwen3_moe": _TOKENS  # experts
    | _SHAPE
    | {"num_key_value_heads": 2, "head_dim": 16, "num_experts": 4, "num_experts_per_tok": 2}
    | {"moe_intermediate_size": 32},
}
CLASSES = Task("classes", labels=("good", "bad", "neither"))
TAGS = Task("tags", labels=("name", "place", "other"))
VECTOR = Task("vector")

FOUR = (("llama", LANGUAGE), ("gpt2", LANGUAGE), ("bert", CLASSES), ("t5", LANGUAGE))
"""One network of every family: its architecture and what it says."""

Folders = Mapping[str, Path]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Give a folder with a base of every architecture; do not write to them."""
    root = tmp_path_factory.mktemp("trials")
    for architecture in CONFIGURATIONS:
        _build(architecture, root / architecture)
    return {architecture: root / architecture for architecture in CONFIGURATIONS}


def every(*cases: tuple[str, Task]) -> pytest.MarkDecorator:
    """Run a test with every case: an architecture and what a network of it says."""
    names = [f"{architecture}-{task.says}" for architecture, task in cases]
    return pytest.mark.parametrize(("architecture", "task"), cases, ids=names)


@dataclass(frozen=True)
class Trial:
    """A method on one base."""

    method: Method
    folder: Path
    task: Task = LANGUAGE

    @classmethod
    def of(cls, name: str, folder: Path, task: Task) -> "Trial":
        """Try a method of the registry with options that suit small networks."""
        return cls(METHODS.build(name, OPTIONS.get(name, {})), folder, task)

    def base(self, seed: int = 5) -> Model:
        """Load the base as the method wants it held; the seed draws the head."""
        return loaded(self.folder, self.task, seed, self.method.holds)

    def start(self, seed: int = 7) -> Model:
        """Apply the method to a base."""
        return self.method.apply(self.base(), seed)

    def trained(self) -> Model:
        """Take two steps."""
        model = self.start()
        train(model, 2)
        return self.method.settle(model)


def loaded(folder: Path, task: Task, seed: int, held: Held | None = None) -> Model:
    """Load a base, or copy it where it was loaded before."""
    model = _loaded(folder, task, seed, held)
    return replace(model, network=deepcopy(model.network))


@cache
def _loaded(folder: Path, task: Task, seed: int, held: Held | None) -> Model:
    model = load(folder.name, folder, storage=held or "float32", task=task, seed=seed)
    for layer in model.network.modules():  # where a processor packs weights to read, it rounds them, too
        if "support_avx512bf16_for_cpu" in vars(layer):
            layer.support_avx512bf16_for_cpu = False
    return model


def outputs(model: Model) -> Tensor:
    """Give what a network says of a few rows; of what it says of vectors before a text, nothing."""
    with torch.no_grad():
        return _said(model)


def train(model: Model, steps: int) -> list[float]:
    """Take real optimizer steps towards fixed answers and give the loss before each."""
    learning = [each for each in model.network.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=0.003)
    losses: list[float] = []
    for _ in range(steps):
        optimizer.zero_grad()
        said = _said(model)
        if model.task.says == "vector":
            loss = functional.mse_loss(said, torch.zeros_like(said))
        else:
            wanted = torch.arange(said[..., 0].numel()) % min(said.shape[-1], 7)
            loss = functional.cross_entropy(said.flatten(0, -2), wanted)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    optimizer.zero_grad()
    return losses


def learning(model: Model) -> dict[str, Tensor]:
    """Give copies of all parameters that learn, by name."""
    named = model.network.named_parameters()
    return {name: each.detach().clone() for name, each in named if each.requires_grad}


def near(found: Tensor, expected: Tensor, tolerance: float = 1e-5) -> bool:
    """Tell whether outputs are the same up to a part of the largest."""
    return bool((found - expected).abs().max() <= tolerance * expected.abs().max())


def check_start(trial: Trial) -> None:
    """Nothing changes before the first step."""
    assert torch.equal(outputs(trial.start()), outputs(trial.base()))


def check_training(trial: Trial) -> set[str]:
    """The loss falls; all that is declared changes, and nothing else. Gives the names of what learns."""
    model = trial.start()
    before = {name: each.detach().clone() for name, each in model.network.state_dict().items()}
    losses = train(model, 4)
    assert losses[-1] < losses[0]
    return check_changed(before, model)


def check_changed(before: Mapping[str, Tensor], model: Model) -> set[str]:
    """All that is declared to learn has changed, and nothing else. Gives the names of what learns."""
    after, declared = model.network.state_dict(), set(learning(model))
    changed = {name for name, tensor in before.items() if not torch.equal(after[name], tensor)}
    places = {after[name].data_ptr() for name in declared}
    assert declared
    assert declared <= changed
    assert not [name for name in changed if after[name].data_ptr() not in places]  # the same by another name
    return declared


def check_merge(trial: Trial, tolerance: float = 1e-5) -> Model:
    """Merged, a network is plain and answers like the trained one."""
    trained = trial.trained()
    expected = outputs(trained)
    merged = trial.method.merge(trained)
    check_plain(merged, trial)
    assert near(outputs(merged), expected, tolerance)
    return merged


def check_plain(merged: Model, trial: Trial) -> None:
    """A network is of the class of the base, and so are the names of its tensors."""
    plain = loaded(trial.folder, trial.task, 5).network
    assert type(merged.network) is type(plain)
    assert merged.network.state_dict().keys() == plain.state_dict().keys()


def check_kept(trial: Trial, folder: Path, tolerance: float = 1e-6) -> Model:
    """What was written loads on a fresh base and answers alike; the base alone does not."""
    trained = trial.trained()
    expected = outputs(trained)
    keep(trained, trial.method, folder)
    loaded = read.load(folder, loaders_of(trial))
    assert not learning(loaded)
    assert near(outputs(loaded), expected, tolerance)
    assert not near(outputs(trial.base()), expected, 10 * tolerance)
    return loaded


def keep(model: Model, method: Method, folder: Path) -> None:
    """Write a package that holds what was learned and nothing for people."""
    folder.mkdir(parents=True, exist_ok=True)
    Adapter().write(model, method, folder)
    model.chat.save(folder)
    base = Base(
        name=model.name,
        revision=None,
        folder=str(model.folder),
        fingerprint=model.fingerprint,
        held=method.holds,
    )
    described = Manifest(
        name="kept",
        kind="adapter",
        base=base,
        task=Said(says=model.task.says, labels=model.task.labels, pools=model.task.pools),
        licence="none",
        created="2026-01-02T00:00:00+00:00",
        made={},
        files=manifest.hashes(folder),
    )
    manifest.write(described, folder)


def loaders_of(trial: Trial) -> Loaders:
    """Give what loads the trial's base again, with a head drawn anew."""
    return Loaders(
        find=Path,
        model=lambda name, folder, task: loaded(folder, task, 6),
        chat=lambda folder: trial.base().chat,
        held=lambda name, folder, task, bits: load(name, folder, storage=bits, task=task, seed=6),
        change=lambda model, name, options, folder: (
            METHODS.build(name, options).within(folder).apply(model, 0)
        ),
    )


def plain_peft(trial: Trial, folder: Path) -> Model:
    """Load an adapter with peft alone."""
    from peft import PeftModel

    base = trial.base(seed=6)
    return replace(base, network=PeftModel.from_pretrained(base.network, str(folder)).eval())  # type: ignore[arg-type]  # peft's wrapper


def _build(architecture: str, folder: Path) -> None:
    import transformers
    from transformers import AutoConfig
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    build_tiny_tokenizer(folder)
    config = AutoConfig.for_model(architecture, **CONFIGURATIONS[architecture])
    kind = {"bert": "MaskedLM", "t5": "Seq2SeqLM"}.get(architecture, "CausalLM")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = getattr(transformers, f"AutoModelFor{kind}").from_config(config)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() == 1:  # biases of zero would hide that one is left out
                parameter.add_(
                    torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)), alpha=0.05
                )
    network.save_pretrained(folder)


def _said(model: Model) -> Tensor:
    rows = _rows(model)
    given = model.network(**rows)
    said = given.last_hidden_state if model.task.says == "vector" else given.logits
    if said.dim() == 2:
        return said
    read = rows.get("decoder_input_ids", rows["input_ids"])
    return said[:, -read.shape[1] :]


def _rows(model: Model) -> dict[str, Tensor]:
    drawn = torch.Generator().manual_seed(11)
    ids = torch.randint(len(SPECIALS), VOCABULARY, (4, 12), generator=drawn)
    rows = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if model.family == "encoder-decoder" and model.task.says in ("language", "vector"):
        rows["decoder_input_ids"] = torch.randint(len(SPECIALS), VOCABULARY, (4, 6), generator=drawn)
    if model.family == "encoder-decoder" and model.task.says == "classes":
        ids[:, -1] = SPECIALS.index("<|end|>")
    return rows
