"""Conversations for the instruction stage: documents and hand-written phrases in, messages out.

Every answer is a document's own words, written by hand, or follows from the question by a rule.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, product
from pathlib import Path
from random import Random

import yaml
from pydantic import BaseModel, ConfigDict
from texts import Document

Messages = list[dict[str, str]]
Task = tuple[str, str, str, str]
"""Source, kind of system prompt, question, answer."""

CONVERSATION_BYTES = 1_200
STORY_BYTES = 1_000
ANSWER_BYTES = 600
SHARE_WITH_SYSTEM = 0.3
SHARE_AFTER_GREETING = 0.08
ROWS = {
    "tinystories_2mb": 1_500,
    "gsm8k": 800,
    "medquad": 900,
    "banking77": 900,
    "rewrites": 900,
    "facts": 500,
}


class Exchange(BaseModel):
    """Questions that mean the same, and answers that fit all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    ask: tuple[str, ...]
    answer: tuple[str, ...]


class Sentence(BaseModel):
    """A sentence with marks, and the facts it needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    keys: tuple[str, ...]
    text: str


class Phrases(BaseModel):
    """The hand-written wordings of phrases.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    systems: dict[str, tuple[str, ...]]
    templates: dict[str, tuple[str, ...]]
    facts: dict[str, tuple[str, ...]]
    sentences: tuple[Sentence, ...]
    exchanges: tuple[Exchange, ...]

    def ask(self, template: str, random: Random, **marks: str) -> str:
        """Put texts into one of a template's wordings."""
        return random.choice(self.templates[template]).format(**marks)


def read_phrases() -> Phrases:
    """Read the phrases beside this file."""
    text = Path(__file__).with_name("phrases.yaml").read_text(encoding="utf-8")
    return Phrases.model_validate(yaml.safe_load(text))


def conversations(documents: Sequence[Document], phrases: Phrases, seed: int) -> list[tuple[str, Messages]]:
    """Make all conversations, each with its source; none exceeds CONVERSATION_BYTES, none occurs twice."""
    random = Random(seed)
    by_source: dict[str, list[Document]] = {}
    for document in documents:
        by_source.setdefault(document.source, []).append(document)
    found: dict[str, tuple[str, Messages]] = {}
    for source, tasks in _tasks(by_source, phrases, random):
        messages = (_dress(task, phrases, random) for task in tasks)
        fitting = (made for made in messages if _size(made) <= CONVERSATION_BYTES)
        for made in islice(fitting, ROWS.get(source)):
            found[repr(made)] = (source, made)
    return list(found.values())


def _tasks(
    by_source: dict[str, list[Document]], phrases: Phrases, random: Random
) -> Iterator[tuple[str, Iterable[Task]]]:
    makers: dict[str, Callable[[list[Document], Phrases, Random], Iterator[Task]]] = {
        "tinystories_2mb": _story_tasks,
        "gsm8k": _math_tasks,
        "medquad": _health_tasks,
        "banking77": _intent_tasks,
        "self_instruct": _seed_tasks,
    }
    for source, make in makers.items():
        if source in by_source:
            yield source, make(by_source[source], phrases, random)
    yield "rewrites", _rewrite_tasks(by_source.get("tinystories_2mb", []), phrases, random)
    yield "facts", _fact_tasks(phrases, random)
    yield "exchanges", _exchange_tasks(phrases)


def _story_tasks(documents: list[Document], phrases: Phrases, random: Random) -> Iterator[Task]:
    """Ask for whole stories only, so that the model learns to end them."""
    for document in documents:
        story = document.answer
        if not 200 <= len(story.encode()) <= STORY_BYTES:
            continue
        question, answer = _story_question(story, phrases, random)
        yield "tinystories_2mb", "story", question, answer


def _story_question(story: str, phrases: Phrases, random: Random) -> tuple[str, str]:
    kind = random.choice(("any", "about", "about", "begins", "continue", "words"))
    who = re.search(r"\b[Aa]n? (?:\w+ ){1,3}named [A-Z]\w+", story)
    sentences = re.split(r"(?<=[.!?]) +(?=[A-Z])|(?<=\n)", story)
    if kind == "about" and who:
        character = who.group()[0].lower() + who.group()[1:]
        return phrases.ask("story_about", random, who=character), story
    if kind == "begins":
        return phrases.ask("story_begins", random, start=sentences[0].strip()), story
    if kind == "continue" and len(sentences) > 4:
        start = story[: story.index(sentences[2])].strip()
        return phrases.ask("story_continue", random, start=start), story[len(start) :].strip()
    words = sorted(set(re.findall(r"\b[a-z]{5,9}\b", story)))
    if kind == "words" and len(words) > 8:
        one, two, three = random.sample(words, 3)
        return phrases.ask("story_words", random, words=f"{one}, {two} and {three}"), story
    return phrases.ask("story_any", random), story


def _math_tasks(documents: list[Document], phrases: Phrases, random: Random) -> Iterator[Task]:
    for document in documents:
        yield "gsm8k", "math", phrases.ask("math", random, question=document.prompt), document.answer


def _health_tasks(documents: list[Document], phrases: Phrases, random: Random) -> Iterator[Task]:
    for document in documents:
        # An answer in whole sentences: flattened tables and cut lists do not end in a full stop.
        if len(document.answer.encode()) <= ANSWER_BYTES and document.answer.endswith("."):
            yield (
                "medquad",
                "health",
                phrases.ask("health", random, question=document.prompt),
                document.answer,
            )


def _intent_tasks(documents: list[Document], phrases: Phrases, random: Random) -> Iterator[Task]:
    intents = sorted({document.answer for document in documents})
    for document in documents:
        others = random.sample(
            [name for name in intents if name != document.answer], min(3, len(intents) - 1)
        )
        options = random.sample([document.answer, *others], len(others) + 1)
        template = random.choice(("intent_choose", "intent_choose", "intent_name"))
        marks = {"text": document.prompt, "options": ", ".join(options)}
        yield "banking77", "intent", phrases.ask(template, random, **marks), document.answer


def _seed_tasks(documents: list[Document], phrases: Phrases, random: Random) -> Iterator[Task]:
    del phrases, random  # these tasks bring their own words
    for document in documents:
        # Other scripts cost a token per byte, and the model has seen too little of them to answer in them.
        if document.text.isascii() and len(document.answer.encode()) <= ANSWER_BYTES:
            yield "self_instruct", "any", document.prompt, document.answer


def _rewrite_tasks(documents: list[Document], phrases: Phrases, random: Random) -> Iterator[Task]:
    """Ask for small changes of sentences whose right answer follows by rule."""
    rules: dict[str, Callable[[str], str]] = {
        "repeat": str,
        "upper": str.upper,
        "lower": str.lower,
        "first_word": lambda text: text.split()[0],
        "last_word": lambda text: text.split()[-1].rstrip(".!?"),
        "as_list": lambda text: "\n".join(f"- {word}" for word in text.rstrip(".!?").split()),
        "quote": lambda text: f'"{text}"',
    }
    kinds = ("repeat", "repeat", *rules)
    for document in documents:
        sentence = random.choice(re.split(r"(?<=[.!?])\s+", document.answer))
        if 3 <= len(sentence.split()) <= 14 and '"' not in sentence and sentence[-1] in ".!?":
            kind = random.choice(kinds)
            yield "rewrites", "rewrite", phrases.ask(kind, random, text=sentence), rules[kind](sentence)


def _fact_tasks(phrases: Phrases, random: Random) -> Iterator[Task]:
    """Ask for a sentence from made-up facts, or for one of the facts: practice in copying from a question."""
    while True:
        sentence = random.choice(phrases.sentences)
        values = {key: random.choice(phrases.facts[key]) for key in sentence.keys}
        keys = random.sample(sentence.keys, len(sentence.keys))
        border = random.choice((", ", "\n", "; "))
        facts = border.join(f"{key}: {values[key]}" for key in keys)
        if random.random() < 0.3:
            yield (
                "facts",
                "facts",
                phrases.ask("facts_read", random, facts=facts, key=keys[0]),
                values[keys[0]],
            )
        else:
            question = phrases.ask("facts_sentence", random, facts=facts)
            yield "facts", "facts", question, sentence.text.format(**values)


def _exchange_tasks(phrases: Phrases) -> Iterator[Task]:
    for exchange in phrases.exchanges:
        for question, answer in product(exchange.ask, exchange.answer):
            yield "exchanges", "any", question, answer


def _dress(task: Task, phrases: Phrases, random: Random) -> Messages:
    """Put a task into messages, some with a system turn, some after a greeting."""
    source, kind, question, answer = task
    messages: Messages = []
    if random.random() < SHARE_WITH_SYSTEM:
        messages.append({"role": "system", "content": random.choice(phrases.systems[kind])})
    if source != "exchanges" and random.random() < SHARE_AFTER_GREETING:
        greeting = phrases.exchanges[0]
        messages.append({"role": "user", "content": random.choice(greeting.ask)})
        messages.append({"role": "assistant", "content": random.choice(greeting.answer)})
    messages.append({"role": "user", "content": question})
    messages.append({"role": "assistant", "content": answer})
    return messages


def _size(messages: Messages) -> int:
    return sum(len(message["content"].encode()) for message in messages)
