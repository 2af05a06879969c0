"""The contract of a loaded package: columns in, columns out (`signature.fields` says what columns are)."""

from typing import Protocol

from daybreak.registry.package import Package
from daybreak.signature.fields import Columns, Signature


class Model(Protocol):
    """A package that is loaded. Not for use by several threads at once.

    Rows never see each other: a row's answer does not depend on its batch beyond what the runtime's arithmetic does (told by parity).
    """

    package: Package

    @property
    def signature(self) -> Signature:
        """Of its inputs and outputs."""

    @property
    def foreign(self) -> bool:
        """Whether it calls the user's code, in a process of its own: a call may hang, however quick others were."""

    def predict(self, columns: Columns) -> Columns:
        """Outputs for all rows at once. Columns are valid (`signature.codec` saw to that).

        Raises `BadRows` naming the rows that its steps cannot take, `ModelFailed` where the runtime or a worker failed.
        """

    def read(self, name: str) -> bytes:
        """A file of its package (examples.jsonl, card.html), wherever that lies: on a device in memory alone. Raises `NotFound`."""

    def close(self) -> None:
        """End its workers; it predicts no more."""
