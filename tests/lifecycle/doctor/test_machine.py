from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tunesmith.lifecycle.doctor.machine import Gpu, look

X86 = "processor : 0\nmodel name\t: Some Chip 9\nflags\t\t: fpu avx2 avx512f amx_bf16 sse\n"
ARM = "processor : 0\nFeatures\t: fp asimd sve bf16\n"


def test_it_says_what_this_machine_has() -> None:
    found = look()
    assert found.memory == psutil.virtual_memory().total
    assert 0 < found.free <= found.memory
    assert found.cores >= 1
    assert f"{found.memory / 2**30:,.1f} GiB of memory" in "\n".join(found.describe())


@pytest.mark.parametrize(
    ("text", "name", "known"),
    [(X86, "Some Chip 9", ("avx2", "avx512f", "amx_bf16")), (ARM, "", ("asimd", "bf16", "sve"))],
)
def test_a_processor_is_told_by_its_name_and_what_makes_products_fast(
    tmp_path: Path, text: str, name: str, known: tuple[str, ...]
) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    found = look(tmp_path, tmp_path / "cpuinfo")
    assert found.instructions == known
    assert found.processor
    assert name in found.processor


@pytest.mark.parametrize(
    ("files", "limit", "cores"),
    [
        ({"memory.max": "1073741824\n", "cpu.max": "150000 100000\n"}, 2**30, 1.5),
        ({"memory.max": "max\n", "cpu.max": "max 100000\n"}, None, None),
        ({"memory/memory.limit_in_bytes": "1073741824"}, 2**30, None),
        ({"memory/memory.limit_in_bytes": "9223372036854771712"}, None, None),
        ({}, None, None),
    ],
)
def test_limits_of_a_control_group_are_read(
    tmp_path: Path, files: dict[str, str], limit: int | None, cores: float | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = look(groups=tmp_path)
    assert (found.limit, found.cores_allowed) == (limit, cores)
    said = "\n".join(found.describe())
    assert ("the control group allows 1.0 GiB of memory" in said) == (limit is not None)
    assert ("1.5 cores' time" in said) == (cores is not None)


def test_graphics_cards_are_listed_each() -> None:
    card = Gpu("Some Card", 8 * 2**30, 7 * 2**30, "9.0")
    said = replace(look(), gpus=(card, card)).describe()
    assert said.count("Some Card, 8.0 GiB, 7.0 GiB free, compute capability 9.0") == 2
    assert "no graphics card that torch can use" not in said


def test_a_driver_is_seen_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("1")
    assert look(driver=tmp_path / "version").driver
    assert not look(driver=tmp_path / "none").driver
