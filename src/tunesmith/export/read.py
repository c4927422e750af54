"""Read a package: verify every file, then load it the way a server does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from tunesmith.core.cards import Chat, Model
from tunesmith.core.errors import BadBase, DamagedFile
from tunesmith.core.hashing import hash_value
from tunesmith.core.kept import ADAPTER, ADAPTER_TENSORS, CHANGES, check_fit
from tunesmith.core.service import Package
from tunesmith.core.task import LANGUAGE, Held, Task
from tunesmith.core.wrapped import prompt_of
from tunesmith.export import changes, manifest
from tunesmith.export.manifest import Base, Manifest


def _cannot_change(model: Model, method: str, *_: object) -> Model:
    raise BadBase(f"{model.name} was changed with method {method}, and no way to apply it was given.")


def _cannot_remember(model: Model, *_: object) -> Model:
    raise BadBase(f"{model.name} keeps a memory beside it, and no way to open it was given.")


def _cannot_hold(name: str, *_: object) -> Model:
    raise BadBase(f"{name} must be held in few bits, and no way to do that was given.")


@dataclass(frozen=True, kw_only=True)
class Loaders:
    """What this room is given: `find` a base, load a `model`, load a `chat` template, and `change` a model.

    `held` loads a model in as few bits as it is told.

    The latter applies the method of a name with its options, told in a package's folder, so that
    there is room for what was learned.
    `remember` opens the memories in a folder, which are named with their options and with what made them.
    """

    find: Callable[[str], Path]
    model: Callable[[str, Path, Task], Model]
    chat: Callable[[Path], Chat]
    held: Callable[[str, Path, Task, Held], Model] = _cannot_hold
    change: Callable[[Model, str, Mapping[str, Any], Path], Model] = _cannot_change
    remember: Callable[[Model, Sequence[Mapping[str, Any]], Path, str], Model] = _cannot_remember


def read(folder: Path) -> Package:
    """Verify a package; raises DamagedFile naming the first file that is missing, changed, or not listed."""
    return _verified(folder).package(folder)


def load(folder: Path, loaders: Loaders) -> Model:
    """Load a verified package; an adapter together with exactly the base that it was trained on.

    Raises DamagedFile for a package that is not what was written, BadBase where its base is gone or changed.
    """
    described = _verified(folder)
    if described.kind == "weights":
        model = loaders.model(described.name, folder, described.task.task)
    else:
        base = load_base(described.base, loaders, described.task.task)
        # A package's own template rules over that of its base; bases that do not chat have none.
        chat = loaders.chat(folder) if base.family == "decoder" else base.chat
        model = replace(_adapted(base, folder, loaders), chat=chat)
    if described.kept.memories:
        model = loaders.remember(model, described.kept.memories, folder / "memory", described.kept.made_with)
    return replace(
        model,
        name=described.name,
        folder=folder,
        fingerprint=hash_value(dict(described.files)),
        licence=described.licence,
    )


def load_base(wanted: Base, loaders: Loaders, task: Task = LANGUAGE) -> Model:
    """Load the very base that a package was made from; raises BadBase where it is gone or changed."""
    tried: list[str] = []
    for place in dict.fromkeys(wanted.places):
        try:
            folder = loaders.find(place)
            if wanted.held is None:
                base = loaders.model(wanted.name, folder, task)
            else:
                base = loaders.held(wanted.name, folder, task, wanted.held)
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


def _adapted(base: Model, folder: Path, loaders: Loaders) -> Model:
    """Put what was learned onto its base, ready to answer and frozen."""
    is_changed = (folder / CHANGES).is_file()
    model = loaders.change(base, *changes.method_of(folder), folder) if is_changed else base
    network: Any = model.network
    if is_changed:
        changes.place(network, folder)
    if (folder / ADAPTER).is_file():
        network = _with_adapter(network, folder)
    taken = prompt_of(network)
    return replace(model, network=network.requires_grad_(False).eval(), context=model.context - taken)


def _with_adapter(network: Any, folder: Path) -> Any:
    from peft import (
        PeftConfig,
        PeftModel,
        get_peft_model,
        get_peft_model_state_dict,
        set_peft_model_state_dict,
    )
    from safetensors.torch import load_file

    path = folder / ADAPTER_TENSORS
    stored = load_file(path)
    with catch_warnings():
        simplefilter("ignore")  # peft talks about its own workings, and about what is checked below
        if not isinstance(network, PeftModel):
            configuration = PeftConfig.from_pretrained(str(folder))
            configuration.inference_mode = True
            network = get_peft_model(network, configuration)
        # peft warns of tensors it misses and ignores those it cannot place: an adapter that does nothing.
        wanted = get_peft_model_state_dict(network, save_embedding_layers=False)
        check_fit(path, wanted, stored)
        set_peft_model_state_dict(network, stored)
    return network
