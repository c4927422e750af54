"""Tables: aligned columns for people, or Markdown for a page; a row may be a name and a sentence only."""

from collections.abc import Sequence

Table = Sequence[Sequence[str]]


def aligned(table: Table) -> list[str]:
    """Put every column below its head; a row that is shorter than the head has no share in widths."""
    head = table[0]
    whole = [row for row in table if len(row) == len(head)]
    widths = [max(len(row[column]) for row in whole) for column in range(len(head))]
    widths[0] = max(len(row[0]) for row in table)
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in table
    ]


def markdown(table: Table) -> list[str]:
    """Write a table as Markdown; a row that is shorter than the head ends with empty cells."""
    head, *rows = ([cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in table)
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join([*row, *[''] * (len(head) - len(row))])} |" for row in lines]
