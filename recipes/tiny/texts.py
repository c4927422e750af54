"""Text collections under permissive licences: files in, cleaned documents out.

Cleaning is light and the same on every machine: curly quotes, odd spaces and line ends become plain,
markup that does not read as text goes, lists run together on one line get their lines back. Words are never
rewritten.
"""

import csv
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLAIN = str.maketrans({
    "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u2026": "...", "\u2212": "-",
    "\u00a0": " ", "\u2028": "\n", "\u200b": "", "\ufeff": "", "\r": "",
})  # fmt: skip

UNWANTED_SEED_TASKS = re.compile(
    r"stereotype|hate|toxic|bias|medicine|lyrics|religion|democrats|sue_or|law|ethical|gender|belly|potter"
)


@dataclass(frozen=True, slots=True)
class Document:
    """One piece of text; documents of one `group` are held out together. A `flaw` says why not to use it."""

    source: str
    answer: str
    prompt: str = ""
    group: str = ""
    flaw: str = ""

    @property
    def text(self) -> str:
        """The document as running text."""
        return f"{self.prompt}\n{self.answer}" if self.prompt else self.answer

    @property
    def size(self) -> int:
        """Bytes of the text in UTF-8."""
        return len(self.text.encode())


@dataclass(frozen=True, slots=True)
class Collection:
    """A sub-folder of texts: its files, its licence, and the function that reads it.

    `pretrain_bytes` is the most that pretraining uses of it, 0 keeps it for the instruction stage; `repeats`
    is how often each of its documents stands in pretrain.jsonl.
    """

    name: str
    licence: str
    link: str
    files: tuple[str, ...]
    read: Callable[[Path], Iterator[Document]]
    pretrain_bytes: int
    repeats: int = 1


def tidy(text: str) -> str:
    """Make quotes, spaces and line ends plain; at most one blank line in a row; indentation stays."""
    plain = unicodedata.normalize("NFC", text).translate(PLAIN)
    lines = "\n".join(line.rstrip() for line in plain.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n ")


def stories(folder: Path) -> Iterator[Document]:
    """Read stories divided by an end mark; a range cut from a longer file ends in a broken story."""
    found = (folder / "tinystories_sample.txt").read_text(encoding="utf-8").split("<|endoftext|>")
    for number, story in enumerate(found, 1):
        cut = number == len(found)
        paragraphs = [_one_line(line) for line in tidy(story).split("\n") if line.strip()]
        yield Document("tinystories_2mb", "\n".join(paragraphs), flaw="cut off at the end" if cut else "")


def word_problems(folder: Path) -> Iterator[Document]:
    """Read word problems: the calculator's marks go, the result becomes a sentence."""
    for row in _rows(folder / "train.jsonl"):
        steps, _, result = re.sub(r"<<[^>]*>>", "", row["answer"]).partition("\n#### ")
        answer = f"{tidy(steps)}\nThe answer is {result.strip()}."
        yield Document("gsm8k", answer, prompt=_one_line(tidy(row["question"])))


def medical_answers(folder: Path) -> Iterator[Document]:
    """Read health questions with their answers; those about one condition are one group."""
    for row in _rows(folder / "medquad.jsonl"):
        question = _one_line(row["question"]).replace(" ?", "?").replace("What is (are)", "What is")
        lines = (_one_line(line) for line in tidy(row["answer"]).split("\n"))
        # The lists of the web pages were flattened: "include - Fever - Nausea" was three lines.
        answer = re.sub(r" - (?=[A-Z])", "\n- ", "\n".join(line for line in lines if line))
        question = tidy(question[:1].upper() + question[1:])
        yield Document("medquad", answer, question, row["focus"].casefold(), _medical_flaw(answer))


def book_chapters(folder: Path) -> Iterator[Document]:
    """Read a book in Markdown, a chapter at a time, without links and without listings kept elsewhere."""
    book = (folder / "rust_book.md").read_text(encoding="utf-8")
    for chapter in re.split(r"^<!-- src/(?=\S+ -->\n)", book, flags=re.MULTILINE)[1:]:
        name, _, text = chapter.partition(" -->\n")
        flaw = "table of contents" if name == "SUMMARY.md" else ""
        yield Document("rust_book", _plain_markdown(text), group=name, flaw=flaw)


def banking_questions(folder: Path) -> Iterator[Document]:
    """Read customers' questions to a bank; the answer is the name of the intent."""
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Document("banking77", row["category"], prompt=_one_line(tidy(row["text"])))


def seed_tasks(folder: Path) -> Iterator[Document]:
    """Read hand-written tasks, leaving out what a small model should not be taught to answer."""
    for row in _rows(folder / "seed_tasks.jsonl"):
        flaw = "unsuitable subject" if UNWANTED_SEED_TASKS.search(row["name"]) else ""
        for instance in row["instances"]:
            prompt = "\n".join(part for part in (row["instruction"], instance["input"]) if part)
            yield Document("self_instruct", tidy(instance["output"]), tidy(prompt), flaw=flaw)


def _medical_flaw(answer: str) -> str:
    if "Human Phenotype Ontology provides" in answer:
        return "table of signs"
    return "list of links" if answer.startswith("These resources") else ""


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain_markdown(text: str) -> str:
    """Take a chapter's markup away and join its wrapped lines; code keeps its lines."""
    text = re.sub(r"<!--.*?-->|<a id=.*?</a>|</?Listing[^>]*>|<img[^>]*>", "", text, flags=re.DOTALL)
    text = re.sub(r"</?(span|code|sup|em|div|section|strong)\b[^>]*>", "", text).replace("&vert;", "|")
    text = re.sub(r"^\[[^\]]+\]: .*\n?", "", text, flags=re.MULTILINE)
    text = re.sub(r"\[([^\]\[]+)\](\([^)\s]*\)|\[[^\]]*\])", r"\1", text)
    # Tables are drawn with runs of spaces and dashes that cost more tokens than their words.
    text = re.sub(
        r"^\|.*", lambda row: re.sub(r" +", " ", re.sub(r"-{4,}", "---", row[0])), text, flags=re.MULTILINE
    )
    fences = re.split(r"(^ *```.*?^ *```$)", text, flags=re.MULTILINE | re.DOTALL)
    kept = [_fence(part) if part.lstrip().startswith("```") else _unwrap(part) for part in fences]
    return tidy("\n\n".join(part for part in kept if part))


def _fence(code: str) -> str:
    """Drop a listing whose lines were kept in another file; shorten the rest's opening mark."""
    lines = [line for line in code.strip("\n").split("\n") if "{{#" not in line]
    lines[0] = lines[0].split(",")[0]
    return "\n".join(lines) if len(lines) > 2 else ""


def _unwrap(text: str) -> str:
    """Join the lines of each paragraph; headings, list items, quotes and table rows keep their own."""
    return re.sub(r"(?<=\S)\n(?![\s#>|*+\-]|\d+\. )(?=\S)", " ", _headings_apart(text)).strip("\n")


def _headings_apart(text: str) -> str:
    return re.sub(r"^(#+ .*)\n*", r"\1\n\n", text, flags=re.MULTILINE)


EVERYTHING = 2**40

COLLECTIONS = (
    Collection(
        "tinystories_2mb",
        "CDLA-Sharing-1.0",
        "https://huggingface.co/datasets/roneneldan/TinyStories",
        ("tinystories_sample.txt",),
        stories,
        EVERYTHING,
        repeats=2,
    ),
    Collection(
        "gsm8k",
        "MIT",
        "https://github.com/openai/grade-school-math",
        ("train.jsonl",),
        word_problems,
        EVERYTHING,
    ),
    Collection(
        "rust_book",
        "MIT OR Apache-2.0",
        "https://github.com/rust-lang/book",
        ("rust_book.md",),
        book_chapters,
        EVERYTHING,
    ),
    Collection(
        "medquad",
        "CC-BY-4.0",
        "https://github.com/abachaa/MedQuAD",
        ("medquad.jsonl",),
        medical_answers,
        9_000_000,
    ),
    Collection(
        "banking77",
        "CC-BY-4.0",
        "https://github.com/PolyAI-LDN/task-specific-datasets",
        ("train.csv",),
        banking_questions,
        0,
    ),
    Collection(
        "self_instruct",
        "Apache-2.0",
        "https://github.com/yizhongw/self-instruct",
        ("seed_tasks.jsonl",),
        seed_tasks,
        0,
    ),
)
