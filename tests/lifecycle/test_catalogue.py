import re
from dataclasses import fields

from tunesmith.lifecycle.catalogue import ROOMS, catalogue


def test_every_component_of_every_room_is_listed_with_a_sentence() -> None:
    found = catalogue()
    assert found.keys() == ROOMS.keys()
    for kind, components in found.items():
        assert [one.name for one in components] == ROOMS[kind].names() != []
        assert all(one.sentence.endswith(".") for one in components)


def test_every_option_says_what_it_is_and_its_default() -> None:
    listed = 0
    for kind, components in catalogue().items():
        for one in components:
            assert list(one.options) == [field.name for field in fields(ROOMS[kind].load(one.name))]
            for text in one.options.values():
                assert re.match(r".+\. \((?:default |required)", text, re.DOTALL)
                assert "(default " in text or text.endswith("(required)")
                listed += 1
    assert listed >= 15


def test_a_default_is_shown_as_it_is_written() -> None:
    (lora,) = [one for one in catalogue()["methods"] if one.name == "lora"]
    assert lora.options["rank"].endswith("(default 16)")
    (file,) = [one for one in catalogue()["sources"] if one.name == "file"]
    assert file.options["path"] == "The file. (required)"
