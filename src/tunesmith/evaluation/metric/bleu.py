"""BLEU over all answers together (Papineni et al., 2002, https://aclanthology.org/P02-1040/).

Counted and computed by sacrebleu (Post, 2018, https://aclanthology.org/W18-6319/), so the value is the one
that `sacrebleu.corpus_bleu` gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.errors import MissingExtra
from tunesmith.core.example import Example

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU

Tokenizer = Literal["13a", "intl", "zh", "char", "none"]
ORDER = 4


@dataclass(frozen=True, kw_only=True)
class Bleu(Metric):
    """Overlap with the reference by runs of one to four words, over all answers together (0 to 100)."""

    version = 1

    tokenize: Annotated[
        Tokenizer,
        Field(description="How sacrebleu cuts words; zh for Chinese, char for other scripts without spaces."),
    ] = "13a"
    lowercase: Annotated[bool, Field(description="Count capital and small letters as the same.")] = False

    def score(self, completion: Completion, example: Example) -> tuple[float, ...]:
        """Give sacrebleu's counts: words of answer and reference, matches per order, totals per order."""
        found = _scorer(self.tokenize, self.lowercase).sentence_score(completion.text, [example.reference])
        return tuple(float(count) for count in (found.sys_len, found.ref_len, *found.counts, *found.totals))

    def summarise(self, sums: Sequence[float]) -> float:
        """Give corpus BLEU with sacrebleu's default smoothing, 0 to 100."""
        answer_words, reference_words, *counts = (int(count) for count in sums)
        return (
            _scorer(self.tokenize, self.lowercase)
            .compute_bleu(
                correct=counts[:ORDER],
                total=counts[ORDER:],
                sys_len=answer_words,
                ref_len=reference_words,
                smooth_method="exp",
            )
            .score
        )


@lru_cache
def _scorer(tokenize: Tokenizer, lowercase: bool) -> "BLEU":
    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError:
        raise MissingExtra("BLEU", "metrics") from None
    # Only the counts of one sentence are read; `effective_order` silences a warning about its score.
    return BLEU(tokenize=tokenize, lowercase=lowercase, effective_order=True)
