import subprocess
import sys

import pytest

from tunesmith.core.cards import Model
from tunesmith.core.wrapped import inside, is_wrapped, prompt_of
from tunesmith.method.lora import LoRA
from tunesmith.method.prompt import Prompt


@pytest.mark.parametrize(("method", "length"), [(LoRA(), 0), (Prompt(length=3), 3)])
def test_what_peft_has_wrapped_is_known_and_so_is_what_it_puts_before(
    tiny_model: Model, method: LoRA | Prompt, length: int
) -> None:
    plain = tiny_model.network
    wrapped = method.apply(tiny_model, 7).network
    assert is_wrapped(wrapped)
    assert inside(wrapped) is plain
    assert prompt_of(wrapped) == length


def test_a_plain_network_is_itself(tiny_model: Model) -> None:
    assert not is_wrapped(tiny_model.network)
    assert inside(tiny_model.network) is tiny_model.network
    assert prompt_of(tiny_model.network) == 0


def test_a_plain_network_runs_without_peft() -> None:
    program = (
        "import sys; from transformers import LlamaConfig, LlamaForCausalLM;"
        "from tunesmith.engine.fit import fit;"
        "network = LlamaForCausalLM(LlamaConfig(vocab_size=99, hidden_size=32, intermediate_size=32,"
        "num_hidden_layers=1, num_attention_heads=2));"
        "fit(network).__enter__(); print('peft' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.stdout == "False\n", ended.stderr
