from tunesmith.lifecycle.advise.estimate import Machine
from tunesmith.lifecycle.advise.known_bases import known_bases
from tunesmith.lifecycle.doctor.ceilings import Ceilings
from tunesmith.lifecycle.doctor.sizes import Largest, largest

CEILINGS = Ceilings("cpu", {"float32": 200.0, "bfloat16": 900.0}, 30.0)


def on(room: float) -> dict[str, Largest]:
    return {one.way: one for one in largest(Machine(room, "float32", CEILINGS), known_bases().bases)}


def test_more_memory_takes_larger_models_in_every_way() -> None:
    small, large = on(4e9), on(64e9)
    assert small.keys() == large.keys()
    assert len(small) >= 3
    for way, one in small.items():
        assert 0 < 4 * one.parameters < large[way].parameters


def test_each_way_takes_larger_models_than_the_one_before() -> None:
    sizes = [one.parameters for one in on(16e9).values()]
    assert sizes[0] < sizes[1]
    assert sizes[-1] > sizes[1]


def test_sizes_are_what_bytes_allow() -> None:
    found = on(16e9)
    assert found["full fine-tuning"].parameters < 16e9 / 16
    assert 6e9 < found["answering, in 16 bits"].parameters < 8e9
    assert found["answering, in 16 bits"].example is not None


def test_where_nothing_fits_that_is_said() -> None:
    assert {one.describe() for one in on(1e6).values()} == {f"{way}: nothing fits" for way in on(1e6)}


def test_a_size_is_said_in_two_digits() -> None:
    assert (
        Largest("LoRA", 940_123_456, "org/name").describe()
        == "LoRA: up to 940 million parameters, such as org/name"
    )
    assert Largest("LoRA", 7_640_000_000, None).describe() == "LoRA: up to 7.6 billion parameters"
