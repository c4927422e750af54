"""The recipe card: what we want and how we will know. Each default is written here, once.

Components (`source`, `method`, `objective`, metrics, exporter) are named; their options are checked against
the component's own fields when the recipe is resolved (`tunesmith.recipe`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

NAME = "[a-z0-9][a-z0-9-]{0,62}"


def _checked_name(name: str) -> str:
    if not re.fullmatch(NAME, name):
        raise PydanticCustomError(
            "name_form",
            "Use small letters from a to z, digits and hyphens only, at most 63 of them, no hyphen first",
        )
    return name


Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A part of the recipe: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Selection(BaseModel):
    """A component by name with its options; a bare name means all defaults."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: str

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @property
    def options(self) -> dict[str, Any]:
        """The options given beside the name."""
        return dict(self.__pydantic_extra__ or {})


class Criterion(Section):
    """One line of `success`: a bound on the tuned model, or on its gain over the base."""

    metric: str = Field(description="A metric of evaluation.metrics.")
    at_least: float | None = Field(default=None, description="The tuned value must not be below this.")
    at_most: float | None = Field(default=None, description="The tuned value must not be above this.")
    gain_over_base: float | None = Field(
        default=None, description="The improvement over the base must reach this."
    )

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if sum(bound is not None for bound in (self.at_least, self.at_most, self.gain_over_base)) != 1:
            raise ValueError("give exactly one of at_least, at_most, gain_over_base")
        return self


class Split(Section):
    """What is held out, before anything is repeated or made anew; no row changes side when data grows."""

    by: Literal["content", "stratified", "group", "time", "given"] = Field(
        default="content",
        description="What decides: the prompt, the prompt within its label, or a column.",
    )
    column: str | None = Field(default=None, description="The column that group, time and given look at.")
    validation_from: str | None = Field(
        default=None, description="By time: the first value of the column that falls to validation."
    )
    test_from: str | None = Field(
        default=None, description="By time: the first value of the column that falls to test."
    )
    validation: Share = Field(
        default=0.1, description="Share held out to choose the best step; 0: no early stopping."
    )
    test: Share = Field(default=0.1, description="Share held out for the verdict.")

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together leave nothing to train on")
        return self


class Audit(Section):
    """What is looked for in the data, and which findings do not stop a run."""

    accept: tuple[str, ...] = Field(default=(), description="Checks whose findings do not stop a run.")
    skip: tuple[str, ...] = Field(default=(), description="Checks that are not made; the report says so.")
    checks: tuple[Selection, ...] = Field(
        default=(), description="Checks with options of their own; all others are made with their defaults."
    )
    against: tuple[Selection, ...] = Field(
        default=(), description="Sources of evaluation sets whose rows must not be learned."
    )


class Data(Section):
    """Where examples come from, how they are cleaned, held apart and looked at."""

    source: Selection = Field(description="A source and its options.")
    clean: tuple[Selection, ...] = Field(
        default=(), description="Cleaners, in order; some work after the split, on training rows."
    )
    split: Split = Field(default_factory=Split, description="What is held out from training.")
    augment: tuple[Selection, ...] = Field(
        default=(), description="Augmenters, which make new training rows."
    )
    audit: Audit = Field(default_factory=Audit, description="What is looked for, and what is accepted.")
    too_long: Literal["error", "drop", "truncate"] = Field(
        default="error", description="What happens to a row that is longer than the limit."
    )
    max_tokens: Positive | None = Field(
        default=None, description="Longest row in tokens; unset: the model's context."
    )
    bad_rows: Literal["error", "drop"] = Field(
        default="error", description="What happens to an unreadable row."
    )


class Training(Section):
    """How the weights are updated."""

    epochs: Positive = Field(default=3, description="How often every training row is seen.")
    max_steps: Positive | None = Field(default=None, description="Stop after this many optimizer steps.")
    learning_rate: float | None = Field(
        default=None,
        gt=0,
        description="Highest learning rate, reached after the warm-up; unset: what is usual for the method.",
    )
    schedule: Literal["cosine", "linear", "constant", "wsd"] = Field(
        default="cosine", description="Shape after the warm-up; wsd stays at the top until the cooldown."
    )
    warmup: Share = Field(default=0.05, description="Share of all steps over which the learning rate rises.")
    cooldown: Share = Field(default=0.2, description="Share of all steps over which wsd falls towards zero.")
    tokens_per_step: Positive = Field(default=8192, description="Tokens read per optimizer step, about.")
    tokens_per_pass: Positive | None = Field(
        default=None, description="Tokens in memory at once, for speed only; unset: as many as fit well."
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto", description="Number type of products; auto measures which is faster here."
    )
    storage: Literal["auto", "float32", "stored"] = Field(
        default="auto",
        description="How a frozen base is held; stored: in its 16 bits; auto: if memory is short.",
    )
    optimizer: Literal["adamw", "adamw_8bit"] = Field(
        default="adamw", description="How gradients become steps; adamw_8bit needs less memory."
    )
    weight_decay: float = Field(default=0.0, ge=0, description="AdamW's decoupled weight decay.")
    layer_decay: float = Field(
        default=1.0, gt=0, le=1, description="How much slower each layer learns than the one above it."
    )
    balance: float = Field(
        default=0.0, ge=0, description="Weight of a cost that keeps the experts of a base evenly used."
    )
    average: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Decay of a moving average of the weights, kept instead of them.",
    )
    clip_norm: float | None = Field(
        default=1.0, gt=0, description="Largest gradient norm; unset turns clipping off."
    )
    validate_every: Positive | None = Field(
        default=None, description="Steps between validations; unset: 10 per run."
    )
    patience: Positive | None = Field(
        default=3, description="Validations without gain before stopping; unset: never."
    )
    checkpoint_every: Positive | None = Field(
        default=None, description="Steps between checkpoints; unset: as validations."
    )
    keep_checkpoints: Positive = Field(default=2, description="Newest checkpoints kept, besides the best.")


class Evaluation(Section):
    """How base and tuned are compared on the test rows."""

    metrics: tuple[Selection, ...] = Field(
        default=(Selection(name="perplexity"),), description="What is measured."
    )
    max_rows: Positive | None = Field(
        default=200, description="Test rows used for generation; unset means all."
    )
    max_tokens: Positive = Field(default=256, description="Longest generated answer in tokens.")
    samples: Positive = Field(default=8, description="Answers shown side by side in the report.")


class Recipe(Section):
    """What we want, and how we will know."""

    format: Literal[1] = Field(default=1, description="Version of this file format.")
    name: Annotated[str, AfterValidator(_checked_name)] = Field(
        json_schema_extra={"pattern": f"^{NAME}$"}, description="Short name of the run's folder."
    )
    goal: str = Field(description="What the model should do better, in a sentence.")
    success: tuple[Criterion, ...] = Field(default=(), description="What decides the verdict.")
    base: str = Field(default="tiny", description="The bundled `tiny`, a folder, or a hub id.")
    data: Data = Field(description="Where examples come from.")
    method: Selection = Field(default=Selection(name="lora"), description="What may change.")
    objective: Selection = Field(default=Selection(name="sft"), description="What better means.")
    training: Training = Field(default_factory=Training, description="How weights are updated.")
    memory: tuple[Selection, ...] = Field(
        default=(), description="What the model keeps beside it, made of the training rows."
    )
    evaluation: Evaluation = Field(default_factory=Evaluation, description="How base and tuned are compared.")
    export: Selection = Field(default=Selection(name="adapter"), description="What the package holds.")
    seed: int = Field(default=7, ge=0, lt=2**63, description="Everything random follows from this.")
    parent: str | None = Field(default=None, description="The run this recipe was proposed from.")

    @model_validator(mode="after")
    def _success_is_measured(self) -> Self:
        measured = [metric.name for metric in self.evaluation.metrics]
        for criterion in self.success:
            if criterion.metric not in measured:
                raise ValueError(
                    f"success asks for {criterion.metric!r}, but evaluation.metrics measures only {measured}"
                )
        return self
