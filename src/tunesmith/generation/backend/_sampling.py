"""Choose tokens at random, each answer with randomness of its own, whatever is generated beside it."""

from typing import TYPE_CHECKING

from tunesmith.core.cards import Decoding

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Sampling:
    """Turns scores so that the highest one is a sample: then greedy decoding samples.

    Adding Gumbel noise to log-probabilities and taking the largest draws from their distribution (Maddison,
    Tarlow and Minka, 2014, https://arxiv.org/abs/1411.0030). `positions` are those of the prompts in the
    request: with a seed, an answer depends on the seed and its position alone, not on its batch.
    """

    def __init__(self, decoding: Decoding, positions: list[int], device: str) -> None:
        self._temperature = decoding.temperature
        self._top_p = decoding.top_p
        self._sources = [_source(decoding.seed, position, device) for position in positions]

    def __call__(self, input_ids: "Tensor", scores: "Tensor") -> "Tensor":
        """Give noisy scores; both have the shape [answers, vocabulary]."""
        import torch

        # Below zero first, so that no temperature is too low to divide by.
        scores = (scores - scores.max(dim=-1, keepdim=True).values) / self._temperature
        scores = torch.log_softmax(scores, dim=-1)
        if self._top_p < 1:
            scores = _nucleus(scores, self._top_p)
        noise = torch.stack(
            [torch.empty_like(scores[0]).exponential_(generator=source) for source in self._sources]
        )
        return scores - noise.clamp_min(torch.finfo(noise.dtype).tiny).log()


def _source(seed: int | None, position: int, device: str) -> "Generator":
    import torch

    source = torch.Generator(device)
    if seed is None:
        source.seed()
    else:
        source.manual_seed((seed + position) % 2**63)
    return source


def _nucleus(scores: "Tensor", top_p: float) -> "Tensor":
    """Keep the fewest tokens that together have the probability (Holtzman et al., 2019, arXiv 1904.09751)."""
    ordered, order = scores.sort(dim=-1, descending=True)
    before = ordered.exp().cumsum(-1) - ordered.exp()
    dropped = (before >= top_p).scatter(-1, order, before >= top_p)
    return scores.masked_fill(dropped, float("-inf"))
