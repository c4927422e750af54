from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers.processors import TemplateProcessing

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import BadBase, BadData
from tunesmith.core.example import Message, ToolCall
from tunesmith.model import chat as chat_module
from tunesmith.model.chat import PLAIN_TEMPLATE, ChatTokenizer
from tunesmith.model.load import load_chat

CHATML = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TURNS_ALONE = (
    "{% for m in messages %}{{ m.content }}{% if m.role == 'assistant' %}<|end|>{% endif %}{% endfor %}"
)
SAID = "".join
WORDS = st.one_of(
    st.text(max_size=20).filter(lambda text: "<|" not in text),
    st.lists(
        st.sampled_from(["👩\u200d🔬", " ", "\n", "\t", "é", "e\u0301", "\u200b", "你", "a", "User:"]),
        max_size=8,
    ).map(SAID),
).filter(lambda text: text.encode("utf-8", "ignore").decode() == text)  # lone surrogates are no text
TURNS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3)


@pytest.fixture(scope="module", params=["as delivered", "line after each turn", "plain"])
def chat(request: pytest.FixtureRequest, tiny_folder: Path) -> ChatTokenizer:
    """Give a tokenizer with each of three templates."""
    chat = load_chat(tiny_folder)
    if request.param != "as delivered":
        chat.tokenizer.chat_template = {"line after each turn": CHATML, "plain": PLAIN_TEMPLATE}[
            request.param
        ]
    return chat


@pytest.fixture
def tiny_chat(tiny_folder: Path) -> ChatTokenizer:
    """Give a tokenizer whose template a test may change."""
    return load_chat(tiny_folder)


def with_template(chat: ChatTokenizer, template: str) -> ChatTokenizer:
    """Give the same tokenizer with another template."""
    tokenizer = copy(chat.tokenizer)
    tokenizer.chat_template = template
    return ChatTokenizer(tokenizer)


def trained_ids(encoded: Encoded) -> list[int]:
    return [number for number, weight in zip(encoded.ids, encoded.weights, strict=True) if weight]


def conversation(turns: list[tuple[str, str]]) -> list[Message]:
    return [
        Message(role, said) for pair in turns for role, said in zip(("user", "assistant"), pair, strict=True)
    ]


@settings(max_examples=60, deadline=None)
@given(turns=TURNS)
def test_the_ids_of_every_prompt_begin_the_ids_that_are_trained_on(
    chat: ChatTokenizer, turns: list[tuple[str, str]]
) -> None:
    messages = conversation(turns)
    (whole,) = chat.encode_conversation(messages)
    for position in range(1, len(messages), 2):
        prompt = chat.encode_prompt(messages[:position])
        assert whole.ids[: len(prompt)] == prompt


@settings(max_examples=60, deadline=None)
@given(turns=TURNS)
def test_what_is_trained_decodes_to_exactly_the_answers_and_their_ends(
    chat: ChatTokenizer, turns: list[tuple[str, str]]
) -> None:
    (encoded,) = chat.encode_conversation(conversation(turns))
    assert chat.spell(trained_ids(encoded)) == "".join(f"{answer}<|end|>" for _, answer in turns)
    assert encoded.weights[0] == 0


@settings(max_examples=30, deadline=None)
@given(turns=TURNS)
def test_there_is_never_a_second_begin_token(chat: ChatTokenizer, turns: list[tuple[str, str]]) -> None:
    begin = chat.tokenizer.bos_token_id
    expected = 1 if "bos_token" in chat.tokenizer.chat_template else 0
    (encoded,) = chat.encode_conversation(conversation(turns))
    assert encoded.ids.count(begin) == expected
    assert chat.encode_document(turns[0][0]).ids.count(begin) == 1


@settings(max_examples=60, deadline=None)
@given(text=WORDS)
def test_text_survives_encoding_and_decoding(chat: ChatTokenizer, text: str) -> None:
    encoded = chat.encode_document(text)
    assert chat.decode(encoded.ids) == text
    assert list(encoded.weights) == [0.0] + [1.0] * (len(encoded) - 1)
    assert encoded.ids[-1] == chat.tokenizer.eos_token_id


def test_a_tokenizer_that_adds_a_begin_token_by_itself_adds_no_second_one(tiny_chat: ChatTokenizer) -> None:
    tiny_chat.tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|begin|> $A", special_tokens=[("<|begin|>", 1)]
    )
    assert tiny_chat.tokenizer.encode("a")[0] == 1
    assert tiny_chat.encode_prompt([Message("user", "a")]).count(1) == 1
    (encoded,) = tiny_chat.encode_conversation(conversation([("a", "b"), ("c", "d")]))
    assert encoded.ids.count(1) == 1
    assert tiny_chat.encode_document("a").ids.count(1) == 1


def test_a_turn_of_weight_zero_is_read_but_not_trained_on(tiny_chat: ChatTokenizer) -> None:
    messages = conversation([("a", "first"), ("b", "second")])
    messages[1] = replace(messages[1], weight=0.0)
    messages[3] = replace(messages[3], weight=0.5)
    (encoded,) = tiny_chat.encode_conversation(messages)
    assert "first<|end|>" in tiny_chat.spell(encoded.ids)
    assert tiny_chat.spell(trained_ids(encoded)) == "second<|end|>"
    assert {weight for weight in encoded.weights if weight} == {0.5}


def test_what_comes_after_the_last_answer_is_left_out(tiny_chat: ChatTokenizer) -> None:
    messages = [*conversation([("a", "b"), ("c", "d")]), Message("user", "e")]
    (encoded,) = tiny_chat.encode_conversation(messages)
    assert tiny_chat.encode_conversation(messages[:-1]) == [encoded]
    messages[3] = replace(messages[3], weight=0.0)
    assert tiny_chat.encode_conversation(messages) == tiny_chat.encode_conversation(messages[:2])


def test_a_conversation_with_nothing_to_learn_is_one_masked_sequence(tiny_chat: ChatTokenizer) -> None:
    messages = [Message("user", "a"), Message("assistant", "b", weight=0.0)]
    for turns in (messages, messages[:1]):
        (encoded,) = tiny_chat.encode_conversation(turns)
        assert encoded.ids == tiny_chat.encode_prompt(turns)
        assert set(encoded.weights) == {0.0}


def test_an_answer_that_comes_first_is_learned_but_for_a_token_with_nothing_before_it(
    tiny_chat: ChatTokenizer,
) -> None:
    (encoded,) = tiny_chat.encode_conversation([Message("assistant", "Welcome.")])
    assert tiny_chat.spell(trained_ids(encoded)) == "Welcome.<|end|>"
    (encoded,) = with_template(tiny_chat, TURNS_ALONE).encode_conversation([Message("assistant", "Welcome.")])
    assert list(encoded.weights) == [0.0] + [1.0] * (len(encoded) - 1)


def test_what_a_template_puts_behind_an_end_token_belongs_to_what_follows(tiny_chat: ChatTokenizer) -> None:
    chat = with_template(tiny_chat, CHATML)
    (encoded,) = chat.encode_conversation(conversation([("a", "b"), ("c", "d")]))
    assert chat.spell(encoded.ids).endswith("b<|end|>\n<|user|>c<|end|>\n<|assistant|>d<|end|>")
    assert chat.spell(trained_ids(encoded)) == "b<|end|>d<|end|>"


def test_an_answer_that_would_merge_with_its_prompt_is_tokenised_by_itself(tiny_chat: ChatTokenizer) -> None:
    chat = with_template(tiny_chat, TURNS_ALONE)
    apart = [chat.tokenizer.encode(text) for text in ("yo", "u")]
    assert chat.tokenizer.encode("you") != apart[0] + apart[1]
    first = [*apart[0], *apart[1], 2]
    (encoded,) = chat.encode_conversation(conversation([("yo", "u")]))
    assert list(encoded.ids) == first
    assert list(encoded.weights) == [0.0] * len(apart[0]) + [1.0] * (len(apart[1]) + 1)
    # Further on a server would see "you" in one piece, so the second answer follows that.
    again, then = chat.encode_conversation(conversation([("yo", "u"), ("a", "b")]))
    assert again == encoded
    assert list(then.ids) == [
        *chat.tokenizer.encode("you"),
        2,
        *chat.tokenizer.encode("a"),
        *trained_ids(then),
    ]
    assert chat.spell(trained_ids(then)) == "b<|end|>"


def test_answers_whose_prompts_drop_earlier_thoughts_come_apart_and_none_is_lost(
    tiny_chat: ChatTokenizer,
) -> None:
    chat = with_template(
        tiny_chat,
        "{% for m in messages %}<|{{ m.role }}|>{% if loop.last and m.reasoning_content %}"
        "({{ m.reasoning_content }}){% endif %}{{ m.content }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}",
    )
    messages = conversation([("a", "b"), ("c", "d"), ("e", "f"), ("g", "h")])
    messages[3] = replace(messages[3], reasoning="why")
    before, after = chat.encode_conversation(messages)
    assert chat.spell(before.ids).endswith("<|assistant|>b<|end|><|user|>c<|end|><|assistant|>(why)d<|end|>")
    assert chat.spell(trained_ids(before)) == "b<|end|>(why)d<|end|>"
    assert "(why)" not in chat.spell(after.ids)
    assert chat.spell(trained_ids(after)) == "f<|end|>h<|end|>"


def test_an_answer_stops_where_the_tokenizer_the_template_and_calls_of_tools_end(
    tiny_chat: ChatTokenizer,
) -> None:
    assert tiny_chat.stop_ids == (2,)
    assert with_template(tiny_chat, CHATML.replace("<|end|>", "<|pad|>")).stop_ids == (0, 2)
    calls = CHATML.replace("<|end|>", "{{ '<|system|>' if message.tool_calls else '<|end|>' }}")
    assert with_template(tiny_chat, calls).stop_ids == (2, 3)
    refuses = "{% if tools %}{{ raise_exception('no tools') }}{% endif %}" + CHATML
    assert with_template(tiny_chat, refuses).stop_ids == (2,)


def test_an_answer_that_the_template_does_not_end_gets_the_end_token(tiny_chat: ChatTokenizer) -> None:
    chat = with_template(tiny_chat, "{% for m in messages %}{{ m.role }}: {{ m.content }}\n\n{% endfor %}")
    before, after = chat.encode_conversation(conversation([("a", "b"), ("c", "d")]))
    assert chat.spell(before.ids) == "user: a\n\nassistant: b<|end|>"
    assert chat.spell(after.ids) == "user: a\n\nassistant: b\n\nuser: c\n\nassistant: d<|end|>"
    assert chat.stop_ids == (2,)


def test_tools_calls_and_what_tools_say_are_rendered(tiny_chat: ChatTokenizer) -> None:
    chat = with_template(tiny_chat, PLAIN_TEMPLATE)
    call = ToolCall("now", '{"zone": "CET"}', "1")
    messages = [
        Message("user", "Time?"),
        Message("assistant", "", reasoning="Look.", tool_calls=(call,)),
        Message("tool", "noon", name="now", call="1"),
        Message("assistant", "Noon."),
    ]
    (encoded,) = chat.encode_conversation(messages, '[{"name": "now"}]')
    assert chat.spell(encoded.ids) == (
        '<|begin|>Tools:\n[{"type": "function", "function": {"name": "now"}}]\n\nUser:\nTime?\n\nAssistant:\n'
        '<think>Look.</think><call>{"name": "now", "arguments": {"zone": "CET"}}</call><|end|>\n'
        "Tool:\nnoon\n\nAssistant:\nNoon.<|end|>"
    )
    assert (
        chat.encode_prompt(messages[:1], '[{"name": "now"}]')
        == encoded.ids[: len(chat.encode_prompt(messages[:1], '[{"name": "now"}]'))]
    )


def test_the_plain_template_reads_like_a_dialogue(tiny_chat: ChatTokenizer) -> None:
    messages = [Message("system", "Be brief."), *conversation([("Hi", "Hello"), ("Bye", "")])][:-1]
    text = tiny_chat.spell(with_template(tiny_chat, PLAIN_TEMPLATE).encode_prompt(messages))
    assert text == ("<|begin|>Be brief.\n\nUser:\nHi\n\nAssistant:\nHello<|end|>\nUser:\nBye\n\nAssistant:\n")


@pytest.mark.parametrize(
    ("template", "error", "message"),
    [
        (
            "{{ add_generation_prompt }}{% for m in messages %}{{ m.content }}<|end|>{% endfor %}",
            BadData,
            "a prompt differently once its answer follows",
        ),
        (
            "{% for m in messages %}{{ m.role }}\n{% endfor %}",
            BadBase,
            "does not render what an assistant says",
        ),
        (
            "{{ raise_exception('no assistant here') }}",
            BadData,
            "refuses this conversation: no assistant here",
        ),
        ("{{ messages[9].content.x }}", BadData, "refuses this conversation"),
    ],
)
def test_a_template_that_breaks_the_rules_is_refused(
    template: str, error: type[Exception], message: str, tiny_chat: ChatTokenizer
) -> None:
    with pytest.raises(error, match=message):
        with_template(tiny_chat, template).encode_conversation(conversation([("a", "b"), ("c", "d")]))


def test_a_template_that_wants_a_system_turn_ends_answers_like_any_other(tiny_chat: ChatTokenizer) -> None:
    wants = "{% if messages[0].role != 'system' %}{{ raise_exception('who am I?') }}{% endif %}" + CHATML
    chat = with_template(tiny_chat, wants)
    assert chat.stop_ids == (2,)
    (encoded,) = chat.encode_conversation([Message("system", "You."), *conversation([("a", "b")])])
    assert chat.spell(trained_ids(encoded)) == "b<|end|>"


def test_a_saved_tokenizer_renders_the_same_ids(chat: ChatTokenizer, tmp_path: Path) -> None:
    chat.save(tmp_path)
    (tmp_path / "adapter_config.json").write_text("{}", encoding="utf-8")  # a tokenizer without weights
    again = load_chat(tmp_path)
    messages = conversation([("  Grüße 👩\u200d🔬\n", "\ttab"), ("你好", "")])
    assert again.encode_conversation(messages) == chat.encode_conversation(messages)
    assert again.fingerprint == chat.fingerprint


def test_another_template_or_way_to_render_has_another_fingerprint(
    tiny_chat: ChatTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tiny_chat.fingerprint
    assert with_template(tiny_chat, str(tiny_chat.tokenizer.chat_template)).fingerprint == before
    assert with_template(tiny_chat, PLAIN_TEMPLATE).fingerprint != before
    monkeypatch.setattr(chat_module, "FORMAT", chat_module.FORMAT + 1)
    assert ChatTokenizer(tiny_chat.tokenizer).fingerprint != before
