import pytest

from tunesmith.core.errors import BadData, BadOption
from tunesmith.data.source._hub_files import ALL, PAGE_CHARACTERS, Part, choose


def page(configs):
    return f"---\nlicense: mit\nconfigs:\n{configs}\n---\n# A data set\n---\n"


PARQUET = [
    "data/test-00000-of-00001.parquet",
    "data/train-00000-of-00002.parquet",
    "data/train-00001-of-00002.parquet",
]


def test_the_split_is_chosen_and_all_of_its_files():
    assert choose("", PARQUET, None, "train") == [Part(file, "train") for file in PARQUET[1:]]
    assert choose("", PARQUET, None, ALL) == [Part(PARQUET[0], "test"), *choose("", PARQUET, None, "train")]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.csv", "train"),
        ("TRAIN.csv", "train"),
        ("my-training_set.csv", "train"),
        ("train2.jsonl", "train"),
        ("dev.json", "validation"),
        ("val.json", "validation"),
        ("validation/0000.parquet", "validation"),
        ("test/train-like.csv", "train"),
        ("rows_eval.csv", "test"),
        ("rows.csv", "train"),
        ("retrained.csv", "train"),
        ("latest.csv", "train"),
        ("contest.csv", "train"),
    ],
)
def test_names_tell_splits_by_whole_words(name, split):
    assert choose("", [name], None, ALL) == [Part(name, split)]


def test_folders_that_are_no_splits_are_subsets():
    files = ["de/train.csv", "de/test.csv", "en/train.csv"]
    assert choose("", files, "de", "test") == [Part("de/test.csv", "test")]
    with pytest.raises(
        BadOption, match=r"data\.source\.subset: the data set has several\. Choose one of: de, en"
    ):
        choose("", files, None, "train")
    with pytest.raises(BadOption, match=r"there is no subset 'fr'\..*Known: de, en"):
        choose("", files, "fr", "train")


def test_folders_that_are_splits_are_no_subsets():
    files = ["train/0000.parquet", "test/0000.parquet"]
    assert choose("", files, None, "test") == [Part("test/0000.parquet", "test")]
    assert choose("", ["data/a/train.csv", "data/b/train.csv"], None, "train")


def test_a_split_that_is_not_there_is_answered_with_those_there_are():
    with pytest.raises(
        BadOption, match=r"data\.source\.split: there is no split 'tset'\. Did you mean 'test'\?.*split=all"
    ):
        choose("", PARQUET, None, "tset")


def test_a_subset_that_the_page_does_not_name_is_answered_with_those_it_does():
    configs = "- {config_name: x, data_files: b.jsonl}\n- {config_name: y, data_files: a/one.csv}"
    with pytest.raises(BadOption, match=r"the data set has several\. Choose one of: x, y"):
        choose(page(configs), FILES, None, ALL)
    with pytest.raises(BadOption, match=r"no subset 'z'\..*Known: x, y"):
        choose(page(configs), FILES, "z", ALL)


FILES = ["a/one.csv", "a/two.csv", "a/deep/three.csv", "b.jsonl", "held_out.jsonl"]


@pytest.mark.parametrize(
    ("configs", "subset", "expected"),
    [
        ("- {config_name: x, data_files: b.jsonl}", None, [("b.jsonl", "train")]),
        ("- {config_name: x, data_files: a/*.csv}", "x", [("a/one.csv", "train"), ("a/two.csv", "train")]),
        ("- {config_name: x, data_files: 'a/**'}", None, [(file, "train") for file in FILES[:3]]),
        ("- {config_name: x, data_dir: a/deep}", None, [("a/deep/three.csv", "train")]),
        ("- {config_name: x, data_dir: ./a, data_files: one.csv}", None, [("a/one.csv", "train")]),
        (
            "- {config_name: x, data_files: [b.jsonl, a/one.csv]}",
            None,
            [("b.jsonl", "train"), ("a/one.csv", "train")],
        ),
        (
            "- config_name: x\n  data_files:\n  - {split: train, path: [a/one.csv, a/two.csv]}\n"
            "  - {split: faq, path: held_out.jsonl}",
            None,
            [("a/one.csv", "train"), ("a/two.csv", "train"), ("held_out.jsonl", "faq")],
        ),
        (
            "- {config_name: x, data_files: b.jsonl}\n"
            "- {config_name: y, data_files: held_out.jsonl, default: true}",
            None,
            [("held_out.jsonl", "train")],
        ),
        (
            "- {config_name: x, data_files: b.jsonl}\n- {config_name: default, data_files: a/one.csv}",
            None,
            [("a/one.csv", "train")],
        ),
        (
            "- {config_name: x, data_files: b.jsonl}\n"
            "- {config_name: y, data_files: held_out.jsonl, default: true}",
            "x",
            [("b.jsonl", "train")],
        ),
    ],
)
def test_the_page_says_what_subsets_and_splits_there_are(configs, subset, expected):
    assert choose(page(configs), FILES, subset, ALL) == [Part(*part) for part in expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# No header",
        "---\nnever closed",
        "---\nconfigs: 3\n---",
        "---\n- a list\n---",
        "---\nconfigs: [1, {data_files: {path: 3}}, {data_files: [{}]}]\n---",
        "---\nconfigs: {a: [}\n---",
        "---\na: 2024-99-99\n---",
        "---\na: " + "[" * 500 + "\n---",
        "---\nconfigs:\n- {config_name: x, data_files: gone.csv}\n---",
        "---\na: " + "x" * PAGE_CHARACTERS + "\nconfigs:\n- {config_name: x, data_files: b.jsonl}\n---",
    ],
)
def test_a_page_that_says_nothing_usable_leaves_it_to_the_names(text):
    assert choose(text, PARQUET, None, "test") == [Part(PARQUET[0], "test")]


def test_beside_many_files_of_one_kind_others_do_not_count():
    files = ["a.jsonl", "data/one.csv", "data/two.csv", "requirements.txt"]
    assert [part.file for part in choose("", files, None, "train")] == ["data/one.csv", "data/two.csv"]
    assert choose("", ["a.jsonl", "b.txt"], None, "train") == [Part("a.jsonl", "train")]


def test_lists_in_lists_are_never_written_out():
    bomb = "\n".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]" for n in range(30))
    configs = "configs:\n- {config_name: *a30, data_dir: *a30, data_files: *a30}"
    assert choose(f"---\na0: &a0 [x]\n{bomb}\n{configs}\n---\n", PARQUET, None, "test") == [
        Part(PARQUET[0], "test")
    ]


def test_a_file_that_is_missing_among_numbered_ones_is_named():
    with pytest.raises(BadData, match=r"data/train-00001-of-00002\.parquet is missing beside the others"):
        choose("", PARQUET[:2], None, "train")
    assert choose("", PARQUET[:2], None, "test")
