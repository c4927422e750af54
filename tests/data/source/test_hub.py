"""Data sets are fetched from a hub on this machine, by the real client, each time in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pytest
from pyarrow import parquet

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OLD = "89abcdef0123456789abcdef0123456789abcdef"


def stored(**columns):
    """Write a Parquet file."""
    buffer = BytesIO()
    parquet.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


CONTENTS = {
    "org/pairs": {
        "README.md": b"---\nlicense: mit\n---\n",
        "data/train-00000-of-00002.parquet": stored(prompt=["p1"], completion=["c1"]),
        "data/train-00001-of-00002.parquet": stored(prompt=["p2", "p3"], completion=["c2", None]),
        "data/test-00000-of-00001.parquet": stored(prompt=["p4"], completion=["c4"]),
        "dataset_infos.json": b"{}",
        "loader.py": b"raise SystemExit('code of a stranger ran')",
    },
    "org/texts": {"de.csv": b"text,label\na,x\n", "notes.pdf": b"not read"},
    "org/left-out": {"a.csv": b"text,label\na,x\n", "b.csv": b"text,label\na,x\n", "notes.txt": b"text"},
    "org/kinds": {"a.csv": b"text,label\na,x\n", "b.csv": b"prompt,completion\na,x\n"},
    "org/program": {"program.py": b"raise SystemExit('code of a stranger ran')"},
    "org/empty": {".gitattributes": b"", "picture.png": b""},
    "org/gated": {"README.md": b"", "train.csv": b"text,label\na,x\n"},
}


class HubServer(BaseHTTPRequestHandler):
    """A hub with the data sets above: what its client asks for, and nothing else."""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the test looks at what was fetched."""

    def _answer(self, with_body: bool) -> None:
        path = self.path.partition("?")[0].strip("/")
        pieces = path.removeprefix("api/").removeprefix("datasets/").split("/")
        name, rest = "/".join(pieces[:2]), pieces[2:]
        files = CONTENTS.get(name)
        if files is None:
            self._refuse(404, "RepoNotFound")
        elif rest[:1] == ["resolve"] and name == "org/gated":
            self._refuse(403, "GatedRepo")
        elif rest[:1] == ["resolve"] and rest[1] == COMMIT:
            self._send(files["/".join(rest[2:])], with_body)
        elif rest in (["revision", "main"], ["revision", COMMIT]):
            siblings = [{"rfilename": file} for file in files]
            self._send(json.dumps({"id": name, "sha": COMMIT, "siblings": siblings}).encode(), with_body)
        elif rest == ["tree", COMMIT]:
            tree = [
                {"type": "file", "path": file, "size": len(data), "oid": sha1(data).hexdigest()}
                for file, data in files.items()
            ]
            self._send(json.dumps(tree).encode(), with_body)
        else:
            self._refuse(404, "RevisionNotFound")

    def _send(self, body: bytes, with_body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{sha1(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


PROGRAM = """
import json, sys
from tunesmith.core.errors import TunesmithError
from tunesmith.core.registry import Registry
from tunesmith.core.contracts import Source
from tunesmith.core.example import BadRow

def ask(options):
    try:
        source = Registry("data.source", Source).build("hub", options)
        rows = [
            [str(row.place), row.reason] if isinstance(row, BadRow)
            else [str(row.place), row.whole, row.fields.get("split")]
            for row in source.read()
        ]
        said = [source.gives(), source.reads_as(), source.fingerprint()]
        return {"rows": rows, "said": said}
    except TunesmithError as error:
        return {"error": f"{type(error).__name__}: {error}"}

print(json.dumps([ask(options) for options in json.loads(sys.argv[1])]))
"""

ASKED = {
    "pairs": {"repository": "org/pairs"},
    "pinned": {"repository": f"org/pairs@{COMMIT}"},
    "all": {"repository": "org/pairs", "split": "all"},
    "no split": {"repository": "org/pairs", "split": "tset"},
    "texts": {"repository": "org/texts", "columns": {"text": "label", "label": "text"}},
    "left out": {"repository": "org/left-out"},
    "kinds": {"repository": "org/kinds"},
    "program": {"repository": "org/program"},
    "empty": {"repository": "org/empty"},
    "gated": {"repository": "org/gated"},
    "unknown": {"repository": "org/unknown"},
    "no revision": {"repository": f"org/pairs@{OLD[:7]}"},
    "bad name": {"repository": "no spaces/here"},
}


def ask(asked, cache: Path, **settings: str):
    """Ask in a fresh process, as the hub's client reads its settings once."""
    environment = {**os.environ, "HF_HOME": str(cache), **settings}
    command = [sys.executable, "-c", PROGRAM, json.dumps(list(asked.values()))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(asked, json.loads(done.stdout), strict=True))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the client keeps what it fetched."""
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def online(cache: Path) -> Iterator[dict]:
    """Serve a hub on this machine, and give what was read from it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), HubServer)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield ask(ASKED, cache, HF_ENDPOINT=f"http://127.0.0.1:{server.server_port}", HF_HUB_OFFLINE="0")
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def offline(online: dict, cache: Path) -> dict:
    """Give what is read without a hub, after it was read from one."""
    return ask(ASKED, cache, HF_ENDPOINT="http://127.0.0.1:1", HF_HUB_OFFLINE="1")


def test_the_files_of_a_split_are_read_in_order_with_the_names_that_the_hub_gives_them(online):
    first, second = (f"org/pairs/data/train-0000{n}-of-00002.parquet" for n in (0, 1))
    assert online["pairs"]["rows"] == [
        [f"{first}:1", "p1\nc1", None],
        [f"{second}:1", "p2\nc2", None],
        [f"{second}:2", "empty answer"],
    ]


def test_the_commit_is_said_and_part_of_the_fingerprint(online):
    kind, sentence, fingerprint = online["pairs"]["said"]
    assert kind == "conversations"
    assert sentence.startswith(
        f"data set org/pairs@{COMMIT}, 2 files of train; Parquet with columns 'prompt'"
    )
    assert online["pinned"]["said"][1] == sentence
    assert len({fingerprint, online["pinned"]["said"][2], online["all"]["said"][2]}) == 3


def test_all_splits_together_keep_their_names(online):
    assert [row[2] for row in online["all"]["rows"] if len(row) == 3] == ["test", "train", "train"]
    assert "3 files of test, train" in online["all"]["said"][1]


def test_files_of_another_form_are_left_out_and_said(online):
    assert len(online["left out"]["rows"]) == 2
    assert online["left out"]["said"][1].endswith("; left out: notes.txt")
    assert "left out" not in online["pairs"]["said"][1]


def test_columns_reach_the_reader(online):
    assert online["texts"]["rows"] == [["org/texts/de.csv:2 (byte 11)", "x\na", None]]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "no split",
            "BadOption: data.source.split: there is no split 'tset'. Did you mean 'test'? Known: test, ",
        ),
        (
            "kinds",
            "BadData: org/kinds holds files of several kinds: org/kinds/a.csv gives labels, org/kinds/b",
        ),
        (
            "program",
            "BadData: org/program is made by a program of its own, which is never run. The hub may keep",
        ),
        ("empty", "BadData: org/empty holds no file of rows (.parquet, .jsonl, "),
        (
            "gated",
            "BadData: org/gated is gated: the hub gives it to those who agreed to its terms. Ask for access",
        ),
        (
            "unknown",
            "BadData: org/unknown: the hub shows no such data set. Check the name; for a private one, log in",
        ),
        (
            "no revision",
            "BadData: org/pairs@89abcde: the hub has no such revision. Check what stands after the @.",
        ),
        ("bad name", "BadData: no spaces/here cannot be fetched from the hub: Repo id must use alphanumeric"),
    ],
)
def test_what_the_hub_does_not_give_is_said_with_what_to_do(online, name, message):
    assert online[name].get("error", "").startswith(message), online[name]


def test_what_was_fetched_is_read_without_a_network(online, offline):
    for name in ("pairs", "pinned", "all", "texts"):
        assert offline[name] == online[name]


def test_what_was_never_fetched_is_said_to_be_missing_here(offline):
    for name in ("gated", "unknown", "no revision"):
        assert offline[name]["error"].endswith(
            "in the hub's cache on this machine. Fetch it once without HF_HUB_OFFLINE=1."
        )
    assert "With HF_HUB_OFFLINE=1 only files that were fetched before count." in offline["no split"]["error"]


def test_a_file_that_is_missing_here_is_not_passed_over(online, cache, tmp_path):
    snapshot = cache / "hub" / "datasets--org--pairs" / "snapshots" / COMMIT / "data"
    missing = snapshot / "train-00001-of-00002.parquet"
    kept = missing.rename(tmp_path / "kept")
    answer = ask({"pairs": ASKED["pairs"]}, cache, HF_HUB_OFFLINE="1")["pairs"]
    kept.rename(missing)
    assert "train-00001-of-00002.parquet is missing beside" in answer["error"]


def test_no_network_is_said_with_how_to_read_what_is_here(tmp_path):
    answer = ask({"pairs": ASKED["pairs"]}, tmp_path, HF_ENDPOINT="http://127.0.0.1:1", HF_HUB_OFFLINE="0")
    assert answer["pairs"]["error"].startswith("BadData: org/pairs cannot be fetched from the hub: ")
    assert answer["pairs"]["error"].endswith("what was fetched before is read with HF_HUB_OFFLINE=1.")
