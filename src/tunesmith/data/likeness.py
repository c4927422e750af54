"""From where on rows count as like each other: the options that checks and cleaners share."""

from typing import Annotated

from pydantic import Field

Similarity = Annotated[
    float,
    Field(ge=0.5, le=1, description="From which share of common runs of five characters on two are similar."),
]
Contained = Annotated[
    float,
    Field(ge=0.5, le=1, description="From which share of its letters on a row is part of a longer one."),
]
