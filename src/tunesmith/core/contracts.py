"""What a component promises, in a few verbs. It is a frozen dataclass; its fields are its options.

A contract is subclassed to declare it, never to reuse code: what it does by itself is next to nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from tunesmith.core.audit import Finding, Given, Material
from tunesmith.core.cards import Chat, Completion, Decoding, Encoded, Loss, Model
from tunesmith.core.disk import Disk
from tunesmith.core.example import BadRow, Cleaned, Example, Kind, Made
from tunesmith.core.memory import Changed, Contents, Reader, Recall, Remembered
from tunesmith.core.service import Signal, Trace
from tunesmith.core.task import LANGUAGE, Family, Held, Says, Task

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


class Source(ABC):
    """Reads rows from somewhere, and says of every row what it is or why it cannot be used."""

    @abstractmethod
    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData if there is nothing to read."""

    @abstractmethod
    def reads_as(self) -> str:
        """Say in a sentence how the rows are understood, and how to have them read otherwise."""

    @abstractmethod
    def read(self) -> Iterator[Example | BadRow]:
        """Give every row in order, once each: usable, or refused with its place and reason."""

    @abstractmethod
    def fingerprint(self) -> str | None:
        """Change whenever the rows could; None where that cannot be known, and nothing may be kept."""


class Cleaner(ABC):
    """Mends or removes rows, and says of every row what it did."""

    after_split: ClassVar[bool] = False

    @abstractmethod
    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Decide on every row, in order; rows lie on a disk and may be read more than once.

        One that works after the split sees training rows only, and what is held out in `given`.
        """


class Augmenter(ABC):
    """Makes new training rows from those there are."""

    @abstractmethod
    def augment(self, rows: Sequence[Example], given: Given, seed: int) -> Iterator[Made]:
        """Give new rows, each with the place of the one it was made from; `made_by` tells siblings apart.

        Rows that were made but cannot be trusted are given, too, each with the reason why it is not used.
        """


class Check(ABC):
    """Looks at rows that are ready to be trained on, and says what is worth knowing about them."""

    @abstractmethod
    def look(self, material: Material) -> list[Finding]:
        """Give what was found, worst first; nothing found is an empty list.

        Raises MissingExtra where a library that it needs is not installed.
        """


class Method(ABC):
    """Chooses what may change in a model.

    `changes_base`: matrices of the base itself learn, or are changed to begin with. `leaves_adapter`: what
    was learned can be kept apart from the base. `merges`: it can be folded into plain
    weights. `usual_rate` is training.learning_rate where the recipe leaves it out.
    """

    starts_from: ClassVar[Literal["pretrained", "random"]] = "pretrained"
    changes_base: ClassVar[bool] = False
    leaves_adapter: ClassVar[bool] = False
    merges: ClassVar[bool] = True
    usual_rate: ClassVar[float] = 2e-4

    @property
    def holds(self) -> Held | None:
        """In how few bits the base must be held; None: as the recipe says."""
        return None

    @property
    def room(self) -> int:
        """How many tokens of the context it takes for itself."""
        return 0

    def refuses(self, network: "PreTrainedModel") -> str:
        """Say in a sentence why such a network cannot be changed this way; empty where it can.

        The network is a skeleton: its tensors have shapes, but no values.
        """
        return ""

    def keep(self, folder: Path) -> "Method":
        """Copy what it needs from elsewhere into a package; gives itself as it is told there."""
        return self

    def within(self, folder: Path) -> "Method":
        """Give itself as it is told in a package that is now in this folder."""
        return self

    @abstractmethod
    def apply(self, model: Model, seed: int) -> Model:
        """Make the chosen parameters trainable, all others frozen."""

    def pace(self, parameter: str) -> float:
        """Say how many times as fast as the others a parameter learns, by its name."""
        return 1.0

    def settle(self, model: Model) -> Model:
        """Give the trained model the form in which it is kept; it answers as before. Call it once, last."""
        return model

    @abstractmethod
    def merge(self, model: Model) -> Model:
        """Fold the change into plain weights that load without this method; call it once, after `settle`.

        Where `merges` is false, raises BadOption.
        """


class Objective(ABC):
    """Says which tokens are worth learning, and what a prediction of them costs.

    `fits` names the kinds of networks that can learn it, and `says` what they say then.
    """

    takes: ClassVar[frozenset[Kind]]
    fits: ClassVar[frozenset[Family]] = frozenset(("decoder", "encoder", "encoder-decoder"))
    says: ClassVar[Says] = "language"

    def task(self, rows: Mapping[str, Iterable[Example]]) -> Task:
        """Find in the rows, given by split, what the network is to say; nothing held out is learned here."""
        return LANGUAGE

    @abstractmethod
    def encode(self, example: Example, chat: Chat, task: Task) -> list[Encoded]:
        """Turn one example into token sequences, each token with what predicting it is worth."""

    def renew(self, sequence: Encoded, epoch: int, chat: Chat) -> Encoded:
        """Give a sequence as one epoch, counted from 1, is to see it."""
        return sequence

    @abstractmethod
    def loss(self, logprobs: "torch.Tensor", weights: "torch.Tensor") -> Loss:
        """Sum the cost of the predicted tokens; both shapes are [rows], log-probabilities in nats."""


class Metric(ABC):
    """Scores one answer; the room adds up, compares and gives intervals, the same way for all metrics."""

    version: ClassVar[int]
    needs: ClassVar[Literal["answer", "likelihood"]] = "answer"
    higher_is_better: ClassVar[bool] = True

    @abstractmethod
    def score(self, completion: Completion, example: Example) -> tuple[float, ...]:
        """Give the statistics of one answer; those of many are added up."""

    @abstractmethod
    def summarise(self, sums: Sequence[float]) -> float:
        """Turn added-up statistics into the metric's value."""


class Exporter(ABC):
    """Writes a trained model in a form that other programs load."""

    needs_adapter: ClassVar[bool] = False
    needs_merge: ClassVar[bool] = False

    @abstractmethod
    def write(self, model: Model, method: Method, folder: Path) -> None:
        """Write weights and their configuration into an existing folder."""


class Backend(ABC):
    """Generates text from token ids; raises PromptTooLong where a prompt leaves no room to answer."""

    @abstractmethod
    def generate(
        self, model: Model, prompts: Sequence[Sequence[int]], decoding: Decoding
    ) -> list[Completion]:
        """Complete every prompt, in the order given."""

    @abstractmethod
    def stream(self, model: Model, prompt: Sequence[int], decoding: Decoding) -> Generator[Completion]:
        """Complete one prompt piece by piece: texts add up, counts are those so far, the last has a reason.

        Checks the prompt at once, works when asked for pieces; closing the generator stops the work.
        """


class Trigger(ABC):
    """Decides from what was observed in service whether it is time to train again."""

    @abstractmethod
    def judge(self, traces: Sequence[Trace]) -> Signal:
        """Say whether to retrain, and why."""


class Memory(ABC):
    """Keeps what was read in a folder beside a model; rows come and go without training, all or none."""

    @abstractmethod
    def add(self, rows: Sequence[Remembered], folder: Path, reader: Reader, disk: Disk) -> Changed:
        """Read rows into the folder's memory, made where it is missing; one with a known key replaces it.

        Raises BadRecipe where another model made the memory.
        """

    @abstractmethod
    def remove(
        self, folder: Path, disk: Disk, keys: Collection[str] = (), sources: Collection[str] = ()
    ) -> Changed:
        """Make it as if some rows had never been read; raises BadData for one that is not there."""

    @abstractmethod
    def contents(self, folder: Path) -> Contents:
        """List the rows that are remembered; no model is needed."""

    @abstractmethod
    def says(self, row: Remembered) -> str:
        """Fingerprint what it would keep of a row, as `contents` does for the rows that it holds."""

    def tune(self, rows: Sequence[Encoded], folder: Path, reader: Reader, disk: Disk) -> str:
        """Choose on held-out rows what the options leave open, and say what; most have nothing to choose."""
        return ""

    @abstractmethod
    def open(self, folder: Path, reader: Reader) -> Recall:
        """Give what is remembered; raises BadRecipe where another model made it."""
