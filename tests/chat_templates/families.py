"""Chat templates of well-known families, written from their documented form, and what is known of each.

What stands here was written down by hand, so that tests need not ask the code where an answer ends.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Field = Literal["system", "tools", "reasoning"]
Kind = Literal["bytes", "spaced bytes", "metaspace", "old metaspace", "unigram"]

CHATML = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
LLAMA = ("<unk>", "<s>", "</s>")
DEEPSEEK = tuple(
    f"<\uff5c{name}\uff5c>"
    for name in (
        *("begin▁of▁sentence", "end▁of▁sentence", "User", "Assistant"),
        *("tool▁calls▁begin", "tool▁calls▁end", "tool▁call▁begin", "tool▁call▁end", "tool▁sep"),
        *("tool▁outputs▁begin", "tool▁outputs▁end", "tool▁output▁begin", "tool▁output▁end"),
    )
)


@dataclass(frozen=True)
class Family:
    """A template, the tokenizer it is used with, and where its answers end.

    `answer_end` is the token that ends an answer; where that is empty, `closing` is the text behind an answer
    that is no part of it, and the tokenizer's end token is learned instead. Where the turns before an answer
    change once it is there, `before_answer` is what stands between their words and its own. `opens_thought`
    says that prompts end with an opened thought, `one_call` that an answer calls at most one tool, and
    `text_arguments` that the template wants the arguments of a call as text.
    """

    name: str
    tokenizer: Kind
    specials: tuple[str, ...]
    end: str
    answer_end: str
    begin: str | None = None
    pad: str | None = None
    adds_begin: bool = False
    takes: frozenset[Field] = frozenset()
    call_end: str = ""
    closing: str = ""
    before_answer: tuple[str, ...] = ()
    opens_thought: bool = False
    one_call: bool = False
    text_arguments: bool = False
    source: str = ""

    @property
    def template(self) -> str:
        """The template's text; `source` where a test gives it one of its own."""
        return self.source or (Path(__file__).parent / f"{self.name}.jinja").read_text(encoding="utf-8")


ALL: frozenset[Field] = frozenset(("system", "tools", "reasoning"))
TOOLS: frozenset[Field] = frozenset(("system", "tools"))
SYSTEM: frozenset[Field] = frozenset(("system",))

FAMILIES = (
    Family("chatml", "bytes", CHATML, "<|im_end|>", "<|im_end|>", pad="<|im_end|>", takes=SYSTEM),
    Family(
        "qwen2", "bytes", CHATML, "<|im_end|>", "<|im_end|>", pad="<|endoftext|>", takes=TOOLS,
        call_end="<|im_end|>",
    ),
    Family(
        "qwen3", "bytes", (*CHATML, "<think>", "</think>"), "<|im_end|>", "<|im_end|>",
        pad="<|endoftext|>", takes=ALL, call_end="<|im_end|>",
    ),
    Family(
        "llama2", "old metaspace", LLAMA, "</s>", "</s>", begin="<s>", pad="</s>", adds_begin=True,
        takes=SYSTEM,
    ),
    Family(
        "llama3", "bytes",
        ("<|begin|>", "<|eot_id|>", "<|eom_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|finish|>"),
        "<|finish|>", "<|eot_id|>", begin="<|begin|>", adds_begin=True, takes=TOOLS, call_end="<|eom_id|>",
        one_call=True,
    ),
    Family("mistral_v1", "metaspace", LLAMA, "</s>", "</s>", begin="<s>", pad="</s>", adds_begin=True),
    Family(
        "mistral_v3", "metaspace",
        (*LLAMA, "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]",
         "[TOOL_RESULTS]", "[/TOOL_RESULTS]"),
        "</s>", "</s>", begin="<s>", pad="</s>", adds_begin=True, takes=TOOLS, call_end="</s>",
        before_answer=("[/INST]", "[/TOOL_RESULTS]"),
    ),
    Family(
        "gemma", "unigram", ("<unk>", "<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"), "<eos>",
        "<end_of_turn>", begin="<bos>", pad="<pad>", adds_begin=True,
    ),
    Family(
        "phi3", "metaspace",
        (*LLAMA, "<|endoftext|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"),
        "<|endoftext|>", "<|end|>", begin="<s>", pad="<|endoftext|>", takes=SYSTEM,
    ),
    Family("zephyr", "metaspace", LLAMA, "</s>", "</s>", begin="<s>", pad="</s>", takes=SYSTEM),
    Family("vicuna", "old metaspace", LLAMA, "</s>", "</s>", begin="<s>", pad="<unk>", takes=SYSTEM),
    Family(
        "alpaca", "spaced bytes", ("<|endoftext|>",), "<|endoftext|>", "", begin="<|endoftext|>",
        takes=SYSTEM, closing="\n\n",
    ),
    Family(
        "deepseek_r1", "bytes", (*DEEPSEEK, "<think>", "</think>"), DEEPSEEK[1], DEEPSEEK[1],
        begin=DEEPSEEK[0], pad=DEEPSEEK[1], adds_begin=True, takes=ALL, call_end=DEEPSEEK[1],
        opens_thought=True, text_arguments=True,
    ),
    Family(
        "olmo", "bytes", ("<|endoftext|>", "<|padding|>"), "<|endoftext|>", "<|endoftext|>",
        begin="<|endoftext|>", pad="<|endoftext|>", takes=SYSTEM,
    ),
    Family(
        "falcon", "bytes", ("<|endoftext|>",), "<|endoftext|>", "", pad="<|endoftext|>", takes=SYSTEM,
    ),
    Family(
        "command_r", "bytes",
        ("<PAD>", "<BOS>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|SYSTEM_TOKEN|>",
         "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>",
         "<|START_ACTION|>", "<|END_ACTION|>"),
        "<|END_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", begin="<BOS>", pad="<PAD>", adds_begin=True,
        takes=frozenset(("system", "tools")), call_end="<|END_OF_TURN_TOKEN|>",
    ),
    Family(
        "harmony", "bytes",
        ("<|endoftext|>", "<|return|>", "<|call|>", "<|end|>", "<|start|>", "<|channel|>", "<|message|>"),
        "<|return|>", "<|return|>", pad="<|endoftext|>", takes=ALL, call_end="<|call|>", one_call=True,
        before_answer=("<|start|>assistant",),
    ),
    Family("smollm2", "bytes", CHATML, "<|im_end|>", "<|im_end|>", pad="<|endoftext|>", takes=SYSTEM),
    Family(
        "glm", "bytes", ("<|endoftext|>", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>"),
        "<|endoftext|>", "", pad="<|endoftext|>", takes=SYSTEM,
    ),
    Family(
        "thinker", "unigram", ("<unk>", "<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"),
        "<|end_of_text|>", "<|end_of_text|>", pad="<|end_of_text|>",
        takes=frozenset(("system", "reasoning")), opens_thought=True,
    ),
)  # fmt: skip
