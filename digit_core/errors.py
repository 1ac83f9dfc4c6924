"""The error tree. A message says what is wrong, where, and what to do next.

DigitsError                 anything the product itself refuses; the command line prints it as one line
├── InputError              the caller asked for something that cannot be: a bad option, path, file or setting (exit 2)
├── StorageError            object storage answered with an error (exit 3)
│   └── StorageUnavailableError  … that may pass: a time-out, a reset, a 5xx; the only error that tasks retry
├── RegistryError           a model version is missing, or its file does not match its hash (exit 4)
├── QueueError              the review database refused or could not be reached (exit 5)
├── BudgetExceededError          too many pages of a run were quarantined (exit 6)
├── GateRefusedError        a model version is worse than the one in service, which stays (exit 7)
└── PageError               one page cannot be read: it is quarantined with its reason and the run goes on
"""

from __future__ import annotations

from enum import StrEnum


class FailureReason(StrEnum):
    """Reasons why a page is quarantined, as in the column `reason` of the table `pages`."""

    EMPTY = "empty file"
    NOT_AN_IMAGE = "not an image"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    TOO_LARGE = "too large"
    NO_PAGES = "no pages"
    ENCRYPTED = "encrypted"
    MISSING = "missing"
    CRASHED = "crashed the reader"
    TIMED_OUT = "took too long"


class DigitsError(Exception):
    """Base of every error that is meant for the user; `exit_code` is what the command line returns."""

    exit_code = 1


class InputError(DigitsError):
    exit_code = 2


class StorageError(DigitsError):
    exit_code = 3


class StorageUnavailableError(StorageError):
    pass


class RegistryError(DigitsError):
    exit_code = 4


class QueueError(DigitsError):
    exit_code = 5


class BudgetExceededError(DigitsError):
    exit_code = 6


class GateRefusedError(DigitsError):
    exit_code = 7


class PageError(DigitsError):
    """A page that cannot be read. `reason` is the value for the table, the message is for people."""

    def __init__(self, reason: FailureReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type[PageError], tuple[FailureReason, str]]:
        # pickling passes only args from a worker process; without this the reason would be lost
        return type(self), (self.reason, str(self))
