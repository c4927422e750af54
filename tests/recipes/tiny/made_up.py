"""Made-up text collections in the shape of the real ones."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = ("Ada", "Bert", "Cleo", "Dora", "Emil", "Flora", "Gus", "Hedda", "Ivo", "Juna")
THINGS = ("kettle", "lantern", "ribbon", "pebble", "wagon", "drum", "feather", "candle", "basket", "whistle")


@dataclass(frozen=True)
class Built:
    """The folder that was read, and the one that was written."""

    texts: Path
    data: Path

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Read one of the written files."""
        return rows_of(self.data / name)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_collections(folder: Path) -> None:
    """Write all six collections into a folder."""
    _write(folder / "tinystories_2mb" / "tinystories_sample.txt", _stories())
    _write(folder / "gsm8k" / "train.jsonl", _lines(_problem(number) for number in range(60)))
    _write(folder / "rust_book" / "rust_book.md", _book())
    _write(folder / "medquad" / "medquad.jsonl", _lines(_medical_rows()))
    _write(folder / "banking77" / "train.csv", _banking())
    _write(folder / "self_instruct" / "seed_tasks.jsonl", _lines(_seed_tasks()))


def _stories() -> str:
    found = [
        f"One day, a little girl named {name} found a {thing}. “What a fine {thing}!” said {name}.\n"
        f"She carried the {thing} home and put it beside the window. Her brother wanted to hold it too. "
        f"They took turns until evening came. Then {name} smiled and gave the {thing} to her brother."
        for name in NAMES
        for thing in THINGS
    ]
    return "\n<|endoftext|>\n".join([*found, "One day, a story was cut in the mid"])


def _problem(number: int) -> dict[str, str]:
    sum_ = number + 2
    return {
        "question": f"A shop has {number} red caps and 2 blue caps.  How many caps are there?",
        "answer": f"There are {number} + 2 = <<{number}+2={sum_}>>{sum_} caps.\n#### {sum_}",
    }


def _book() -> str:
    chapters = {
        "SUMMARY.md": "# Contents\n\n- [One](one.md)\n",
        "one.md": (
            "## First\n\nThis line is\nwrapped, see [the end][end]<!-- ignore -->.\n\n[end]: two.md\n\n"
            "```rust,ignore\nfn main() {}\n```\n\n```rust\n{{#rustdoc_include ../x.rs}}\n```\n"
        ),
        "two.md": "## Second\n\n" + "A sentence about little boxes. " * 300 + "\n",
    }
    return "".join(f"<!-- src/{name} -->\n{text}\n\n" for name, text in chapters.items())


def _medical_rows() -> list[dict[str, str]]:
    causes = "It has causes which include - Heat - Cold - Dust in the air."
    long_answer = "The same long answer is given to two questions, word for word, which is of no use twice."
    rows = [
        {
            "focus": f"Malady {n}",
            "question": f"What is (are) Malady {n} ?",
            "answer": f"It is number {n}. {causes}",
        }
        for n in range(80)
    ]
    table = "The Human Phenotype Ontology provides the following list of signs. Large forehead 16/16"
    rows += [{"focus": "T", "question": "What are the symptoms of T ?", "answer": table}]
    rows += [{"focus": f, "question": f"how is {f} treated ?", "answer": long_answer} for f in ("Ab", "Cd")]
    return rows


def _banking() -> str:
    intents = ("card_lost", "pin_forgotten", "fee_question", "limit_raised", "transfer_late")
    rows = [f'"Message {n}, please help with this?",{intents[n % len(intents)]}' for n in range(50)]
    return "\n".join(["text,category", *rows]) + "\n"


def _seed_tasks() -> list[dict[str, Any]]:
    good = {
        "name": "opposites",
        "instruction": "Give the opposite.",
        "instances": [{"input": "up", "output": "down"}],
    }
    bad = {
        "name": "explain_stereotype",
        "instruction": "No.",
        "instances": [{"input": "", "output": "None."}],
    }
    return [good, bad]


def _lines(rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
