"""Everything that can go wrong, as one small tree; doors map it to exit codes and HTTP statuses.

TunesmithError                 1  something failed; the message says what, where and what to do next
├── BadRecipe                  2  the recipe or the command cannot be used as written
│   ├── UnknownName            2  no component is called that
│   ├── BadOption              2  an option is unknown or out of range
│   └── BadBase                2  the base model is missing or not safe to load
├── MissingExtra               2  an optional library is not installed
├── BadData                    3  rows that cannot be used, each with its place
│   ├── UnbalancedLedger       3  rows or tokens are unaccounted for
│   └── PromptTooLong          3  a prompt leaves the model no room to answer
├── CriteriaNotMet             4  the run ended without the success that was required
├── DamagedFile                1  a stored file is not what was written
├── DiskFull                   1  no room left; what was saved before is intact
├── NonFinite                  1  a loss or gradient is not a number; nothing was updated
├── OutOfMemory                1  memory does not suffice even for a single row; nothing was updated
└── Stopped                  130  asked to stop; the run can be resumed
"""

from typing import ClassVar


class TunesmithError(Exception):
    """Something failed; the message says what, where and what to do next."""

    exit_code: ClassVar[int] = 1


class BadRecipe(TunesmithError):
    """The recipe or the command cannot be used as written."""

    exit_code = 2


class UnknownName(BadRecipe):
    """No component is called that."""


class BadOption(BadRecipe):
    """An option is unknown or out of range."""


class BadBase(BadRecipe):
    """The base model is missing or not safe to load."""


class MissingExtra(TunesmithError):
    """An optional library is not installed."""

    exit_code = 2

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an extra that is not installed: pip install 'tunesmith[{extra}]'")


class BadData(TunesmithError):
    """Rows that cannot be used, each with its place."""

    exit_code = 3


class UnbalancedLedger(BadData):
    """Rows or tokens are unaccounted for."""


class PromptTooLong(BadData):
    """A prompt leaves the model no room to answer."""


class CriteriaNotMet(TunesmithError):
    """The run ended without the success that was required."""

    exit_code = 4


class DamagedFile(TunesmithError):
    """A stored file is not what was written."""


class DiskFull(TunesmithError):
    """No room left on the disk; what was saved before is intact."""


class NonFinite(TunesmithError):
    """A loss or gradient is not a number; nothing was updated."""


class OutOfMemory(TunesmithError):
    """Memory does not suffice even for a single row; nothing was updated."""


class Stopped(TunesmithError):
    """Asked to stop; the run can be resumed."""

    exit_code = 130
