"""What a folder's weight files hold, read from their heads alone."""

from math import prod
from pathlib import Path

from tunesmith.core.errors import BadBase


def stored_type(folder: Path) -> tuple[str, int]:
    """Give the number type of a base's file and how many numbers it holds; `mixed` for more than one type.

    Raises BadBase for a file that is damaged.
    """
    from safetensors import SafetensorError, safe_open

    kinds: set[str] = set()
    numbers = 0
    for path in folder.glob("*.safetensors"):
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118  # not a dict
                    part = file.get_slice(name)
                    kinds.add(part.get_dtype())
                    numbers += prod(part.get_shape())
        except SafetensorError as error:
            raise BadBase(f"{path} cannot be read: {error}. Fetch the base again.") from None
    names = {"BF16": "bfloat16", "F16": "float16", "F32": "float32"}
    return names.get(kinds.pop(), "mixed") if len(kinds) == 1 else "mixed", numbers
