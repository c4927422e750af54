"""The embedded engine: transformers' own decoding, in this process."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tunesmith.core.cards import Completion, Decoding, Model
from tunesmith.core.contracts import Backend
from tunesmith.core.wrapped import inside, prompt_of
from tunesmith.generation.backend._answer import Answer
from tunesmith.generation.backend._batches import batches
from tunesmith.generation.backend._reader import is_reader, read
from tunesmith.generation.backend._sampling import Sampling

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Local(Backend):
    """Generate with the loaded weights, in batches of similar length."""

    tokens_per_batch: Annotated[
        int, Field(ge=1, description="Tokens of prompts and answers in memory at once, padding included.")
    ] = 16384

    def generate(
        self, model: Model, prompts: Sequence[Sequence[int]], decoding: Decoding
    ) -> list[Completion]:
        """Complete every prompt, in the order given; no answer depends on what is generated beside it.

        A model with a head says what that finds.
        """
        if is_reader(model):
            return read(model, prompts, self.tokens_per_batch)
        answers = [_begin(model, prompt, decoding) for prompt in prompts]
        for positions in batches(answers, self.tokens_per_batch):
            together = [answers[position] for position in positions]
            _grow(model, together, _chooser(model, decoding, positions), _Growth(together))
        return [answer.completion() for answer in answers]

    def stream(self, model: Model, prompt: Sequence[int], decoding: Decoding) -> Generator[Completion]:
        """Complete one prompt piece by piece, one per token, its text maybe empty."""
        if is_reader(model):
            return (one for one in read(model, [prompt], self.tokens_per_batch))
        return _pieces(model, _begin(model, prompt, decoding), decoding)


def _begin(model: Model, prompt: Sequence[int], decoding: Decoding) -> Answer:
    # A model that reads one text and writes another has as much room for the one as for the other.
    is_one_text = model.family != "encoder-decoder"
    return Answer.begin(model.chat, model.context, prompt, decoding, is_one_text)


class _Growth:
    """Feeds each step's tokens to their answers and says which are done: a StoppingCriteria by its call."""

    def __init__(self, answers: list[Answer], give: Callable[[Completion], None] | None = None) -> None:
        self._answers = answers
        self._give = give
        self.is_stopped = Event()

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: Any) -> Tensor:
        for answer, token in zip(self._answers, input_ids[:, -1].tolist(), strict=True):
            if answer.finish_reason is None:
                piece = answer.add(token)
                if self._give:
                    self._give(piece)
        is_stopped = self.is_stopped.is_set()
        finished = [is_stopped or answer.finish_reason is not None for answer in self._answers]
        return input_ids.new_tensor(finished).bool()


def _chooser(model: Model, decoding: Decoding, positions: list[int]) -> list[Sampling]:
    if decoding.temperature == 0:
        return []
    return [Sampling(decoding, positions, str(model.network.device))]


def _grow(model: Model, answers: list[Answer], chooser: list[Sampling], growth: _Growth) -> None:
    """Have a batch answered, padded on the left."""
    import torch
    from transformers import GenerationConfig

    longest = max(len(answer.prompt) for answer in answers)
    ends = model.chat.stop_ids
    padding = ends[0]  # masked, so any id will do
    rows = [[padding] * (longest - len(answer.prompt)) + list(answer.prompt) for answer in answers]
    mask = [[0] * (longest - len(answer.prompt)) + [1] * len(answer.prompt) for answer in answers]
    begins = {"decoder_start_token_id": model.chat.begin_id} if model.family == "encoder-decoder" else {}
    options = GenerationConfig(
        max_new_tokens=answers[0].limit, eos_token_id=list(ends), pad_token_id=padding, **begins
    )
    recalling = nullcontext([]) if model.recall is None else model.recall.answering(model.network)
    with _answering(model) as network, torch.inference_mode(), recalling as recalled:
        network.generate(
            torch.tensor(rows, device=network.device),
            attention_mask=torch.tensor(mask, device=network.device),
            generation_config=options,
            logits_processor=[*recalled, *chooser],
            stopping_criteria=[growth],
        )


@contextmanager
def _answering(model: Model) -> Generator[Any]:
    """Give the network without dropout, and without the decoding options that the base came with.

    transformers takes every option that is not set from there, among them penalties and forbidden tokens:
    what is measured and served must follow `Decoding` alone. The options are replaced in a shallow copy,
    which shares the weights.
    """
    from transformers import GenerationConfig

    network: Any = model.network
    if not prompt_of(network):
        network = inside(network)  # with the adapter's layers inside; a prompt is put before by peft
    was_training = network.training
    network.eval()
    asked: Any = copy.copy(network)
    asked.generation_config = GenerationConfig()
    try:
        yield asked
    finally:
        network.train(was_training)


def _pieces(model: Model, answer: Answer, decoding: Decoding) -> Generator[Completion]:
    pieces: SimpleQueue[Completion | BaseException] = SimpleQueue()
    growth = _Growth([answer], pieces.put)

    def work() -> None:
        try:
            _grow(model, [answer], _chooser(model, decoding, [0]), growth)
        except BaseException as error:  # raised again by whoever asks for the next piece
            pieces.put(error)

    worker = Thread(target=work, name="generation", daemon=True)
    worker.start()
    try:
        reason = None
        while reason is None:
            piece = pieces.get()
            if isinstance(piece, BaseException):
                raise piece
            yield piece
            reason = piece.finish_reason
    finally:
        growth.is_stopped.set()
        worker.join()
