import torch

from tiny_readers import TASKS, reader_of
from tunesmith.method._featured import Featured, new_head


def featured(**options: float) -> Featured:
    return Featured(reader_of("bert", TASKS["classes"], **options).base_model, new_head(32, None, 3))


def test_masked_tokens_do_not_count() -> None:
    network = featured().eval()
    short, long = torch.tensor([[1, 5, 6]]), torch.tensor([[1, 5, 6, 0, 0]])
    with torch.no_grad():
        found = network(input_ids=long, attention_mask=torch.tensor([[1, 1, 1, 0, 0]])).logits
        assert torch.allclose(found, network(input_ids=short).logits, atol=1e-5)


def test_the_body_drops_nothing_also_while_the_head_learns() -> None:
    network = featured(hidden_dropout_prob=0.9).train()
    assert network.head.training
    assert not network.body.training
    ids = torch.tensor([[1, 5, 6]])
    assert torch.equal(network(input_ids=ids).logits, network(input_ids=ids).logits)


def test_features_are_brought_to_one_scale() -> None:
    head = new_head(4, None, 2)
    features = torch.tensor([[1.0, 2.0, 3.0, 5.0]])
    assert torch.allclose(head(features), head(10 * features), atol=1e-4)
