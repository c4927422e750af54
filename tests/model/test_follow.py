from dataclasses import replace

import pytest

from chat_templates.families import FAMILIES
from chat_templates.small_tokenizers import tokenizer_of
from tunesmith.core.errors import BadData
from tunesmith.core.example import Message
from tunesmith.model.follow import prompt_and_answer
from tunesmith.model.render import Renderer

BY_NAME = {family.name: family for family in FAMILIES}
ASKED = Message("user", "Why?")
TURNS = "{% for m in messages %}<{{ m.role[0] }}>{{ m.content }}<|im_end|>{% endfor %}"


def parts(template: str, *messages: Message) -> tuple[str, str]:
    renderer = Renderer(tokenizer_of(replace(BY_NAME["chatml"], source=template)))
    return prompt_and_answer(renderer, renderer.turns(messages), None)


def asks(opening: str) -> str:
    return TURNS + "{% if add_generation_prompt %}<a>" + opening + "{% endif %}"


def test_the_answer_is_what_the_prompt_lacks_of_the_conversation() -> None:
    assert parts(asks(""), ASKED, Message("assistant", "So.")) == ("<u>Why?<|im_end|><a>", "So.<|im_end|>")
    assert parts(TURNS, ASKED, Message("assistant", "So.")) == ("<u>Why?<|im_end|>", "<a>So.<|im_end|>")


@pytest.mark.parametrize(
    ("opening", "close"),
    [
        ("<think>\n", "</think>"),
        ("<think>", "</think>"),
        ("[THINK]", "[/THINK]"),
        ("<Thought> ", "</Thought>"),
    ],
)
def test_a_thought_that_the_prompt_opens_is_thought_and_closed(opening: str, close: str) -> None:
    prompt, answer = parts(asks(opening), ASKED, Message("assistant", "So.", reasoning="\nBecause.\n"))
    assert prompt == f"<u>Why?<|im_end|><a>{opening}"
    assert answer == f"Because.\n{close}\n\nSo.<|im_end|>"
    assert parts(asks(opening), ASKED, Message("assistant", "So."))[1] == f"\n{close}\n\nSo.<|im_end|>"


STRIPS = asks("<think>\n").replace("{{ m.content }}", "{{ m.content.split('</think>')[-1] }}")
KEEPS = asks("<think>\n")
BARE = asks("<think>\n").replace("{{ m.content }}", "{{ m.content.removeprefix('<think>') }}")


@pytest.mark.parametrize("template", [STRIPS, BARE])
def test_a_thought_inside_the_content_is_not_lost(template: str) -> None:
    said = Message("assistant", "<think>Because.</think>So.")
    close = "\n</think>\n\n" if template is STRIPS else "</think>"
    assert parts(template, ASKED, said)[1] == f"Because.{close}So.<|im_end|>"


def test_a_thought_that_the_template_renders_is_not_opened_twice() -> None:
    said = Message("assistant", "<think>Because.</think>So.")
    assert parts(KEEPS, ASKED, said)[1] == "Because.</think>So.<|im_end|>"
    assert (
        parts(KEEPS, ASKED, replace(said, content="Because.</think>So."))[1]
        == "Because.</think>So.<|im_end|>"
    )
    said = Message("assistant", "<think>\nBecause.</think>So.")
    assert parts(KEEPS, ASKED, said)[1] == "Because.</think>So.<|im_end|>"


def test_a_word_about_tags_does_not_hide_a_thought() -> None:
    said = Message("assistant", "Close it with </think>.", reasoning="Because.")
    assert parts(KEEPS, ASKED, said)[1] == "Because.\n</think>\n\nClose it with </think>.<|im_end|>"


MOVES = (
    "{% for m in messages if m.role != 'system' %}"
    "{% if loop.last and m.role == 'user' and messages[0].role == 'system' %}"
    "{{ messages[0].content }}|{% endif %}"
    "<{{ m.role[0] }}>{{ m.content }}<|im_end|>{% endfor %}"
)
TOLD = Message("system", "Be kind."), ASKED, Message("assistant", "So.")


def test_an_answer_follows_a_prompt_that_changes_once_it_is_there() -> None:
    assert parts(MOVES, *TOLD) == ("Be kind.|<u>Why?<|im_end|>", "<a>So.<|im_end|>")


def test_an_answer_that_itself_changes_with_what_stands_before_it_is_refused() -> None:
    with pytest.raises(BadData, match="a prompt differently once its answer follows"):
        parts(MOVES + "{% if messages | length > 2 %}!{% endif %}", *TOLD)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (asks("").replace("<{{", "{% if m.content %}<{{").replace("{% endfor", "{% endif %}{% endfor"), ""),
        (
            "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}"
            "{{ '>' * add_generation_prompt }}",
            "So.",
        ),
    ],
)
def test_an_answer_of_which_nothing_is_rendered_is_named(template: str, message: str) -> None:
    with pytest.raises(BadData, match="renders nothing of turn 2, an answer"):
        parts(template, ASKED, Message("assistant", message))


@pytest.mark.parametrize(
    "template",
    [
        TURNS + "{{ 'A' if add_generation_prompt else 'B' }}",
        "{{ messages | length }}" + TURNS + "{{ messages[0].content }}",
    ],
)
def test_a_prompt_that_no_answer_can_follow_is_refused(template: str) -> None:
    with pytest.raises(BadData, match="a prompt differently once its answer follows"):
        parts(template, ASKED, Message("assistant", "So."))
