from tunesmith.data.source._names import (
    COMPANIONS,
    METADATA,
    NAMES,
    NOT_TEXT,
    ROLE_OF,
    Candidates,
    quoted,
    role_of,
)

PAIR = frozenset(("prompt", "completion", "system"))


def found(row, given=None, roles=PAIR, is_chosen=False):
    return Candidates.of(row, given or {}, roles, is_chosen)


def test_no_name_means_two_things():
    assert sum(map(len, NAMES.values())) == len(ROLE_OF)
    assert not ROLE_OF.keys() & (METADATA | NOT_TEXT)
    assert all(role_of(name) in ("prompt", None) for name in COMPANIONS)


def test_case_and_outer_spaces_make_no_difference():
    assert role_of(" Question ") == role_of("QUESTION") == "prompt"
    assert role_of("questions") is None


def test_columns_are_sorted_by_what_the_layout_reads():
    row = {"question": "q", "context": "c", "Answer": "a", "id": "1", "label": "l", "note": "n", "image": "i"}
    columns = found(row)
    assert columns.named == {"prompt": ["question"], "completion": ["Answer"], "system": []}
    assert (columns.companions, columns.others, columns.foreign) == (("context",), ["note"], ["label"])


def test_options_decide_and_then_nothing_is_foreign():
    columns = found({"question": "q", "label": "l", "answer": "a"}, {"prompt": "label"})
    assert columns.named == {"prompt": ["label"], "completion": ["answer"], "system": []}
    assert (columns.others, columns.foreign, columns.companions) == (["question"], [], ())
    assert columns.is_said
    assert columns.says("prompt")
    assert not columns.says("completion")
    chosen = found({"label": "l"}, is_chosen=True)
    assert (chosen.foreign, chosen.others, chosen.is_said, chosen.says("prompt")) == (
        [],
        ["label"],
        True,
        True,
    )


def test_a_number_called_a_rating_stands_in_nobody_s_way_but_a_text_does():
    assert found({"a": "", "score": 5}).foreign == found({"a": "", "score": None}).foreign == []
    assert found({"a": "", "score": "5"}).foreign == ["score"]


def test_beside_a_list_of_unknown_meaning_nothing_is_guessed():
    assert found({"a": "", "b": ""}).may_guess
    assert found({"a": "", "b": "", "metadata": {}, "system": []}).may_guess
    assert not found({"a": "", "b": "", "c": []}).may_guess
    assert not found({"a": "", "b": "", "label": 1}).may_guess


def test_of_several_columns_that_a_layout_can_do_without_the_filled_one_counts():
    roles = frozenset(("messages", "tools"))
    both = found({"messages": [], "functions": None, "tools": [1]}, roles=roles)
    assert both.one("tools") is None
    assert both.filled("tools") == "tools"
    assert both.roles(("messages",), ("tools",)) == {"messages": "messages", "tools": "tools"}
    assert found({"messages": [], "functions": [], "tools": []}, roles=roles).filled("tools") == "functions"
    assert both.roles(("messages", "tools")) is None


def test_the_reason_counts_what_was_guessed():
    row = {"a": "", "b": "", "answer": ""}
    assert found(row).why(("answer",)) == "by its name"
    assert found(row).why(("prompt", "answer")) == "by their names"
    assert found(row).why(("a", "answer")) == "by one name and the only other text column"
    assert found(row).why(("a", "b")) == "the only two text columns"
    assert found(row, {"prompt": "a"}).why(("a", "b")) == "as the options say"


def test_names_are_listed_as_messages_show_them():
    assert quoted(["a", "it's"]) == "'a', \"it's\""
