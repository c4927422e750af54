"""Asking for help, or reading a recipe, loads nothing heavy."""

import json
import subprocess
import sys
import tomllib

import pytest

from source_tree import ROOT

HEAVY = frozenset(
    (
        *("torch", "transformers", "peft", "tokenizers", "safetensors", "huggingface_hub", "accelerate"),
        *("numpy", "scipy", "sklearn", "sacrebleu", "rouge_score", "matplotlib", "pandas"),
        *("fastapi", "starlette", "uvicorn", "sqlalchemy", "httpx", "requests", "jinja2"),
    )
)

MOST_MODULES = 550
"""Python itself, pydantic, PyYAML and typer come to about 350 today; torch alone would add over 1,000."""

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULE, FUNCTION = PROJECT["scripts"]["tunesmith"].split(":")
START = {
    "import tunesmith": "import tunesmith",
    "tunesmith --help": f"sys.argv = ['tunesmith', '--help']\nfrom {MODULE} import {FUNCTION}\n{FUNCTION}()",
    "a recipe's schema, for which every component is loaded": "from tunesmith.recipe import schema\nschema()",
}

PROGRAM = """
import json, sys
try:
{start}
except SystemExit as end:
    assert not end.code, end.code
print()
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("name", START)
def test_nothing_heavy_is_loaded_by(name: str) -> None:
    start = "\n".join(f"    {line}" for line in START[name].splitlines())
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(start=start)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    modules = json.loads(ended.stdout.splitlines()[-1])
    assert {module.split(".")[0] for module in modules} & HEAVY == set()
    assert len(modules) <= MOST_MODULES
