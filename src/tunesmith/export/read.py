"""Read a package: verify every file, then load it the way a server does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

from tunesmith.core.cards import Chat, Model, Package
from tunesmith.core.errors import BadBase, DamagedFile
from tunesmith.core.hashing import hash_value
from tunesmith.export import manifest
from tunesmith.export.manifest import Base, Manifest


@dataclass(frozen=True, kw_only=True)
class Loaders:
    """What this room is given by the model room: `find` a base, load a `model`, load a `chat` template."""

    find: Callable[[str], Path]
    model: Callable[[str, Path], Model]
    chat: Callable[[Path], Chat]


def read(folder: Path) -> Package:
    """Verify a package; raises DamagedFile naming the first file that is missing, changed, or not listed."""
    return _verified(folder).package(folder)


def load(folder: Path, loaders: Loaders) -> Model:
    """Load a verified package; an adapter together with exactly the base that it was trained on.

    Raises DamagedFile for a package that is not what was written, BadBase where its base is gone or changed.
    """
    described = _verified(folder)
    if described.kind == "weights":
        model = loaders.model(described.name, folder)
    else:
        base = load_base(described.base, loaders)
        model = replace(base, network=_adapted(base.network, folder), chat=loaders.chat(folder))
    return replace(
        model,
        name=described.name,
        folder=folder,
        fingerprint=hash_value(dict(described.files)),
        licence=described.licence,
    )


def load_base(wanted: Base, loaders: Loaders) -> Model:
    """Load the very base that a package was made from; raises BadBase where it is gone or changed."""
    tried: list[str] = []
    for place in dict.fromkeys(wanted.places):
        try:
            base = loaders.model(wanted.name, loaders.find(place))
        except BadBase as error:
            tried.append(str(error))
            continue
        if base.fingerprint == wanted.fingerprint:
            return base
        tried.append(f"{base.folder} is another model, or has changed since.")
    raise BadBase(
        f"The base {wanted.name!r} with fingerprint {wanted.fingerprint[:12]} is not there: "
        f"{' '.join(tried)} Put that base back; a package made with `export: merged` needs none."
    )


def _verified(folder: Path) -> Manifest:
    described = manifest.read(folder)
    listed, there = set(described.files), set(manifest.names(folder)) - {manifest.FILE}
    for name in sorted(listed - there):
        raise DamagedFile(f"{folder / name} is missing. Export the package again.")
    for name, digest in manifest.hashes(folder).items():
        if name not in listed:
            raise DamagedFile(
                f"{folder / name} is not part of the package: {manifest.FILE} does not list it. Remove it."
            )
        if digest != described.files[name]:
            raise DamagedFile(
                f"{folder / name} is not what was written: its SHA-256 differs. Export the package again."
            )
    return described


def _adapted(network: Any, folder: Path) -> Any:
    from peft import PeftConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors.torch import load_file

    path = folder / "adapter_model.safetensors"
    stored = load_file(path)
    configuration = PeftConfig.from_pretrained(str(folder))
    configuration.inference_mode = True
    with catch_warnings():
        # peft asks transformers for it by a name that transformers is about to drop.
        filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        adapted = get_peft_model(network, configuration)
    # peft itself warns of tensors it misses and ignores those it cannot place: an adapter that does nothing.
    wanted = {
        name: tensor.shape
        for name, tensor in get_peft_model_state_dict(adapted, save_embedding_layers=False).items()
    }
    missing, unexpected = sorted(wanted.keys() - stored.keys()), sorted(stored.keys() - wanted.keys())
    if missing or unexpected:
        raise DamagedFile(
            f"{path} does not fit its base: missing {missing[:4]}, unexpected {unexpected[:4]}."
        )
    for name, shape in wanted.items():
        if stored[name].shape != shape:
            raise DamagedFile(
                f"{path}: {name} has shape {list(stored[name].shape)}, the base takes {list(shape)}."
            )
    set_peft_model_state_dict(adapted, stored)
    return adapted.eval()
