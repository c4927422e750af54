"""How many operations a training step needs, how many were executed, and what the others were for.

Closed form, from sizes alone: nothing here depends on a clock. A product of an [m, k] and a [k, n] matrix is
counted as 2 m k n; norms, activations and the optimizer are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from math import prod

from benchmarks.change import RANK, Change
from benchmarks.shape import Shape
from tunesmith.core.cards import Encoded, Plan


@dataclass(frozen=True)
class Counts:
    """What goes through a network: tokens read, pairs of tokens that attend, rows of the output matrix."""

    tokens: int = 0
    pairs: int = 0
    rows: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tokens + other.tokens, self.pairs + other.pairs, self.rows + other.rows)


@dataclass(frozen=True)
class Ran:
    """What went through a network, and how much of it had to, one waste after the other taken away.

    `causal` pairs would remain if no masked pair were computed, `wanted` rows if only those that are trained
    on; `tokens` and `own_pairs` if there were no padding.
    """

    executed: Counts = Counts()
    causal: int = 0
    wanted: int = 0
    tokens: int = 0
    own_pairs: int = 0

    def __add__(self, other: Ran) -> Ran:
        sums = [mine + theirs for mine, theirs in zip(astuple(self)[1:], astuple(other)[1:], strict=True)]
        return Ran(self.executed + other.executed, *sums)


@dataclass(frozen=True)
class Repeated:
    """What is computed more than once, or for nothing, besides what went through the network once.

    `checkpoints`: the share of layers whose forward runs again in the backward pass. `crosses_frozen`:
    gradients go down to the embeddings though nothing there learns. `head_products`: further products with
    the output matrix. `trunk`: the share of epochs in which layers below the changed ones run.
    """

    checkpoints: float = 0.0
    crosses_frozen: bool = False
    head_products: int = 0
    trunk: float = 1.0


@dataclass(frozen=True)
class Factors:
    """Needed by executed operations, as a product: each is the share left by one kind of waste."""

    pad: float
    prefix: float
    head: float
    recompute: float
    mask: float

    @property
    def eta(self) -> float:
        """Needed by executed operations."""
        return prod(astuple(self))


@dataclass(frozen=True)
class Costs:
    """The operations of training one shape where one thing changes."""

    shape: Shape
    change: Change

    def needed(self, counts: Counts, trunk: float = 1.0) -> float:
        """Count what forward and backward need; `trunk` is the share of epochs that need the lower layers."""
        changed = self.change.layers(self.shape.layers)
        frozen = self.shape.layers - changed
        forward = 2 * counts.tokens * self._matrices + 4 * self.shape.width * counts.pairs
        backward = 2 * counts.tokens * self._matrices + 8 * self.shape.width * counts.pairs
        if not self.change.adapts:
            backward += 2 * counts.tokens * self._matrices
        learning = 6 * counts.tokens * self._adapters if self.change.adapts else 0
        body = (frozen * trunk + changed) * forward + changed * (backward + learning)
        if changed and not self.change.trains_embeddings:
            body -= 2 * counts.tokens * self._entry
        return body + self._head(counts)

    def executed(self, counts: Counts, repeated: Repeated) -> float:
        """Count what was computed, with what was computed again or for nothing."""
        changed = self.change.layers(self.shape.layers)
        crossed = self.shape.layers if repeated.crosses_frozen else changed
        pairs = self.shape.width * counts.pairs
        total = self.needed(counts, repeated.trunk)
        # A flash kernel keeps no scores: its backward pass computes them again.
        total += 2 * pairs * crossed
        again = crossed * (2 * counts.tokens * self._again + 4 * pairs)
        again -= (crossed - changed) * 2 * counts.tokens * self._unadapted_again
        total += repeated.checkpoints * again
        if repeated.crosses_frozen:
            total += (crossed - changed) * (2 * counts.tokens * self._matrices + 8 * pairs)
            total += 2 * counts.tokens * self._entry if changed else self._product(counts)
        return total + repeated.head_products * self._product(counts)

    def factors(self, ran: Ran, repeated: Repeated, needed: Counts, trunk: float = 1.0) -> Factors:
        """Part executed operations by what they were for; `needed` is what one trie per step would read."""
        rows, pairs = ran.executed.rows, ran.executed.pairs
        steps = [
            self.executed(ran.executed, repeated),
            self.needed(Counts(ran.executed.tokens, pairs, rows), trunk),
            self.needed(Counts(ran.executed.tokens, ran.causal, rows), trunk),
            self.needed(Counts(ran.executed.tokens, ran.causal, ran.wanted), trunk),
            self.needed(Counts(ran.tokens, ran.own_pairs, ran.wanted), trunk),
            self.needed(needed, trunk),
        ]
        shares = [after / before for before, after in pairwise(steps)]
        recompute, mask, head, pad, prefix = shares
        return Factors(pad=pad, prefix=prefix, head=head, recompute=recompute, mask=mask)

    @property
    def _matrices(self) -> int:
        return sum(prod(matrix) for matrix in self.shape.matrices)

    @property
    def _adapters(self) -> int:
        return sum(RANK * (inputs + outputs) for inputs, outputs in self.shape.matrices)

    @property
    def _entry(self) -> int:
        """What a gradient by a layer's input costs in that layer's first matrices."""
        beside = sum(RANK * inputs for inputs, _ in self.shape.entry) if self.change.adapts else 0
        return sum(prod(matrix) for matrix in self.shape.entry) + beside

    @property
    def _again(self) -> int:
        """A checkpointed layer runs again up to its last product, which nothing needs."""
        if self.change.adapts:
            return self._matrices + self._adapters - RANK * self.shape.width
        return self._matrices - prod(self.shape.matrices[-1])

    @property
    def _unadapted_again(self) -> int:
        """What running a layer again costs less where it has no adapters."""
        return self._again - (self._matrices - prod(self.shape.matrices[-1]))

    def _head(self, counts: Counts) -> float:
        """Logits, the gradient by the hidden state if anyone below needs it, and that by the matrix."""
        is_needed_below = self.change.layers(self.shape.layers) > 0
        return (1 + is_needed_below + self.change.trains_head) * self._product(counts)

    def _product(self, counts: Counts) -> int:
        """Give what one product with the output matrix costs."""
        return 2 * counts.rows * self.shape.width * self.shape.vocabulary


def needed(plans: Iterable[Plan]) -> Counts:
    """Count what steps need: equal beginnings once in each, nothing behind a row's last wanted token."""
    return sum((_trie(plan.sequences) for plan in plans), Counts())


def side_by_side(lengths: Sequence[int], wanted: int, *, compact: bool) -> Ran:
    """Describe rows padded to one length; with any padding at all, attention computes the whole square.

    `compact`: only wanted rows go through the output matrix, not all but the last of each row.
    """
    width, count = max(lengths), len(lengths)
    causal = count * triangle(width)
    is_dense = any(length != width for length in lengths)
    rows = wanted if compact else count * (width - 1)
    executed = Counts(count * width, count * width * width if is_dense else causal, rows)
    return Ran(executed, causal, wanted, sum(lengths), sum(map(triangle, lengths)))


def end_to_end(lengths: Sequence[int], wanted: int, *, dense: bool, compact: bool) -> Ran:
    """Describe rows packed into one; `dense`: a mask over all pairs keeps them apart."""
    tokens, own = sum(lengths), sum(map(triangle, lengths))
    is_dense = dense and len(lengths) > 1
    executed = Counts(tokens, tokens * tokens if is_dense else own, wanted if compact else tokens - 1)
    return Ran(executed, own, wanted, tokens, own)


def triangle(length: int) -> int:
    """Count the pairs of a row's tokens with themselves and those before them."""
    return length * (length + 1) // 2


def _trie(rows: Sequence[Encoded]) -> Counts:
    """Count the nodes of a trie, the pairs of a node with what comes before it, and nodes that predict."""
    nodes: dict[tuple[int, int], int] = {}
    pairs, asked = 0, set[int]()
    for row in rows:
        last = max((place for place, weight in enumerate(row.weights) if weight), default=0)
        node = -1
        for place in range(last):
            before = len(nodes)
            node = nodes.setdefault((node, row.ids[place]), before)
            pairs += place + 1 if len(nodes) > before else 0
            if row.weights[place + 1]:
                asked.add(node)
    return Counts(len(nodes), pairs, len(asked))
