"""What the page asks for, checked strictly."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tunesmith.data.annotation.project import LONGEST_ANSWER, Annotation, Role


def _printable(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise ValueError("a name is made of visible characters")
    return name


Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
Number = Annotated[int, Field(ge=1, lt=2**63)]
Request = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[\w-]+$")]


class Claim(BaseModel):
    """Ask for the next rows, apart from those that are on the screen already."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    annotator: Name
    number: Annotated[int, Field(ge=1, le=5)] = 1
    besides: Annotated[list[Number], Field(max_length=20)] = []


class Say(BaseModel):
    """Say something of a row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    request: Request
    task: Number
    annotator: Name
    role: Role = "annotator"
    kind: Literal["labels", "written", "corrected", "ranking", "rating", "skip", "flag"]
    value: Any = None
    note: Annotated[str, Field(max_length=LONGEST_ANSWER)] = ""
    seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    suggested: Any = None

    def annotation(self) -> Annotation:
        """Give the card, its value not checked yet."""
        return Annotation(**dict(self))


class Undo(BaseModel):
    """Take back what was said last."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    annotator: Name
    request: Request
