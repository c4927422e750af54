"""Nothing in the source runs code that comes with data or weights, and few files reach a network."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from source_tree import SOURCE, SourceFile, full_name, source_files

MODULES = frozenset(("pickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"))
CALLS = frozenset(
    (
        *("eval", "exec", "compile", "__import__", "torch.load", "torch.hub.load", "numpy.load", "np.load"),
        *("yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load", "pandas.read_pickle"),
        *("os.system", "os.popen", "tempfile.mktemp"),
    )
)
SWITCHES = frozenset(("trust_remote_code", "allow_pickle", "shell"))
"""Arguments that let strangers' code run when they are true."""

NETWORK = {
    "huggingface_hub": ("model/", "export/", "data/source/hub.py"),
    "fastapi": ("doors/api/",),
    "starlette": ("doors/api/",),
    "uvicorn": ("doors/",),
    "socket": ("doors/api/", "data/source/_download.py"),
    "ssl": ("data/source/_download.py",),
    "http.client": ("data/source/_download.py",),
}
"""Who may reach, or be reached from, other machines. All other network libraries are used by nobody."""

OTHER_NETWORK = frozenset(
    (
        *("http.server", "urllib.request", "ftplib", "smtplib", "xmlrpc"),
        *("socketserver", "asyncio.streams"),
        *("requests", "httpx", "aiohttp", "urllib3", "websockets", "boto3", "paramiko", "grpc", "openai"),
    )
)


def unsafe(file: SourceFile) -> Iterator[str]:
    """List what could run code that somebody else wrote."""
    for found in file.imports():
        if found.name.split(".")[0] in MODULES or found.name in CALLS:
            yield f"{file.name}:{found.line}: {found.name}"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and full_name(node.func) in CALLS:
            yield f"{file.name}:{node.lineno}: {full_name(node.func)}"
        if isinstance(node, ast.keyword) and node.arg in SWITCHES and not _is_false(node.value):
            yield f"{file.name}:{node.value.lineno}: {node.arg}"


def reaching(file: SourceFile) -> Iterator[str]:
    """List what reaches a network where it is not expected."""
    for found in file.imports():
        known = [places for name, places in NETWORK.items() if f"{found.name}.".startswith(f"{name}.")]
        expected = all(file.name.startswith(places) for places in known)
        other = any(f"{found.name}.".startswith(f"{name}.") for name in OTHER_NETWORK)
        if other or not expected:
            yield f"{file.name}:{found.line}: {found.name}"


def _is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


def test_nothing_runs_code_that_comes_with_data_or_weights() -> None:
    files = source_files()
    assert len(files) >= 60
    assert [fault for file in files for fault in unsafe(file)] == []


def test_only_the_expected_files_reach_a_network() -> None:
    assert [fault for file in source_files() for fault in reaching(file)] == []


def test_weights_are_loaded_with_the_safe_switches_named() -> None:
    text = (SOURCE / "model" / "network.py").read_text(encoding="utf-8")
    assert "trust_remote_code=False" in text
    assert "use_safetensors=True" in text


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "def inside():\n    import joblib",
        "import torch\ntorch.load('x')",
        "from torch import load",
        "yaml.load('x')",
        "eval('1')",
        "AutoModel.from_pretrained('x', trust_remote_code=True)",
        "AutoModel.from_pretrained('x', trust_remote_code=trust)",
        "dict(trust_remote_code=True)",
        "subprocess.run('x', shell=True)",
    ],
)
def test_a_planted_danger_is_caught(line: str, tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(line)
    (file,) = source_files(tmp_path)
    assert len(list(unsafe(file))) == 1


@pytest.mark.parametrize(
    "line", ["import re\nre.compile('x')", "load('x', trust_remote_code=False)", "model.eval()"]
)
def test_what_is_harmless_is_not_caught(line: str, tmp_path: Path) -> None:
    (tmp_path / "harmless.py").write_text(line)
    (file,) = source_files(tmp_path)
    assert list(unsafe(file)) == []


@pytest.mark.parametrize(
    "line", ["import httpx", "from urllib.request import urlopen", "import huggingface_hub"]
)
def test_a_planted_connection_is_caught(line: str, tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "loop.py").write_text(line)
    (file,) = source_files(tmp_path)
    assert len(list(reaching(file))) == 1


def test_taking_an_address_apart_reaches_nobody(tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text("from http import HTTPStatus\nfrom urllib.parse import urlsplit")
    (file,) = source_files(tmp_path)
    assert list(reaching(file)) == []
