"""A mixture of trained adapters behind routers that learn (Wu et al., 2024, https://arxiv.org/abs/2404.13628).

Routers weigh for every token and in every layer (Muqeeth et al., 2024, https://arxiv.org/abs/2402.05859),
each rank of an adapter for itself (Zhao et al., 2025, https://arxiv.org/abs/2501.15103).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.errors import BadOption, DamagedFile
from tunesmith.core.kept import ADAPTER, ADAPTER_TENSORS
from tunesmith.method import _kept, _low_rank, _peft
from tunesmith.method._network import check, head, learn

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

    from tunesmith.method._mixture import Change

FOLDER = "experts"


@dataclass(frozen=True, kw_only=True)
class Experts(Method):
    """Make one model of several adapters: these stay as they are, routers learn which to use when."""

    leaves_adapter = True
    merges = False
    usual_rate = 2e-2
    adapters: Annotated[
        tuple[Path, ...],
        Field(
            min_length=2, description="Folders of packages with low-rank adapters, or of adapters of peft's."
        ),
    ]

    def refuses(self, network: PreTrainedModel) -> str:
        """Say why what is in a folder cannot be an expert."""
        if head(network):
            return "It has a new head, and experts have none: they mix what adapters learned of language."
        return next(filter(None, (_kept.refuses_as_expert(folder) for folder in self.adapters)), "")

    def apply(self, model: Model, seed: int) -> Model:
        """Put all adapters and a router beside every layer that one of them changes; nothing is random here.

        Raises BadOption for an adapter of another base, DamagedFile where its tensors do not fit.
        """
        from tunesmith.method._mixture import Mixture

        check(self.refuses(model.network), model, "experts")
        for folder in self.adapters:
            check(_kept.other_base(folder, model), model, "experts")
        every = [_changes(model, folder) for folder in self.adapters]
        names = [name for name, _ in model.network.named_modules() if any(name in each for each in every)]
        for name in names:
            mixture = Mixture(
                model.network.get_submodule(name), [each[name] for each in every if name in each]
            )
            model.network.set_submodule(name, mixture)
        learn(model.network, [f"{name}.router_RI" for name in names])
        return model

    def merge(self, model: Model) -> Model:
        """Refuse: how much of each adapter is used depends on what is read."""
        raise BadOption("method.experts: a mixture cannot become weights. Write `export: adapter`.")

    def keep(self, folder: Path) -> Method:
        """Copy every expert into a package, where it stays an adapter of its own."""
        kept = [Path(FOLDER, str(number)) for number, _ in enumerate(self.adapters)]
        for source, place in zip(self.adapters, kept, strict=True):
            (folder / place).mkdir(parents=True)
            for name in (ADAPTER, ADAPTER_TENSORS):
                if not (source / name).is_file():
                    raise DamagedFile(
                        f"{source / name} is gone, and a package needs it. Put it back; then go on."
                    )
                shutil.copyfile(source / name, folder / place / name)
        return replace(self, adapters=tuple(kept))

    def within(self, folder: Path) -> Method:
        """Find the experts in the package."""
        return replace(self, adapters=tuple(folder / place for place in self.adapters))


def _changes(model: Model, folder: Path) -> dict[str, Change]:
    """Read what an adapter does to every layer, by its name; the network is as it was afterwards."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    wrapped = _kept.place_adapter(
        _peft.wrap(model, _kept.configuration(folder), 0, "experts"), folder
    ).network
    inside: nn.Module = wrapped.get_base_model()  # type: ignore[operator]  # of peft's class
    found = {name: _low_rank.factors(layer) for name, layer in _low_rank.named_layers(inside)}
    changed = {name for name, layer in inside.named_modules() if isinstance(layer, BaseTunerLayer)}
    wrapped.unload()  # type: ignore[operator]  # of peft's class
    if others := sorted(changed - found.keys()):
        raise BadOption(
            f"method.experts: {folder} changes {others[0]}, which is no linear layer. Train it without."
        )
    return found
