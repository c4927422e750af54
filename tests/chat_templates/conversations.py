"""Random conversations that a family's template takes, awkward on purpose."""

import json
from dataclasses import replace
from random import Random

from chat_templates.families import Family
from tunesmith.core.example import Message, ToolCall

BITS = (
    *("Where is my order", "hello", "a", "The cat's hat", " ", "  ", "\n", "\n\n", "\t", "", "0", "-1.5e3"),
    *("Grüße", "e\u0301", "你好", "世界", "مرحبا", "שלום", "👩\u200d🔬", "🙂", "\u200b", "\u00a0", "ﬁ", "Å"),
    *("http", "://", "http://a.b/c?d=e", "{'a': 1}", '{"b": "\\n"}', "def f(x):\n    return x\n", "x == y"),
    *(
        "[INST]",
        "[/INST]",
        "</s>",
        "<s>",
        "<|user|>",
        "### Response:",
        "USER:",
        "Assistant:",
        "<",
        "<|",
        "|>",
    ),
)
ODD_ENDS = ("", "", "", " ", "\n", "\t ", "//", "'s", "\n\n")


def conversation(random: Random, family: Family) -> tuple[list[Message], str]:
    """Give a conversation of one to four exchanges, and the JSON text of its tools."""
    turns: list[Message] = []
    tools = ""
    if "system" in family.takes and random.random() < 0.5:
        turns.append(Message("system", text(random, family)))
    if "tools" in family.takes and random.random() < 0.4:
        tools = json.dumps([schema(random, name) for name in random.sample(["weather", "orders", "sum"], 2)])
    for _ in range(random.choice((1, 1, 2, 3, 4))):
        turns.append(Message("user", text(random, family)))
        while tools and random.random() < 0.4:
            turns += calls(random, family)
        turns.append(answer(random, family))
    if not any(turn.role == "assistant" and turn.weight for turn in turns):
        turns[-1] = replace(turns[-1], weight=1.0)
    return turns, tools


def text(random: Random, family: Family) -> str:
    """Join a few words, blanks, letters of many scripts, code, and what looks like marks."""
    marks = [name for name in family.specials if name not in ("<|channel|>", "<think>", "</think>", "<unk>")]
    bits = [random.choice(marks if random.random() < 0.05 else BITS) for _ in range(random.randrange(6))]
    said = random.choice(("", " ")).join(bits)
    return random.choice(ODD_ENDS) + said + random.choice(ODD_ENDS)


def answer(random: Random, family: Family) -> Message:
    """Give an answer, with a thought where the family has them; some are worth half, and some nothing."""
    thinks = "reasoning" in family.takes and random.random() < 0.5
    reasoning = text(random, family) if thinks else ""
    return Message("assistant", text(random, family), random.choice((0.0, 0.5, 1, 1, 1)), reasoning)


def calls(random: Random, family: Family) -> list[Message]:
    """Give an answer that calls tools, and what they say."""
    names = [
        random.choice(("weather", "orders")) for _ in range(1 if family.one_call else random.choice((1, 2)))
    ]
    made = tuple(
        ToolCall(name, json.dumps(arguments(random, family)), f"{random.randrange(10**9):09}")
        for name in names
    )
    asked = replace(answer(random, family), tool_calls=made)
    if asked.reasoning:
        asked = replace(asked, content="")
    results = [Message("tool", text(random, family), name=call.name, call=call.id) for call in made]
    return [asked, *results]


def arguments(random: Random, family: Family) -> dict[str, object]:
    """Give what a tool is called with."""
    return {"city": text(random, family), "days": random.randrange(9)} if random.random() < 0.8 else {}


def schema(random: Random, name: str) -> dict[str, object]:
    """Give a function's schema, in its frame or bare."""
    city = {"type": "string", "description": "Where é"}
    parameters = {"type": "object", "properties": {"city": city}}
    function = {"name": name, "description": f"The {name}.", "parameters": parameters}
    return {"type": "function", "function": function} if random.random() < 0.7 else function
