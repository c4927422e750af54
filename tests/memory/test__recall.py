from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine_parts import random_rows
from kept_memories import DISK
from tiny_networks import network_of
from tunesmith.core.cards import Encoded, Model
from tunesmith.core.example import Message
from tunesmith.core.memory import Forward, Reader, Recall, Remembered
from tunesmith.engine.fit import fit
from tunesmith.engine.validation import likelihoods
from tunesmith.memory._mixture import of_target, of_vocabulary
from tunesmith.memory._search import Apart
from tunesmith.memory._states import of_row
from tunesmith.memory.neighbours import Neighbours

ROWS = random_rows(12)
STORED, OTHERS = ROWS[:8], ROWS[8:]
OPTIONS = Neighbours(k=5, weight=0.3, temperature=20.0, keys="float32")


def remembered(rows: list[Encoded]) -> list[Remembered]:
    return [Remembered(row.key, sequences=(row,)) for row in rows]


@pytest.fixture(scope="module")
def forward() -> Iterator[Forward]:
    with fit(network_of("llama")) as forward:
        yield forward


@pytest.fixture
def recall(forward: Forward, tmp_path: Path) -> Recall:
    return opened(forward, tmp_path, STORED)


def opened(forward: Forward, folder: Path, rows: list[Encoded]) -> Recall:
    reader = Reader("this model", forward)
    OPTIONS.add(remembered(rows), folder, reader, DISK)
    return OPTIONS.open(folder, reader)


def naive_cost(forward: Forward, row: Encoded, stored: list[Encoded]) -> float:
    """Cost a row with the formula in float64: every key compared, the likelihoods mixed."""
    states, targets = of_row(forward, row, "feed_forward")
    kept = [of_row(forward, one, "feed_forward") for one in stored]
    keys, tokens = torch.cat([keys for keys, _ in kept]).double(), torch.cat([tokens for _, tokens in kept])
    squared, who = (states.double()[:, None] - keys).square().sum(-1).topk(5, largest=False)
    remembered = of_target(squared, tokens[who] == targets[:, None], 20.0).exp()
    with torch.no_grad():
        (batch,) = forward.passes([row], 1000)
        model = forward.logprobs(batch).double().exp()
    return -float((0.7 * model + 0.3 * remembered).log().sum())


@pytest.mark.parametrize("tokens_per_pass", [30, 10_000])
def test_rows_cost_what_the_formula_says_however_they_are_packed(
    forward: Forward, recall: Recall, tokens_per_pass: int
) -> None:
    found = likelihoods(recall.scoring(forward), OTHERS, tokens_per_pass)
    expected = [naive_cost(forward, row, STORED) for row in OTHERS]
    assert [cost for cost, _ in found] == pytest.approx(expected, rel=1e-5)
    plain = likelihoods(forward, OTHERS, tokens_per_pass)
    assert [count for _, count in found] == [count for _, count in plain]


def test_a_stored_row_costs_what_it_does_to_a_memory_that_never_read_it(
    forward: Forward, recall: Recall
) -> None:
    found = likelihoods(recall.scoring(forward), STORED, 10_000)
    for row, (cost, _) in zip(STORED, found, strict=True):
        others = [one for one in STORED if one is not row]
        assert cost == pytest.approx(naive_cost(forward, row, others), rel=1e-5)
        assert cost > naive_cost(forward, row, STORED) + 0.1  # it would have known itself


def test_a_copy_of_a_stored_row_under_another_name_does_not_recall_it(
    forward: Forward, recall: Recall
) -> None:
    ((cost, _),) = likelihoods(recall.scoring(forward), [replace(STORED[3], key="another")], 1000)
    others = [one for one in STORED if one is not STORED[3]]
    assert cost == pytest.approx(naive_cost(forward, STORED[3], others), rel=1e-5)


def test_the_next_token_s_scores_are_mixed_log_probabilities(forward: Forward, recall: Recall) -> None:
    states, logits = torch.randn(4, 32), torch.randn(4, 300)
    found = recall.next_logprobs(states, logits)  # type: ignore[attr-defined]  # a memory of neighbours
    datastore = recall.datastore  # type: ignore[attr-defined]
    squared, tokens = datastore.neighbours(states, Apart.nothing(4))
    shares = of_vocabulary(squared.double(), tokens, 20.0, 300).exp()
    expected = (0.7 * logits.double().softmax(-1) + 0.3 * shares).log()
    assert torch.allclose(found.double(), expected, atol=1e-5)
    assert found.exp().sum(-1).tolist() == pytest.approx([1.0] * 4, rel=1e-5)


def test_an_answer_is_generated_with_what_is_remembered(tiny_model: Model, tmp_path: Path) -> None:
    chat, network = tiny_model.chat, tiny_model.network
    turns = (Message("user", "Where is the key?"), Message("assistant", "Under the blue stone."))
    (row,) = chat.encode_conversation(turns)
    prompt = torch.tensor([list(chat.encode_prompt(turns[:1]))])
    options = Neighbours(k=1, weight=0.9, temperature=1.0)
    with fit(network) as forward:
        options.add([Remembered("row", sequences=(row,))], tmp_path, reader := Reader("", forward), DISK)
        recall = options.open(tmp_path, reader)
    with recall.answering(network) as processors:
        ids = network.generate(  # type: ignore[operator]  # transformers types it loosely
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=40,
            do_sample=False,
            pad_token_id=0,
            eos_token_id=list(chat.stop_ids),
            logits_processor=processors,
        )
    assert chat.decode(ids[0, prompt.shape[1] :].tolist()) == "Under the blue stone."
    assert not any(module._forward_pre_hooks for module in network.modules())


def test_what_is_scored_one_after_the_other_is_not_mixed_up(forward: Forward, recall: Recall) -> None:
    scoring, rows = recall.scoring(forward), (OTHERS[0], STORED[0])
    started = [scoring.passes([row], 1000) for row in rows]
    found = [-float(scoring.logprobs(next(passes)).sum()) for passes in started]
    expected = [naive_cost(forward, OTHERS[0], STORED), naive_cost(forward, STORED[0], STORED[1:])]
    assert found == pytest.approx(expected, rel=1e-5)


def test_it_says_what_it_remembers_shows_nothing_and_can_be_copied(
    forward: Forward, recall: Recall, tmp_path: Path
) -> None:
    tokens = sum(row.trained for row in STORED)
    assert recall.describe()[0] == f"8 rows with {tokens} tokens remembered"
    assert recall.describe()[1:] == ("5 neighbours weigh 0.3 at temperature 20", "all keys compared")
    turns = (Message("user", "Hi"),)
    assert recall.show(turns, len, 5).messages == turns
    recall.save(tmp_path / "package")
    copy = OPTIONS.open(tmp_path / "package", Reader("this model"))
    costs = [likelihoods(each.scoring(forward), OTHERS, 1000) for each in (recall, copy)]
    assert costs[0] == costs[1]
