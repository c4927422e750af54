"""Where a base came from, as far as other programs can find it again."""

from tunesmith.core.cards import Model


def hub_origin(model: Model) -> tuple[str, str] | None:
    """Give the hub id and the exact commit of a base that came from a hub, or None for any other.

    The hub's cache keeps a commit's files in `models--<org>--<name>/snapshots/<commit>`.
    """
    name = model.name.partition("@")[0]
    cached = model.folder.parent.parent.name == "models--" + name.replace("/", "--")
    return (name, model.folder.name) if cached and model.folder.parent.name == "snapshots" else None
