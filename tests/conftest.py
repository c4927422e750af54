"""What holds for every test: no network, one thread, fixed seeds; and the fixtures that many tests share."""

import os
import random
import socket
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import settings

# Read when torch and huggingface_hub are first imported, so they stand before any test does that.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TUNESMITH_CACHE"] = mkdtemp(prefix="tunesmith-cache-")
os.environ["TOKENIZERS_PARALLELISM"] = "false"

# The same cases every time, and no judging by the clock.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")

sys.path.insert(0, str(Path(__file__).parent))
pytest_plugins = [
    "tiny_models",
    "finished_run",
    "finished_curve",
    "finished_comparison",
    "command_line",
    "browsers",
    "tiny_readers",
]


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse every connection and every name that leaves this machine."""
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex
    real_getaddrinfo = socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        _refuse_remote(self.family, address)
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_remote(self.family, address)
        return real_connect_ex(self, address)

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if not _is_local(host):
            raise RuntimeError(f"A test looked up {host!r}: tests have no network.")
        return real_getaddrinfo(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


@pytest.fixture(autouse=True)
def fixed_seeds() -> None:
    """Start every test from the same random state, whatever ran before it."""
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def _refuse_remote(family: int, address: Any) -> None:
    if family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
        raise RuntimeError(f"A test connected to {address!r}: tests have no network.")


def _is_local(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        number = ip_address(name)
    except ValueError:
        return False
    return number.is_loopback or number.is_unspecified
