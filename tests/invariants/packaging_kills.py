"""Kill packagings with SIGKILL at operations on the disk, and leave what each kill left. POSIX only.

    python tests/invariants/packaging_kills.py plain FOLDER half old
    python tests/invariants/packaging_kills.py real FOLDER BASE

`plain` kills at every operation (`half`: after half of it), and the next try at every operation again: what
that leaves is in FOLDER/<at> and FOLDER/<at>-<then>. `real` kills where a model's new package takes the place
of the old one. Each packaging is a fork of this process, which has no threads.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is first imported, inside the functions below
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
sys.path.insert(0, str(Path(__file__).parents[1]))

from failing_disks import KillingDisk
from tunesmith.core.disk import Disk

Write = Callable[[Path, str, Disk], object]


def main(kind: str, root: Path, *rest: str) -> None:
    """Kill as asked for on the command line."""
    if kind == "plain":
        kill_plain(root, half="half" in rest, has_old="old" in rest)
    else:
        kill_real(root, Path(*rest))


def kill_plain(root: Path, half: bool, has_old: bool) -> None:
    """Kill the writing of a plain folder at every operation."""
    from plain_folders import put

    for at in count(1):
        state = root / str(at)
        state.mkdir()
        if has_old:
            put(state / "demo", "old")
        if not is_killed(put, state / "demo", "new", KillingDisk(at, half=half)):
            shutil.rmtree(state)
            return
        for then in count(1):
            again = shutil.copytree(state, root / f"{at}-{then}")
            if not is_killed(put, again / "demo", "newer", KillingDisk(then, half=half)):
                shutil.rmtree(again)
                break


def kill_real(root: Path, base: Path) -> None:
    """Kill the packaging of a model at its first operation, and at those that swap old and new."""
    write, counting = packager(base), KillingDisk(0)
    write(root / "undisturbed" / "demo", "old", Disk())
    write(root / "undisturbed" / "demo", "new", counting)
    for at in (1, *range(counting.operations - 6, counting.operations + 1)):
        state = root / str(at)
        write(state / "demo", "old", Disk())
        assert is_killed(write, state / "demo", "new", KillingDisk(at))


def packager(base: Path) -> Write:
    """Give what packages an adapter of a base; the word goes into the package as the recipe's fingerprint."""
    from dataclasses import replace

    from trained_models import facts_of_a_run
    from tunesmith.export import package
    from tunesmith.export.exporter.adapter import Adapter
    from tunesmith.method.lora import LoRA
    from tunesmith.model.load import load

    model, facts = LoRA().apply(load("tiny-llama", base), 3), facts_of_a_run()

    def write(folder: Path, word: str, disk: Disk) -> None:
        package.write(model, LoRA(), Adapter(), folder, replace(facts, recipe_fingerprint=word), disk)

    return write


def is_killed(write: Write, folder: Path, word: str, disk: Disk) -> bool:
    """Write in a fork; was it killed before it was done?"""
    child = os.fork()
    if not child:
        code = 1
        try:
            write(folder, word, disk)
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL), "the packaging itself failed"
    return code != 0


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
