from array import array

import pytest
import torch

from tiny_readers import READERS, TASKS, reader_of
from tunesmith.core.cards import Encoded
from tunesmith.engine.fit import fit
from tunesmith.engine.rows import Reading
from tunesmith.engine.whole import mean_of_rows, said_of

ROWS = [
    Encoded(array("i", ids), array("f", [1.0] + [0.0] * (len(ids) - 1)), targets=array("d", [1.0]))
    for ids in ([5, 6, 7, 8, 9, 10], [11, 12, 13], [5, 6, 14])
]


@pytest.mark.parametrize("architecture", ["bert", "roberta", "distilbert", "llama", "gpt2"])
def test_the_head_says_of_picked_states_what_the_network_says_of_rows(architecture: str) -> None:
    network = reader_of(architecture, TASKS["classes"])
    for row in ROWS:
        ids = torch.tensor([list(row.ids)])
        place = -1 if READERS[architecture][0] == "decoder" else 0
        with torch.no_grad():
            states = network.base_model(input_ids=ids).last_hidden_state[:, place]
            found = said_of(network, states, ids[:, place])
            assert torch.allclose(found, network(input_ids=ids).logits, atol=1e-5)


def test_the_body_is_itself_again_afterwards() -> None:
    network = reader_of("bert", TASKS["classes"])
    said_of(network, torch.zeros(1, 32), torch.tensor([5]))
    assert "forward" not in vars(network.base_model)


@pytest.mark.parametrize("tokens", [4, 100])
def test_a_mean_is_that_of_the_row_s_own_tokens(tokens: int) -> None:
    network, task = reader_of("bert", TASKS["classes"]), TASKS["classes"]
    with torch.no_grad():
        alone = [network.base_model(input_ids=torch.tensor([list(row.ids)]))[0][0].mean(0) for row in ROWS]
        with fit(network, reading=Reading("encoder", task)) as forward:
            for batch in forward.passes(ROWS, tokens):
                found = mean_of_rows(forward.hidden(batch), batch)
                for number, mean in zip(batch.numbers, found, strict=True):
                    assert torch.allclose(mean, alone[number], atol=1e-5)
