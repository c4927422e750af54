"""Cut rows into rectangles that fit in memory. Letters behind names: B rows, T tokens, R predicted tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tunesmith.core.cards import Encoded


@dataclass(frozen=True, slots=True)
class Pass:
    """What goes through the network at once: right-padded ids, and where which token is to be predicted.

    `predict_BT` marks the positions whose next token is wanted, `targets_R` and `weights_R` belong to
    them, row by row. There is no attention mask: under causal attention no token sees the padding to its
    right.
    """

    ids_BT: Tensor
    predict_BT: Tensor
    targets_R: Tensor
    weights_R: Tensor
    keys: tuple[str, ...]


def passes(rows: Sequence[Encoded], tokens_per_pass: int, device: torch.device) -> Iterator[Pass]:
    """Give rectangles of at most `tokens_per_pass` tokens (or one row), longest rows first.

    Longest first, so that too little memory shows at once. Tokens behind the last predicted one are left
    out: nothing depends on them. How rows are put together changes no row's log-probabilities.
    """
    by_length = sorted(rows, key=_needed, reverse=True)
    start = 0
    while start < len(by_length):
        count = max(1, tokens_per_pass // _needed(by_length[start]))
        yield _rectangle(by_length[start : start + count], device)
        start += count


def _needed(row: Encoded) -> int:
    return max(index for index, weight in enumerate(row.weights) if weight)


def _rectangle(rows: Sequence[Encoded], device: torch.device) -> Pass:
    width = _needed(rows[0])
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    predict = torch.zeros(len(rows), width, dtype=torch.bool)
    targets: list[Tensor] = []
    weights: list[Tensor] = []
    for number, row in enumerate(rows):
        size = _needed(row)
        row_ids = torch.tensor(row.ids[: size + 1], dtype=torch.long)
        row_weights = torch.tensor(row.weights[1 : size + 1], dtype=torch.float32)
        ids[number, :size] = row_ids[:-1]
        predict[number, :size] = row_weights != 0
        targets.append(row_ids[1:][row_weights != 0])
        weights.append(row_weights[row_weights != 0])
    return Pass(
        ids.to(device),
        predict.to(device),
        torch.cat(targets).to(device),
        torch.cat(weights).to(device),
        tuple(row.key for row in rows),
    )
