"""One request's rows on their way through a model, and the batch that they were answered in."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from daybreak.inference.model import Model
from daybreak.serving.deployment import Served
from daybreak.serving.refusals import Refusal
from daybreak.signature.codec import Codec
from daybreak.signature.columns import cut
from daybreak.signature.fields import Columns


class Arm(Protocol):
    """One model version of a deployment, loaded."""

    served: Served
    model: Model
    codec: Codec  # with this arm's thresholds
    label: bytes  # its model and version, as the plain route tells them


class Call:
    """Rows that want an answer. `done` is called once, on the loop's thread, unless the call was cancelled before.

    A route gives rows as `Codec.decode` made them, which become columns with their batch, or columns and how many rows they have. When
    `done` is called, either `outputs` or `refusal` is there; with `json` also `answers`, each row's as JSON.
    `route`: which face asked (predict, v2, grpc, page); `unit`: who asks, where a split needs it; `deal`: how that was dealt
    (`serving.deal`).
    """

    __slots__ = (
        "answers",
        "arm",
        "arrived",
        "at",
        "at_end",
        "begin",
        "cancelled",
        "columns",
        "deadline",
        "deal",
        "decoded",
        "done",
        "finished",
        "id",
        "json",
        "refusal",
        "route",
        "rows",
        "unit",
        "whole",
    )

    def __init__(
        self,
        done: "Callable[[Call], None]",
        *,
        decoded: Sequence[Any] | None = None,
        columns: Columns | None = None,
        rows: int = 0,
        json: bool = False,
        route: str = "",
        unit: str = "",
    ) -> None:
        self.done = done
        self.decoded = decoded
        self.columns = columns
        self.rows = rows if decoded is None else len(decoded)
        self.json = json
        self.route = route
        self.unit = unit
        self.deal = ""
        self.arm: Arm | None = None  # who answers
        self.arrived = 0.0  # the loop's clock, seconds
        self.deadline = 0.0  # the same clock
        self.at_end = 0.0  # the same clock, when it was answered or refused
        self.at = 0.0  # when it was answered, seconds since 1970
        self.id = ""  # of the request, `serving.ids`
        self.whole: Columns | None = None  # outputs of its batch, in which its rows begin at `begin`
        self.begin = 0
        self.answers: list[bytes] | None = None
        self.refusal: Refusal | None = None
        self.cancelled = False
        self.finished = False

    @property
    def outputs(self) -> Columns | None:
        """What the model answered to its rows."""
        return None if self.whole is None else cut(self.whole, self.begin, self.begin + self.rows)


class Batch(msgspec.Struct, frozen=True):
    """What went through a model at once. Columns and outputs hold all rows of `calls`, in their order."""

    arm: Arm
    calls: tuple[Call, ...]
    columns: Columns
    outputs: Columns
    rows: int
    seconds: float  # the model's time
    at: float  # seconds since 1970
    now: float  # the loop's clock, as `Call.arrived`


class Watcher(Protocol):
    """Hears of each call of a model, before and after it, on the loop's thread. Must be quick, must not raise."""

    def enter(self, arm: str, calls: Sequence[Call]) -> None:
        """The model of an arm is about to be called."""

    def leave(self, arm: str) -> None:
        """It has come back."""


class Observer(Protocol):
    """Hears of everything after its clients were answered: metrics, journal, mirror. Must not raise, must not take long."""

    def answered(self, batch: Batch) -> None:
        """One batch went well."""

    def refused(self, call: Call) -> None:
        """One call did not: `call.refusal` says why."""
