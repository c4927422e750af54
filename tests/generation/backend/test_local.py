"""The embedded engine answers as transformers does, the same in any batch, and leaves the model as it was."""

import logging
import threading
from dataclasses import replace

import pytest

from tunesmith.core.cards import Decoding, Model
from tunesmith.core.contracts import Backend
from tunesmith.core.errors import PromptTooLong
from tunesmith.core.example import Message
from tunesmith.core.registry import Registry
from tunesmith.generation.backend.local import Local

QUESTIONS = ("Hi", "Where is my order?", "The kettle boils water. " * 3, "x" * 90, "Lantern, blanket, mug?")


def prompts_of(model: Model) -> list[list[int]]:
    return [list(model.chat.encode_prompt([Message("user", text)])) for text in QUESTIONS]


def test_both_engines_are_found_by_name() -> None:
    registry = Registry("generation.backend", Backend)
    assert registry.names() == ["echo", "local"]
    assert registry.build("local", {"tokens_per_batch": 5}) == Local(tokens_per_batch=5)


def test_the_greedy_answer_is_that_of_a_plain_argmax_loop(any_model: Model) -> None:
    import torch

    prompt = prompts_of(any_model)[1]
    ids = list(prompt)
    with torch.no_grad():
        for _ in range(12):
            best = int(
                any_model.network(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()
            )
            if best in any_model.chat.stop_ids:
                break
            ids.append(best)
    (completion,) = Local().generate(any_model, [prompt], Decoding(max_tokens=12))
    assert completion.text == any_model.chat.decode(ids[len(prompt) :])
    assert completion.prompt_tokens == len(prompt)


@pytest.mark.parametrize(
    "decoding", [Decoding(max_tokens=24), Decoding(24, temperature=0.9, top_p=0.9, seed=5)]
)
def test_an_answer_does_not_depend_on_what_is_generated_beside_it(
    any_model: Model, decoding: Decoding
) -> None:
    prompts = prompts_of(any_model)
    together = Local(tokens_per_batch=10_000).generate(any_model, prompts, decoding)
    some = Local(tokens_per_batch=200).generate(any_model, prompts, decoding)
    alone = Local(tokens_per_batch=1).generate(any_model, prompts, decoding)
    assert together == alone == some
    assert len({completion.text for completion in together}) > 1


def test_a_streamed_answer_is_the_whole_one_in_pieces(any_model: Model) -> None:
    decoding = Decoding(max_tokens=40, temperature=1.2, seed=1)
    for prompt in prompts_of(any_model):
        pieces = list(Local().stream(any_model, prompt, decoding))
        (whole,) = Local().generate(any_model, [prompt], decoding)
        assert "".join(piece.text for piece in pieces) == whole.text
        assert [piece.tokens for piece in pieces] == list(range(1, whole.tokens + 1))
        assert (pieces[-1].finish_reason, pieces[-1].prompt_tokens) == (whole.finish_reason, len(prompt))
        assert all(piece.finish_reason is None for piece in pieces[:-1])


def test_a_seed_repeats_a_sample_and_another_seed_does_not(tiny_model: Model) -> None:
    prompts = prompts_of(tiny_model)[:1]

    def sample(seed: int | None) -> str:
        return Local().generate(tiny_model, prompts, Decoding(20, temperature=1.0, seed=seed))[0].text

    assert sample(1) == sample(1)
    assert sample(1) != sample(2)
    assert sample(None) != sample(None)


def test_sampling_leaves_everybody_else_s_randomness_alone(tiny_model: Model) -> None:
    import torch

    before = torch.get_rng_state()
    Local().generate(tiny_model, prompts_of(tiny_model), Decoding(4, temperature=1.0, seed=1))
    assert torch.equal(torch.get_rng_state(), before)


def test_an_answer_ends_at_any_of_the_end_tokens(tiny_model: Model) -> None:
    import torch

    prompt = prompts_of(tiny_model)[0]
    (plain,) = Local().generate(tiny_model, [prompt], Decoding(max_tokens=8))
    assert (plain.finish_reason, plain.tokens) == ("length", 8)
    (end,) = tiny_model.chat.stop_ids
    with torch.no_grad():  # whatever comes, the end token is what scores best
        tiny_model.network.lm_head.weight.zero_()
        tiny_model.network.lm_head.weight[end] = 1000 * tiny_model.network.model.norm.weight.sign()
        hidden = tiny_model.network.model(torch.tensor([prompt])).last_hidden_state[0, -1]
        tiny_model.network.lm_head.weight[end] = hidden
    (ended,) = Local().generate(tiny_model, [prompt], Decoding(max_tokens=8))
    assert (ended.text, ended.finish_reason, ended.tokens) == ("", "stop", 1)


def test_a_stop_string_ends_the_answer_before_itself(tiny_model: Model) -> None:
    prompt = prompts_of(tiny_model)[2]
    (plain,) = Local().generate(tiny_model, [prompt], Decoding(max_tokens=30))
    stop = plain.text[10:13]
    (stopped,) = Local().generate(tiny_model, [prompt], Decoding(max_tokens=30, stop=(stop,)))
    assert stopped.text == plain.text[: plain.text.index(stop)]
    assert stopped.finish_reason == "stop"
    assert stopped.tokens < plain.tokens
    streamed = Local().stream(tiny_model, prompt, Decoding(max_tokens=30, stop=(stop,)))
    assert "".join(piece.text for piece in streamed) == stopped.text


def test_the_context_bounds_prompt_and_answer_together(any_model: Model) -> None:
    filled = [5] * (any_model.context - 3)
    completions = Local().generate(any_model, [[5, 6], filled, filled[1:]], Decoding(max_tokens=9))
    assert [one.tokens for one in completions if one.finish_reason == "length"][1:] <= [3, 4]
    assert completions[1].tokens <= 3


def test_a_prompt_without_room_for_an_answer_is_refused_at_once_with_both_lengths(tiny_model: Model) -> None:
    for full in (tiny_model.context, tiny_model.context + 7):
        with pytest.raises(PromptTooLong, match=f"{full} tokens, but the model takes 256"):
            Local().generate(tiny_model, [[5], [5] * full], Decoding())
        with pytest.raises(PromptTooLong, match="Shorten it by at least"):
            Local().stream(tiny_model, [5] * full, Decoding())


def test_the_base_s_own_decoding_options_neither_count_nor_change(tiny_model: Model) -> None:
    prompts = prompts_of(tiny_model)
    before = Local().generate(tiny_model, prompts, Decoding(max_tokens=12))
    options = tiny_model.network.generation_config
    options.repetition_penalty, options.suppress_tokens = 5.0, list(range(100, 250))
    options.do_sample, options.temperature, options.max_length = True, 3.0, 7
    stated = options.to_dict()
    assert Local().generate(tiny_model, prompts, Decoding(max_tokens=12)) == before
    assert tiny_model.network.generation_config is options
    assert options.to_dict() == stated


def test_dropout_is_off_while_answering_and_back_on_afterwards(tiny_model: Model) -> None:
    network = tiny_model.network
    network.config.attention_dropout = 0.9
    for layer in network.model.layers:
        layer.self_attn.attention_dropout = 0.9
    prompts = prompts_of(tiny_model)
    before = Local().generate(tiny_model, prompts, Decoding(max_tokens=8))
    network.train()
    assert Local().generate(tiny_model, prompts, Decoding(max_tokens=8)) == before
    assert network.training


def test_an_adapter_answers_with_its_change(tiny_model: Model) -> None:
    import torch

    from tunesmith.method.lora import LoRA

    prompts = prompts_of(tiny_model)
    before = Local().generate(tiny_model, prompts, Decoding(max_tokens=12))
    adapted = LoRA(rank=4).apply(tiny_model, seed=0)
    assert Local().generate(adapted, prompts, Decoding(max_tokens=12)) == before
    with torch.no_grad():
        for name, parameter in adapted.network.named_parameters():
            if "lora_B" in name:
                parameter.normal_()
    changed = Local().generate(adapted, prompts, Decoding(max_tokens=12))
    assert changed != before
    merged = LoRA(rank=4).merge(adapted)
    assert Local().generate(merged, prompts, Decoding(max_tokens=12)) == changed


def test_closing_a_stream_stops_the_work(tiny_model: Model) -> None:
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    tiny_model.network.register_forward_hook(count)
    pieces = Local().stream(tiny_model, prompts_of(tiny_model)[0], Decoding(max_tokens=200))
    next(pieces)
    pieces.close()
    assert calls < 200
    assert not [thread for thread in threading.enumerate() if thread.name == "generation"]


def test_nothing_is_computed_before_the_first_piece_is_asked_for(tiny_model: Model) -> None:
    Local().stream(tiny_model, prompts_of(tiny_model)[0], Decoding(max_tokens=200))
    assert not [thread for thread in threading.enumerate() if thread.name == "generation"]


def test_an_error_while_streaming_reaches_whoever_asks_for_the_next_piece(tiny_model: Model) -> None:
    unknown = [10_000]
    with pytest.raises(IndexError):
        list(Local().stream(tiny_model, unknown, Decoding(max_tokens=2)))


def test_transformers_has_nothing_to_warn_about(
    any_model: Model, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    with caplog.at_level(logging.WARNING):
        Local().generate(any_model, prompts_of(any_model), Decoding(max_tokens=4, temperature=0.5, seed=1))
        Local().generate(any_model, prompts_of(any_model), Decoding(max_tokens=4))
    assert caplog.records == []


def test_no_prompts_no_answers(tiny_model: Model) -> None:
    assert Local().generate(replace(tiny_model), [], Decoding()) == []
