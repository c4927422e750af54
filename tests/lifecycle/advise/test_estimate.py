import math
from dataclasses import replace

import pytest
import torch

from engine_parts import constant, random_rows
from tunesmith.core.cards import Model
from tunesmith.core.recipe import Training
from tunesmith.engine.fit import fit
from tunesmith.engine.memory import measure
from tunesmith.lifecycle.advise.estimate import Machine, Work, answering_bytes, estimate, kept
from tunesmith.lifecycle.advise.footprint import Change, change_of
from tunesmith.lifecycle.doctor.ceilings import Ceilings
from tunesmith.lifecycle.rhythm import Rhythm
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA
from tunesmith.model.shape import Shape

CEILINGS = Ceilings("cpu", {"float32": 200.0, "bfloat16": 900.0}, 30.0)
ROOMY = Machine(1e12, "float32", CEILINGS)
SHAPE = Shape(
    family="decoder",
    layers=4,
    width=128,
    inner=256,
    heads=4,
    kv_heads=2,
    head_width=32,
    vocabulary=500,
    is_tied=True,
    is_gated=True,
)
WORK = Work(1e6, 1e5, 3e5, 6e7, 1e5, 100, 2048)
FULL, ADAPTER = Change(SHAPE.parameters, beside=False), Change(50_000, beside=True, rank=16)


def network() -> Model:
    from pathlib import Path

    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        "llama",
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=500,
        max_position_embeddings=512,
        tie_word_embeddings=True,
    )
    return Model("llama", Path(), AutoModelForCausalLM.from_config(config), None, 512, "x", "y")  # type: ignore[arg-type]  # no text is read


@pytest.mark.parametrize(("name", "method"), [("lora", LoRA()), ("full", Full())])
def test_what_layers_keep_is_what_the_engine_meters(name: str, method: LoRA | Full) -> None:
    model = method.apply(network(), seed=0)
    with fit(model.network, compute=torch.float32) as forward:
        metered = measure(forward, 0).per_token
    change = change_of(name, method, SHAPE)
    assert change is not None
    logits = 4 * SHAPE.vocabulary  # so small a vocabulary is never cut into chunks
    counted = (kept(SHAPE, change) * 4 + 24 * SHAPE.width + logits) * (1 + 1 / 4)
    assert counted == pytest.approx(metered, rel=0.1)


def test_memory_grows_with_what_learns_and_with_the_tokens_of_a_pass() -> None:
    adapter, full = (estimate(SHAPE, change, WORK, ROOMY, "float32") for change in (ADAPTER, FULL))
    assert adapter.fits
    assert full.peak - adapter.peak > 12 * SHAPE.parameters * 0.9
    small = estimate(SHAPE, ADAPTER, replace(WORK, tokens_per_pass=100), ROOMY, "float32")
    assert (small.tokens_per_pass, adapter.tokens_per_pass) == (100, 2048)
    assert small.peak < adapter.peak


def test_weights_of_fewer_bits_take_less() -> None:
    peaks = [
        estimate(SHAPE, ADAPTER, WORK, ROOMY, held).peak for held in ("float32", "stored", "int8", "nf4")
    ]  # type: ignore[arg-type]  # words in a list are str
    assert peaks == sorted(peaks, reverse=True)
    assert peaks[0] - peaks[1] == pytest.approx(2 * SHAPE.parameters)


def test_where_room_is_short_passes_shrink_then_activations_come_twice_then_nothing_fits() -> None:
    plenty = estimate(SHAPE, ADAPTER, WORK, ROOMY, "float32")
    least = plenty.least - 450e6
    rooms = [plenty.peak, (plenty.peak - 450e6 + least) / 2, least * 1.001, least * 0.99]
    found = [estimate(SHAPE, ADAPTER, WORK, replace(ROOMY, room=room), "float32") for room in rooms]
    assert [one.fits for one in found] == [True, True, True, False]
    assert [one.again for one in found] == [False, False, True, True]
    assert found[1].tokens_per_pass < found[0].tokens_per_pass
    assert found[2].tokens_per_pass == WORK.longest
    assert found[2].seconds > found[1].seconds


def test_operations_take_the_time_that_the_machine_s_speed_says() -> None:
    fast = replace(ROOMY, ceilings=Ceilings("cpu", {"float32": 200.0, "bfloat16": 900.0}, math.inf))
    work = Work(1e6, 1e6, 1e6, 0.0, 0.0, 100, 2048)
    seconds = estimate(SHAPE, FULL, work, fast, "float32").seconds
    assert seconds == pytest.approx(6 * 1e6 * (SHAPE.numbers(1) + SHAPE.head) / 200e9)
    twice = replace(fast, ceilings=replace(fast.ceilings, products={"float32": 400.0, "bfloat16": 900.0}))
    assert estimate(SHAPE, FULL, work, twice, "float32").seconds == pytest.approx(seconds / 2)


def test_frozen_layers_are_computed_once_and_few_bits_take_longer() -> None:
    top = Change(SHAPE.parameters // 2, beside=False, layers=1)
    seconds = [estimate(SHAPE, change, WORK, ROOMY, "float32").seconds for change in (FULL, top)]
    assert seconds[1] < seconds[0] / 2
    slower = replace(ADAPTER, slower=1.5)
    plain, unpacked = (estimate(SHAPE, one, WORK, ROOMY, "nf4").seconds for one in (ADAPTER, slower))
    assert unpacked == pytest.approx(1.5 * plain)


def test_work_is_counted_from_the_rows() -> None:
    rows = random_rows(30)
    training = constant().model_copy(update={"epochs": 2, "tokens_per_step": 100})
    found = Work.of(rows[:20], rows[20:], training, Rhythm(1000, 100, 100))
    tokens = sum(map(len, rows[:20]))
    assert (found.tokens, found.distinct) == (2 * tokens, tokens)
    assert found.wanted == pytest.approx(2 * sum(row.trained for row in rows[:20]))
    assert found.pairs == 2 * sum(len(row) * (len(row) + 1) / 2 for row in rows[:20])
    assert found.validated == 11 * sum(map(len, rows[20:]))
    assert found.longest == max(map(len, rows))


def test_a_run_of_few_steps_reads_no_more_than_they_hold() -> None:
    rows = random_rows(50)
    found = Work.of(rows, [], Training(tokens_per_step=64, max_steps=2), Rhythm(2, 1, 1))
    assert found.tokens == 128
    assert found.distinct == 128


def test_fewer_tokens_make_all_of_it_less() -> None:
    half = WORK.with_fewer_tokens(0.5)
    assert (half.tokens, half.wanted, half.pairs, half.longest) == (5e5, 1.5e5, 1.5e7, 50)


def test_answering_takes_weights_and_what_is_remembered_of_each_token() -> None:
    assert answering_bytes(SHAPE, "stored", 100) == 2 * SHAPE.parameters + 100 * 8 * 4 * SHAPE.key_width
