"""Go on training what an earlier run has left: an adapter in peft's format, or a package of Tunesmith's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _kept, _peft, _prompt
from tunesmith.method._network import check

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class Continued(Method):
    """Go on with an adapter: train on, from where it is, what it has changed."""

    leaves_adapter = True
    usual_rate = 1e-4
    adapter: Annotated[Path, Field(description="Folder of a package, or of an adapter of peft's.")]

    @property
    def merges(self) -> bool:  # type: ignore[override]  # follows from what is continued
        """Can what is continued be folded in?"""
        begun = _kept.begun_by(self.adapter)
        return _kept.merges(self.adapter) if begun is None else begun.merges

    def begun_by(self) -> Method:
        """Give the method that made the network; this one, where the adapter itself says how."""
        return _kept.begun_by(self.adapter) or self

    def refuses(self, network: PreTrainedModel) -> str:
        """Say why what is in the folder cannot be continued."""
        begun = _kept.begun_by(self.adapter)
        return _kept.refuses(self.adapter) or ("" if begun is None else begun.refuses(network))

    def apply(self, model: Model, seed: int) -> Model:
        """Make the same room again and put in what was learned; nothing is random here.

        Raises BadOption for an adapter of another base, DamagedFile where its tensors do not fit.
        """
        folder = self.adapter
        check(self.refuses(model.network) or _kept.other_base(folder, model), model, "continued")
        begun = _kept.begun_by(folder)
        if begun is None:
            return _kept.place_adapter(
                _peft.wrap(model, _kept.configuration(folder), seed, "continued"), folder
            )
        return _kept.place_all(begun.apply(model, seed), folder)

    def pace(self, parameter: str) -> float:
        """Give what the first method says of a parameter, where it is known."""
        begun = _kept.begun_by(self.adapter)
        return 1.0 if begun is None else begun.pace(parameter)

    def merge(self, model: Model) -> Model:
        """Fold the change in, as the first method does; raises BadOption where it cannot be."""
        if not self.merges:
            raise _prompt.cannot_merge("continued")
        begun = _kept.begun_by(self.adapter)
        return _peft.merge(model) if begun is None else begun.merge(model)
