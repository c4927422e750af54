"""Tests have no network, one thread, and the same random numbers every time."""

import os
import random
import socket
from pathlib import Path

import pytest

REMOTE = ("192.0.2.1", 80)
"""An address reserved for documentation: RFC 5737."""


def test_no_test_can_connect_to_another_machine() -> None:
    with socket.socket() as plug, pytest.raises(RuntimeError, match="tests have no network"):
        plug.connect(REMOTE)
    with socket.socket() as plug, pytest.raises(RuntimeError, match="tests have no network"):
        plug.connect_ex(REMOTE)
    with pytest.raises(RuntimeError, match="tests have no network"):
        socket.create_connection(("example.org", 80))


def test_a_test_can_connect_to_its_own_machine(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        for host in ("127.0.0.1", "localhost"):
            with socket.create_connection((host, server.getsockname()[1])) as plug:
                assert plug.getpeername() == server.getsockname()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as plug:
        server.bind(str(tmp_path / "s"))
        server.listen()
        plug.connect(str(tmp_path / "s"))
        assert plug.getpeername() == str(tmp_path / "s")


@pytest.mark.parametrize("time", [1, 2])
def test_random_numbers_are_the_same_every_time(time: int) -> None:
    assert random.random() == random.Random(0).random(), time


def test_the_hub_is_off_and_one_thread_computes() -> None:
    import torch

    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert torch.get_num_threads() == 1
