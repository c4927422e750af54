import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import torch
from tunesmith.engine.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
def faults():
    for _ in range(20):
        tensor = torch.ones(16 * 2**20)  # 64 MiB: more than glibc ever keeps by itself
        del tensor
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = faults()
print(faults() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc can be told")
def test_freed_memory_is_used_again_without_asking_the_system() -> None:
    kept, given_back = (
        int(
            subprocess.run(
                [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
            ).stdout
        )
        for how in ("keep", "give back")
    )
    # 20 times 64 MiB are 327,680 pages of 4 KiB; where the system uses huge pages there are few either way.
    assert kept < max(given_back / 10, 2000)
