"""TRL gets what it would have by itself, or what somebody would tune for these rows; never other rows."""

from typing import Any

import pytest
from benchmarks.case import OTHERS, TABLE, Case
from benchmarks.contestant.settings import CANDIDATES, DEFAULTS, TOKENS_PER_PASS, pack_length

every_case = pytest.mark.parametrize("case", [*TABLE, *OTHERS], ids=lambda case: case.name)


def test_what_we_call_defaults_are_the_defaults_of_trl(tmp_path: Any) -> None:
    from trl.trainer.sft_config import SFTConfig

    with pytest.warns(FutureWarning, match="gradient_checkpointing"):  # its own default has a deprecated name
        theirs = SFTConfig(str(tmp_path), use_cpu=True)
    ours = DEFAULTS.batching(TABLE[0])
    assert theirs.bf16
    assert theirs.activation_checkpointing
    assert not theirs.packing
    assert (DEFAULTS.precision, DEFAULTS.layout, DEFAULTS.checkpoints) == ("bfloat16", "padded", True)
    for name in ("per_device_train_batch_size", "gradient_accumulation_steps"):
        assert ours[name] == getattr(theirs, name)


@every_case
def test_a_step_has_the_same_rows_however_it_is_cut(case: Case) -> None:
    for settings in (DEFAULTS, *(each for each in CANDIDATES if each.layout == "grouped")):
        options = settings.batching(case)
        rows = options["per_device_train_batch_size"]
        assert rows * options["gradient_accumulation_steps"] == case.rows_per_step
        longest = max(map(len, case.rows))
        assert settings == DEFAULTS or rows == 1 or rows * longest <= TOKENS_PER_PASS["cpu"]


@every_case
def test_no_pack_cuts_a_row_and_a_step_has_about_as_many_tokens(case: Case) -> None:
    for settings in CANDIDATES:
        if settings.layout == "packed":
            options = settings.batching(case)
            assert options["max_length"] >= max(map(len, case.rows))
            step = options["max_length"] * options["gradient_accumulation_steps"]
            assert 0.5 < step / (sum(map(len, case.rows)) / case.steps) < 2


def test_frozen_weights_are_kept_in_bfloat16_only_where_somebody_tuned() -> None:
    tuned = next(each for each in CANDIDATES if each.precision == "bfloat16")
    assert tuned.dtype(adapts=True) == "bfloat16"
    assert {tuned.dtype(adapts=False), DEFAULTS.dtype(adapts=True)} == {"float32"}


def test_packs_of_few_tokens_hold_no_more_than_a_step() -> None:
    case = TABLE[0].shortened(2)
    assert pack_length(case.rows, 1) == max(map(len, case.rows))
    assert pack_length(case.rows, 16) == 1024
