import json

from command_line import Command
from tunesmith import recipe as recipes
from tunesmith.lifecycle.catalogue import catalogue


def test_everything_is_listed_by_its_kind(command: Command) -> None:
    blocks = command("list").out.rstrip().split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == list(catalogue())
    for block, components in zip(blocks, catalogue().values(), strict=True):
        assert [line.split()[0] for line in block.splitlines()[1:]] == [one.name for one in components]


def test_one_kind_is_listed_with_every_option(command: Command) -> None:
    told = command("list", "methods").out
    for one in catalogue()["methods"]:
        assert one.sentence in told
        assert [name for name in one.options if f"    {name}: " not in told] == []
    last = catalogue()["sources"][-1]
    assert command("list", "sources").out.rstrip().endswith(list(last.options.values())[-1])


def test_a_program_gets_the_same(command: Command) -> None:
    told = json.loads(command("list", "metrics", "--json").out)
    assert told == {"metrics": [vars(one) for one in catalogue()["metrics"]]}
    assert json.loads(command("list", "--json").out).keys() == catalogue().keys()


def test_an_editor_gets_the_schema(command: Command) -> None:
    assert json.loads(command("list", "schema").out) == recipes.schema()


def test_what_is_not_there_is_named(command: Command) -> None:
    told = command("list", "metric")
    assert told.code == 2
    assert "Did you mean 'metrics'?" in told.err
