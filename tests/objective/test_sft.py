import pytest
import torch

from tunesmith.core.cards import Model
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.task import LANGUAGE
from tunesmith.objective.sft import SFT

TURNS = (Message("user", "Where is it?"), Message("assistant", "On its way."))


def test_an_example_becomes_the_conversation_as_the_chat_renders_it(tiny_model: Model) -> None:
    example = Example(Place("a.jsonl", 1, 0), TURNS)
    (encoded,) = SFT().encode(example, tiny_model.chat, LANGUAGE)
    assert [encoded] == tiny_model.chat.encode_conversation(TURNS)
    assert 0 < encoded.trained < len(encoded)


def test_the_loss_is_torchs_cross_entropy_over_the_trained_tokens(tiny_model: Model) -> None:
    (encoded,) = SFT().encode(Example(Place("a.jsonl", 1, 0), TURNS), tiny_model.chat, LANGUAGE)
    ids, weights = torch.tensor(encoded.ids), torch.tensor(encoded.weights)
    with torch.no_grad():
        logits = tiny_model.network(input_ids=ids[None]).logits[0, :-1]
    wanted = torch.where(weights[1:] > 0, ids[1:].long(), -100)
    expected = torch.nn.functional.cross_entropy(logits, wanted, reduction="mean")
    logprobs = logits.log_softmax(-1).gather(1, ids[1:, None].long()).squeeze(1)
    loss = SFT().loss(logprobs, weights[1:])
    assert loss.mean == pytest.approx(float(expected), rel=1e-5)
    assert loss.weight == encoded.trained


def test_it_takes_conversations_labels_and_pairs() -> None:
    assert SFT.takes == {"conversations", "labels", "pairs"}


def test_of_a_pair_it_learns_the_preferred_answer(tiny_model: Model) -> None:
    rejected = (Message("assistant", "No idea."),)
    pair = Example(Place("a.jsonl", 1, 0), TURNS, rejected=rejected)
    alone = Example(Place("a.jsonl", 1, 0), TURNS)
    assert SFT().encode(pair, tiny_model.chat, LANGUAGE) == SFT().encode(alone, tiny_model.chat, LANGUAGE)
