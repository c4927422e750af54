import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tunesmith.core.errors import BadBase
from tunesmith.model.find import check_weights, find, is_hub_id, read_config, seen_from

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ON_THE_HUB = {
    "config.json": b'{"model_type": "llama"}',
    "model.safetensors": b"weights",
    "tokenizer.json": b"{}",
    "chat_template.jinja": b"{{ messages }}",
    "LICENSE": b"As you like.",
    "README.md": b"---\nlicense: mit\n---\n",
    "pytorch_model.bin": b"a pickle",
    "modeling_own.py": b"raise SystemExit('code of a stranger ran')",
}


class Hub(BaseHTTPRequestHandler):
    """A hub with one model, `org/name`, at one commit: what its client asks for, and nothing else."""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the test looks at the files that were fetched."""

    def _answer(self, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        pieces = path.strip("/").split("/")
        if path in ("/api/models/org/name/revision/main", f"/api/models/org/name/revision/{COMMIT}"):
            content = {"id": "org/name", "sha": COMMIT, "siblings": [{"rfilename": n} for n in ON_THE_HUB]}
            self._send(json.dumps(content).encode(), with_body)
        elif path == f"/api/models/org/name/tree/{COMMIT}":
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": sha1(data).hexdigest()}
                for name, data in ON_THE_HUB.items()
            ]
            self._send(json.dumps(tree).encode(), with_body)
        elif pieces[:4] == ["org", "name", "resolve", COMMIT] and pieces[-1] in ON_THE_HUB:
            self._send(ON_THE_HUB[pieces[-1]], with_body)
        else:
            missing = "RevisionNotFound" if pieces[2:4] == ["org", "name"] else "RepoNotFound"
            self.send_response(404)
            self.send_header("X-Error-Code", missing)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send(self, body: bytes, with_body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{sha1(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    """Serve a hub on this machine and give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def find_at(endpoint: str, base: str, cache: Path) -> str:
    """Find a base in a fresh process, as the hub's address is read once: the folder, or the error."""
    program = (
        "import sys\nfrom tunesmith.core.errors import BadBase\nfrom tunesmith.model.find import find\n"
        "try:\n    print(find(sys.argv[1]))\nexcept BadBase as error:\n    print(error)\n"
    )
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program, base],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("base", ["org/name", f"org/name@{COMMIT}"])
def test_a_hub_id_brings_weights_and_tokenizer_but_no_pickle_and_no_code(
    base: str, hub: str, tmp_path: Path
) -> None:
    folder = Path(find_at(hub, base, tmp_path))
    fetched = {path.name: path.read_bytes() for path in folder.iterdir()}
    wanted = set(ON_THE_HUB) - {"pytorch_model.bin", "modeling_own.py"}
    assert fetched == {name: ON_THE_HUB[name] for name in wanted}
    assert folder.name == COMMIT


@pytest.mark.parametrize(
    ("base", "reason"),
    [("org/nmae", "404"), ("org/name@v9", "404"), ("no spaces/here", "Repo id must use alphanumeric")],
)
def test_what_the_hub_does_not_have_is_said_with_what_to_check(
    base: str, reason: str, hub: str, tmp_path: Path
) -> None:
    said = find_at(hub, base, tmp_path)
    assert said.startswith(f"The hub does not give {base!r}: ")
    assert reason in said
    assert said.endswith("Check the name, the network, and your access.")


def test_no_network_is_said_too(tmp_path: Path) -> None:
    said = find_at("http://127.0.0.1:1", "org/name", tmp_path)
    assert said.startswith("The hub does not give 'org/name': ")


def test_the_bundled_base_is_part_of_the_package() -> None:
    assert find("tiny").parts[-3:] == ("tunesmith", "model", "tiny")


def test_a_folder_is_given_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bases" / "one").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert find("bases/one") == (tmp_path / "bases" / "one").resolve()


def test_a_mistyped_folder_is_answered_with_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "mistral").mkdir()
    with pytest.raises(
        BadBase, match=r"no base at '.*mistrl'\. Did you mean '.*mistral'\? Give 'tiny' or 'minilm', a folder"
    ):
        find(str(tmp_path / "mistrl"))


def test_a_mistyped_path_is_never_looked_up_on_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bases").mkdir()
    monkeypatch.chdir(tmp_path)
    named_alike = ["bases/one", "./a/b", "../a", "/a/b", "~/a", "a", "a/b/c"]
    assert [name for name in named_alike if is_hub_id(name)] == []
    assert is_hub_id("org/name")


def test_a_base_that_was_named_in_another_folder_is_found_from_here(tmp_path: Path) -> None:
    (tmp_path / "bases" / "one").mkdir(parents=True)
    assert find(seen_from(tmp_path, "bases/one")) == (tmp_path / "bases" / "one").resolve()
    assert find(seen_from(tmp_path / "bases", "one")) == (tmp_path / "bases" / "one").resolve()
    with pytest.raises(BadBase, match=r"no base at '.*bases/gone'"):
        find(seen_from(tmp_path, "bases/gone"))  # never looked up on the hub, from wherever it is asked


@pytest.mark.parametrize("base", ["tiny", "org/name", "org/name@main", "/bases/one"])
def test_names_that_mean_the_same_everywhere_are_not_changed(base: str, tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    assert seen_from(tmp_path, base) == base


def test_in_the_folder_itself_a_base_keeps_its_name() -> None:
    assert [seen_from(Path(), base) for base in ("./a/b", "a", "bases/one")] == ["./a/b", "a", "bases/one"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no model: there is no config.json"),
        ({"config.json": "{"}, r"config\.json is not valid JSON"),
        ({"config.json": '{"auto_map": {}}'}, "asks for code of its own"),
        ({"config.json": '{"text_config": {"auto_map": {"AutoModel": "x.Y"}}}'}, "asks for code of its own"),
        ({"adapter_config.json": "{}"}, "holds an adapter, not a whole model.*export: merged"),
    ],
)
def test_a_folder_that_is_not_safe_to_load_is_refused(
    files: dict[str, str], message: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadBase, match=message):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["pytorch_model.bin"], r"pytorch_model\.bin"),
        (["model.pth", "config.json", "a.ckpt"], r"a\.ckpt, model\.pth"),
        (["config.json"], "no weights"),
    ],
)
def test_a_base_without_safetensors_is_refused_by_the_names_of_its_files(
    names: list[str], found: str, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"not read")
    with pytest.raises(BadBase, match=rf"\(found: {found}\)\. Pickled weights are never loaded"):
        check_weights(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not read")
    check_weights(tmp_path)
