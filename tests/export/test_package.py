import errno
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from full_disk import no_file_beyond
from trained_models import SECRET, facts_of_a_run
from tunesmith.core.cards import Model
from tunesmith.core.contracts import Exporter, Method
from tunesmith.core.errors import DiskFull
from tunesmith.core.hashing import hash_file
from tunesmith.core.recipe import Evaluation
from tunesmith.export import manifest, package
from tunesmith.export.exporter.adapter import Adapter
from tunesmith.export.exporter.merged import Merged
from tunesmith.method.lora import LoRA
from tunesmith.model.load import load, load_chat

COMMON = {
    "LICENSE",
    "README.md",
    "chat_template.jinja",
    "generation_config.json",
    "probe/logits.safetensors",
    "probe/prompts.json",
    "report.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


@dataclass(frozen=True, kw_only=True)
class FullDisk(Exporter):
    """Runs out of room in the middle of writing."""

    def write(self, model: Model, method: Method, folder: Path) -> None:
        (folder / "adapter_model.safetensors").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("exporter", "kind", "own"),
    [
        (Adapter(), "adapter", {"adapter_model.safetensors", "adapter_config.json"}),
        (Merged(), "weights", {"model.safetensors", "config.json"}),
    ],
)
def test_a_package_lists_every_file_in_it_with_its_hash(
    exporter: Exporter, kind: str, own: set[str], trained: Model, tmp_path: Path
) -> None:
    card = package.write(trained, LoRA(), exporter, tmp_path / "demo", facts_of_a_run())
    assert (card.name, card.kind, card.base, card.base_fingerprint) == (
        "demo",
        kind,
        "a base",
        trained.fingerprint,
    )
    assert set(card.files) == COMMON | own
    assert all(hash_file(card.folder / name) == digest for name, digest in card.files.items())
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_the_same_model_and_facts_give_the_same_package_to_the_byte(
    tiny_folder: Path, tmp_path: Path
) -> None:
    written = [
        package.write(
            LoRA().apply(load("tiny-llama", tiny_folder), 3),
            LoRA(),
            Adapter(),
            tmp_path / place / "demo",
            facts_of_a_run(),
        )
        for place in ("one", "two")
    ]
    assert written[0].files == written[1].files


def test_the_packaged_tokenizer_is_the_one_that_was_trained_with(
    adapter: Path, weights: Path, tiny_folder: Path
) -> None:
    expected = load_chat(tiny_folder).fingerprint
    assert [load_chat(folder).fingerprint for folder in (adapter, weights)] == [expected, expected]


def test_answers_are_greedy_and_end_where_the_template_ends_them(adapter: Path, tiny_folder: Path) -> None:
    decoding = json.loads((adapter / "generation_config.json").read_text(encoding="utf-8"))
    assert decoding["do_sample"] is False
    assert decoding["eos_token_id"] == list(load_chat(tiny_folder).stop_ids)
    assert decoding["pad_token_id"] == 0


def test_no_row_of_the_data_is_in_a_package_and_the_report_says_so(adapter: Path) -> None:
    files = [path for path in adapter.rglob("*") if path.is_file()]
    assert len(files) == 12
    assert not [path.name for path in files if SECRET.encode() in path.read_bytes()]
    report = json.loads((adapter / "report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "promote"
    assert report["notes"] == [
        "Only 20 rows.",
        "1 samples are left out here: they are rows of the test data.",
    ]


def test_how_its_run_was_evaluated_is_kept(adapter: Path) -> None:
    evaluation = Evaluation.model_validate(manifest.read(adapter).made["evaluation"])
    assert evaluation == facts_of_a_run().recipe.evaluation


def test_a_package_without_a_report_has_no_report_file(tiny_model: Model, tmp_path: Path) -> None:
    facts = replace(facts_of_a_run(), report=None)
    written = package.write(LoRA().apply(tiny_model, 0), LoRA(), Adapter(), tmp_path / "demo", facts)
    assert "report.json" not in written.files


def test_the_licence_of_the_base_is_passed_on(tiny_model: Model, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "LICENSE").write_text("Do as you like.\n", encoding="utf-8")
    (base / "NOTICE.txt").write_text("By the makers.\n", encoding="utf-8")
    (base / "config.json").write_bytes((tiny_model.folder / "config.json").read_bytes())
    model = replace(LoRA().apply(tiny_model, 0), folder=base, licence="Do as you like.")
    written = package.write(model, LoRA(), Adapter(), tmp_path / "demo", facts_of_a_run())
    assert (written.folder / "LICENSE").read_text(encoding="utf-8") == "Do as you like.\n"
    assert (written.folder / "NOTICE.txt").read_text(encoding="utf-8") == "By the makers.\n"


def test_a_base_without_a_licence_file_leaves_a_notice(adapter: Path) -> None:
    notice = (adapter / "LICENSE").read_text(encoding="utf-8")
    assert "made from tiny-llama, whose licence is: not stated by the base" in notice


def test_a_new_package_replaces_the_old_one(tiny_model: Model, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "old").write_text("old", encoding="utf-8")
    package.write(LoRA().apply(tiny_model, 0), LoRA(), Adapter(), tmp_path / "demo", facts_of_a_run())
    assert not (tmp_path / "demo" / "old").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX limits the size of a file")
@pytest.mark.parametrize("room", [3_000, 5_000, 20_000])
def test_a_disk_too_small_for_probes_or_tokenizer_or_weights_is_full(
    room: int, tiny_model: Model, tmp_path: Path
) -> None:
    model = LoRA().apply(tiny_model, 0)
    with no_file_beyond(room), pytest.raises(DiskFull, match=r"No room for the package .*: File too large"):
        package.write(model, LoRA(), Merged(), tmp_path / "demo", facts_of_a_run())
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_package_and_nothing_half_written(
    adapter: Path, tiny_model: Model
) -> None:
    before = {path: path.read_bytes() for path in adapter.rglob("*") if path.is_file()}
    with pytest.raises(DiskFull, match="No room for the package"):
        package.write(LoRA().apply(tiny_model, 0), LoRA(), FullDisk(), adapter, facts_of_a_run())
    assert {path: path.read_bytes() for path in adapter.rglob("*") if path.is_file()} == before
    assert [path.name for path in adapter.parent.iterdir()] == ["adapter"]
