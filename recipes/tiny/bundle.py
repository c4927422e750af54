"""Put the finished `tiny` where Tunesmith finds it: the model alone, without what a package holds beside it.

    python recipes/tiny/bundle.py --package runs/INSTRUCT/package --out src/tunesmith/model/tiny

card.py writes the README.md afterwards.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

MODEL = (
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
)
LICENCE = Path(__file__).parents[2] / "LICENSE"
MOST_BYTES = 12_000_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Copy the model and the licence; fails if a file is missing, or all are larger than may be bundled."""
    parser = argparse.ArgumentParser(description="Bundle tiny.")
    parser.add_argument("--package", type=Path, required=True, help="the last stage's package")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    for name in MODEL:
        shutil.copyfile(given.package / name, given.out / name)
    shutil.copyfile(LICENCE, given.out / LICENCE.name)
    size = sum(path.stat().st_size for path in given.out.iterdir())
    if size > MOST_BYTES:
        raise SystemExit(f"{given.out} has {size:,} bytes; at most {MOST_BYTES:,} may be bundled.")


if __name__ == "__main__":
    main()
