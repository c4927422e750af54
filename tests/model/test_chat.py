from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers.processors import TemplateProcessing

from tunesmith.core.errors import BadBase, BadData
from tunesmith.core.example import Message
from tunesmith.model.chat import PLAIN_TEMPLATE, ChatTokenizer
from tunesmith.model.load import load_chat

CHATML = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
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
    whole = chat.encode_conversation(messages).ids
    for position in range(1, len(messages), 2):
        prompt = chat.encode_prompt(messages[:position])
        assert whole[: len(prompt)] == prompt


@settings(max_examples=60, deadline=None)
@given(turns=TURNS)
def test_what_is_trained_decodes_to_exactly_the_answers_and_their_ends(
    chat: ChatTokenizer, turns: list[tuple[str, str]]
) -> None:
    encoded = chat.encode_conversation(conversation(turns))
    trained = [number for number, weight in zip(encoded.ids, encoded.weights, strict=True) if weight]
    text = chat.tokenizer.decode(trained, clean_up_tokenization_spaces=False)
    assert text == "".join(f"{answer}<|end|>" for _, answer in turns)
    assert encoded.weights[0] == 0


@settings(max_examples=30, deadline=None)
@given(turns=TURNS)
def test_there_is_never_a_second_begin_token(chat: ChatTokenizer, turns: list[tuple[str, str]]) -> None:
    begin = chat.tokenizer.bos_token_id
    expected = 1 if "bos_token" in chat.tokenizer.chat_template else 0
    assert chat.encode_conversation(conversation(turns)).ids.count(begin) == expected
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
    assert tiny_chat.encode_conversation(conversation([("a", "b"), ("c", "d")])).ids.count(1) == 1
    assert tiny_chat.encode_document("a").ids.count(1) == 1


def test_a_turn_of_weight_zero_is_read_but_not_trained_on(tiny_chat: ChatTokenizer) -> None:
    messages = conversation([("a", "first"), ("b", "second")])
    messages[1] = replace(messages[1], weight=0.0)
    messages[3] = replace(messages[3], weight=0.5)
    encoded = tiny_chat.encode_conversation(messages)
    trained = [number for number, weight in zip(encoded.ids, encoded.weights, strict=True) if weight]
    assert tiny_chat.tokenizer.decode(trained) == "second<|end|>"
    assert {weight for weight in encoded.weights if weight} == {0.5}


def test_what_a_template_puts_behind_an_end_token_is_not_trained_on(tiny_chat: ChatTokenizer) -> None:
    tiny_chat.tokenizer.chat_template = CHATML
    encoded = tiny_chat.encode_conversation(conversation([("a", "b")]))
    assert tiny_chat.tokenizer.decode(encoded.ids[-2:]) == "<|end|>\n"
    assert list(encoded.weights[-2:]) == [1.0, 0.0]


def test_an_answer_that_would_merge_with_its_prompt_is_tokenised_by_itself(tiny_chat: ChatTokenizer) -> None:
    tiny_chat.tokenizer.chat_template = (
        "{% for m in messages %}{{ m.content }}{% if m.role == 'assistant' %}<|end|>{% endif %}{% endfor %}"
    )
    apart = [tiny_chat.tokenizer.encode(text) for text in ("yo", "u")]
    assert tiny_chat.tokenizer.encode("you") != apart[0] + apart[1]
    encoded = tiny_chat.encode_conversation(conversation([("yo", "u")]))
    assert list(encoded.ids) == [*apart[0], *apart[1], 2]
    assert list(encoded.weights) == [0.0] * len(apart[0]) + [1.0] * (len(apart[1]) + 1)
    # Further on a server would see "you" in one piece, which is not what was trained on.
    with pytest.raises(BadData, match="one row per answer"):
        tiny_chat.encode_conversation(conversation([("yo", "u"), ("a", "b")]))


def test_an_answer_stops_at_the_end_token_and_at_what_the_template_ends_with(
    tiny_chat: ChatTokenizer,
) -> None:
    assert tiny_chat.stop_ids == (2,)
    tiny_chat.tokenizer.chat_template = CHATML.replace("<|end|>", "<|pad|>")
    assert tiny_chat.stop_ids == (0, 2)


def test_the_plain_template_reads_like_a_dialogue(tiny_chat: ChatTokenizer) -> None:
    tiny_chat.tokenizer.chat_template = PLAIN_TEMPLATE
    messages = [Message("system", "Be brief."), *conversation([("Hi", "Hello"), ("Bye", "")])][:-1]
    text = tiny_chat.tokenizer.decode(tiny_chat.encode_prompt(messages))
    assert text == ("<|begin|>Be brief.\n\nUser:\nHi\n\nAssistant:\nHello<|end|>\nUser:\nBye\n\nAssistant:\n")


@pytest.mark.parametrize(
    ("template", "error", "message"),
    [
        (
            "{% for m in messages %}{{ m.content if loop.last or m.role == 'user' }}<|end|>{% endfor %}",
            BadData,
            "before turn 4 differently once it follows.*one row per answer",
        ),
        (
            "{{ add_generation_prompt }}{% for m in messages %}{{ m.content }}<|end|>{% endfor %}",
            BadData,
            "a prompt differently once its answer follows",
        ),
        ("{% for m in messages %}{{ m.content }}\n{% endfor %}", BadBase, "answers would never stop"),
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
    tiny_chat.tokenizer.chat_template = template
    with pytest.raises(error, match=message):
        tiny_chat.encode_conversation(conversation([("a", "b"), ("c", "d")]))


def test_a_saved_tokenizer_renders_the_same_ids(chat: ChatTokenizer, tmp_path: Path) -> None:
    chat.save(tmp_path)
    (tmp_path / "adapter_config.json").write_text("{}", encoding="utf-8")  # a tokenizer without weights
    again = load_chat(tmp_path)
    messages = conversation([("  Grüße 👩\u200d🔬\n", "\ttab"), ("你好", "")])
    assert again.encode_conversation(messages) == chat.encode_conversation(messages)
    assert again.fingerprint == chat.fingerprint


def test_another_template_has_another_fingerprint(tiny_chat: ChatTokenizer, tiny_folder: Path) -> None:
    before = load_chat(tiny_folder).fingerprint
    tiny_chat.tokenizer.chat_template = PLAIN_TEMPLATE
    assert tiny_chat.fingerprint != before
