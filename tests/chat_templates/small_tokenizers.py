"""Small tokenizers of every kind, trained on a few sentences in a moment: one for each family."""

import json
import string
from functools import cache
from typing import TYPE_CHECKING, Any

from chat_templates.families import Family, Kind

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

LESSON = (
    string.printable,
    "Where is my order? Your order is on its way. Thank you for your patience, and have a nice day.",
    "See http://example.org/orders for more; the kettle boils water, the lantern gives light.",
    "def answer(question): return 42  # the assistant says so, the user asks, the system waits",
    '{"name": "weather", "arguments": {"city": "Paris", "days": 3}} [INST] [/INST] ### Response:',
    "Grüße aus München: schöne Tage, 你好 世界. مرحبا بالعالم 👩\u200d🔬 e\u0301t\u00e9",
    "one\n\ntwo\n\nthree\n user: hello\n\nassistant: hello there. The cat's hat; we're off.",
)


@cache
def tokenizer_of(family: Family) -> "PreTrainedTokenizerFast":
    """Give the tokenizer of a family with its special tokens and template; do not change it."""
    from tokenizers import AddedToken
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    # Phi-3's marks take the space behind them; everywhere else they stand as they are.
    strips = family.name == "phi3"
    specials = [
        AddedToken(name, rstrip=strips and name.startswith("<|"), normalized=False, special=True)
        for name in family.specials
    ]
    tokenizer = _trained(family.tokenizer, specials)
    if family.adds_begin and family.begin:
        number = tokenizer.token_to_id(family.begin)
        tokenizer.post_processor = TemplateProcessing(
            single=f"{family.begin} $A", special_tokens=[(family.begin, number)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=family.begin,
        eos_token=family.end,
        pad_token=family.pad,
        chat_template=family.template,
        model_max_length=100_000,
    )


def _trained(kind: Kind, specials: list[Any]) -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    options: dict[str, Any] = {"vocab_size": 600, "special_tokens": specials, "show_progress": False}
    if kind in ("bytes", "spaced bytes"):
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=kind == "spaced bytes")
        tokenizer.decoder = decoders.ByteLevel()
        trainer: Any = trainers.BpeTrainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **options)
    elif kind == "unigram":
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.NFKC()
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
        tokenizer.decoder = decoders.Metaspace(prepend_scheme="never")
        trainer = trainers.UnigramTrainer(unk_token="<unk>", **options)
    else:
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        scheme = "first" if kind == "metaspace" else "always"
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=kind == "metaspace")
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        trainer = trainers.BpeTrainer(**options)
    tokenizer.train_from_iterator(LESSON, trainer)
    return tokenizer if "metaspace" not in kind else _with_bytes(tokenizer)


def _with_bytes(tokenizer: Any) -> Any:
    """Let letters that were never seen become their bytes, as sentencepiece does."""
    from tokenizers import Tokenizer

    content = json.loads(tokenizer.to_str())
    vocabulary = content["model"]["vocab"]
    for byte in range(256):
        vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
    content["model"]["byte_fallback"] = True
    return Tokenizer.from_str(json.dumps(content))
