"""Group answers that are generated together."""

from collections.abc import Iterator, Sequence

from tunesmith.generation.backend._answer import Answer


def batches(answers: Sequence[Answer], tokens_per_batch: int) -> Iterator[list[int]]:
    """Give the positions of answers that share a batch: similar lengths, padding counted, at least one.

    All of a batch may grow by the same number of tokens, so that none is cut short, or led beyond its
    context, by what is beside it.
    """
    order = sorted(range(len(answers)), key=lambda position: len(answers[position].prompt), reverse=True)
    batch: list[int] = []
    for position in order:
        if batch and not _fits(answers, batch, position, tokens_per_batch):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def _fits(answers: Sequence[Answer], batch: list[int], position: int, tokens_per_batch: int) -> bool:
    longest = answers[batch[0]]
    size = (len(batch) + 1) * (len(longest.prompt) + longest.limit)
    return size <= tokens_per_batch and answers[position].limit == longest.limit
