import pytest
from pydantic_core import PydanticCustomError

from tunesmith.method import _parts
from tunesmith.method.bitfit import BitFit
from tunesmith.method.lora import LoRA


def test_all_methods_that_go_together_are_there() -> None:
    known = set(_parts.METHODS.names())
    assert known >= _parts.BESIDE | _parts.BETWEEN | _parts.WITHIN
    assert not _parts.BESIDE & (_parts.BETWEEN | _parts.WITHIN)


def test_a_method_is_made_from_its_name_with_or_without_options() -> None:
    assert _parts.build("lora") == LoRA()
    assert _parts.build({"name": "lora", "rank": 3}) == LoRA(rank=3)
    assert _parts.build(BitFit()) == BitFit()


def test_a_method_that_stands_alone_says_why() -> None:
    with pytest.raises(PydanticCustomError, match="scratch is not stacked: it trains every weight already"):
        _parts.build("scratch")
