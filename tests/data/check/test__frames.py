import pytest

from chat_templates.families import FAMILIES
from chat_templates.small_tokenizers import tokenizer_of
from tunesmith.core.example import Message
from tunesmith.data.check._frames import Frame, Frames, form_of, words_of
from tunesmith.model.chat import ChatTokenizer

BY_NAME = {family.name: family for family in FAMILIES}
ASKED = Message("user", "Why?")


def frames(name: str) -> Frames:
    return Frames(ChatTokenizer(tokenizer_of(BY_NAME[name])))


@pytest.mark.parametrize(
    ("name", "answer", "frame"),
    [
        ("chatml", Message("assistant", "So."), Frame("", None, "")),
        ("chatml", Message("assistant", "So.", reasoning="Hm."), Frame("", None, "")),
        ("qwen3", Message("assistant", "So."), Frame("<think>\n\n</think>\n\n", None, "")),
        ("qwen3", Message("assistant", "So.", reasoning="Hm."), Frame("<think>\n", "\n</think>\n\n", "")),
        ("qwen3", Message("assistant", "<think>Hm.</think>So."), Frame("<think>\n", "\n</think>\n\n", "")),
        ("deepseek_r1", Message("assistant", "So.", reasoning="Hm."), Frame("", "\n</think>\n\n", "")),
        ("deepseek_r1", Message("assistant", "Hm.</think>So."), Frame("", "\n</think>\n\n", "")),
        (
            "harmony",
            Message("assistant", "So."),
            Frame("<|channel|>final<|message|>", None, ""),
        ),
        ("command_r", Message("assistant", "So."), Frame("<|START_RESPONSE|>", None, "<|END_RESPONSE|>")),
    ],
)
def test_the_frame_is_what_stands_around_the_words(name: str, answer: Message, frame: Frame) -> None:
    found = frames(name)
    assert found.alone(answer) == frame
    assert found.within((ASKED, answer), "") == frame
    assert found.alone(answer) is found.alone(
        Message("assistant", "Else " + answer.content, reasoning=answer.reasoning)
    )


def test_a_frame_holds_thought_and_words() -> None:
    answer = Message("assistant", "So.", reasoning="Hm.")
    assert Frame("(", ") ", "!").hold(answer) == "(Hm.) So.!"
    assert Frame("(", None, ")").hold(answer) == "(So.)"


def test_a_template_that_refuses_a_plain_question_has_no_usual_frame() -> None:
    assert frames("llama2").within((Message("assistant", "So."),), "") is None


@pytest.mark.parametrize(
    ("answer", "form", "words"),
    [
        (Message("assistant", "So."), "plain", ("", "So.")),
        (Message("assistant", "So.", reasoning="Hm."), "thought", ("Hm.", "So.")),
        (Message("assistant", "<think>Hm.</think> So."), "thought inside", ("Hm.", " So.")),
        (Message("assistant", "Hm.</think>So."), "thought half inside", ("Hm.", "So.")),
        (Message("assistant", "A </think> b", reasoning="Hm."), "thought", ("Hm.", "A </think> b")),
    ],
)
def test_a_thought_is_found_wherever_it_stands(answer: Message, form: str, words: tuple[str, str]) -> None:
    assert form_of(answer) == form
    assert words_of(answer) == words


@pytest.mark.parametrize(
    ("name", "shows"), [("chatml", False), ("qwen2", True), ("llama2", False), ("harmony", True)]
)
def test_it_is_known_whether_calls_are_shown(name: str, shows: bool) -> None:
    assert frames(name).shows_calls() == shows
