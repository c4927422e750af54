"""Contracts are promises without code: abstract verbs, and class attributes that are no options."""

import ast
import inspect
from abc import ABC

import pytest

from tunesmith.core import contracts

KINDS = [
    kind
    for kind in vars(contracts).values()
    if inspect.isclass(kind) and kind.__module__ == contracts.__name__
]


def test_all_contracts_were_found() -> None:
    names = {kind.__name__ for kind in KINDS}
    assert names >= {"Source", "Method", "Objective", "Metric", "Exporter", "Backend", "Trigger"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_contract_promises_a_few_verbs_and_cannot_be_made_itself(kind: type[ABC]) -> None:
    assert 1 <= len(kind.__abstractmethods__) <= 5
    with pytest.raises(TypeError, match="abstract"):
        kind()


@pytest.mark.parametrize("kind", KINDS)
def test_a_contract_has_no_code_to_reuse(kind: type[ABC]) -> None:
    assert kind.__bases__ == (ABC,)
    (drawn,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(drawn, ast.ClassDef)
    for part in drawn.body:
        if isinstance(part, ast.FunctionDef):
            verb = f"{kind.__name__}.{part.name}"
            if part.name in kind.__abstractmethods__:
                assert len(part.body) == 1, f"{verb} does something"
            else:  # what most need not say: a constant, or what it was given
                answer = part.body[-1]
                assert len(part.body) == 2, f"{verb} does something"
                assert isinstance(answer, ast.Return), f"{verb} does something"
                assert isinstance(answer.value, ast.Constant | ast.Name), f"{verb} does something"
            assert ast.get_docstring(part), f"{kind.__name__}.{part.name} does not say what it promises"


@pytest.mark.parametrize("kind", KINDS)
def test_a_contract_s_attributes_belong_to_the_class_so_that_they_are_no_options(kind: type[ABC]) -> None:
    assert all("ClassVar" in str(annotation) for annotation in inspect.get_annotations(kind).values())
