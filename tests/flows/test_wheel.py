"""The wheel is pure Python and holds everything that a laptop without network needs."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEEDED = (
    "tunesmith/py.typed",
    "tunesmith/pages/template/report.html",
    "tunesmith/pages/template/report.css",
    "tunesmith/export/card.md.jinja",
    "tunesmith/model/tiny/model.safetensors",
    "tunesmith/model/tiny/tokenizer.json",
    "tunesmith/model/tiny/README.md",
)


def test_the_wheel_is_pure_python_and_complete(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in NEEDED if name not in names] == []
    assert [name for name in names if not name.startswith(("tunesmith/", "tunesmith-"))] == []
    sources = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    assert len(sources) > 80
    assert sources <= set(names)
