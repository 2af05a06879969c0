"""What things are called: experiments by a number, trials and attempts by paths below it.

An experiment is `3`; its trial 17 is `3.17`; the trial's second stay on slots is attempt `3.17.2`.
The last number is the attempt's *epoch*, which also fences its lease: whatever arrives with an older
epoch of the same trial is refused.
"""

from typing import NamedTuple

from daybreak.base.errors import BadId


class TrialKey(NamedTuple):
    """One trial of one experiment; trials are numbered from 1 in the order they were proposed."""

    experiment: int
    trial: int

    def __str__(self) -> str:
        return f"{self.experiment}.{self.trial}"

    @classmethod
    def parse(cls, text: str) -> "TrialKey":
        """Read `3.17`. Raises `BadId`."""
        return cls(*_numbers(text, 2, "a trial is EXPERIMENT.TRIAL, for example 3.17"))


class AttemptKey(NamedTuple):
    """One stay of a trial on slots; epochs count from 1 within their trial."""

    experiment: int
    trial: int
    epoch: int

    def __str__(self) -> str:
        return f"{self.experiment}.{self.trial}.{self.epoch}"

    @property
    def of(self) -> TrialKey:
        """The trial this attempt belongs to."""
        return TrialKey(self.experiment, self.trial)

    @classmethod
    def parse(cls, text: str) -> "AttemptKey":
        """Read `3.17.2`. Raises `BadId`."""
        return cls(*_numbers(text, 3, "an attempt is EXPERIMENT.TRIAL.EPOCH, for example 3.17.2"))


def _numbers(text: str, count: int, rule: str) -> list[int]:
    parts = text.split(".")
    if len(parts) != count or not all(part.isascii() and part.isdigit() for part in parts):
        raise BadId(f"{rule}, got {text!r}")
    return [int(part) for part in parts]
