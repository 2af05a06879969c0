"""Steps before and after the model, by name. Each is made once from its options and called for every batch.

A step before fills `feeds` (name -> array, first axis rows) from columns and earlier feeds; names that are the model's inputs go in,
others are in-between. A step after fills `outputs` from what the model gave (under the model's own names) and may read columns and feeds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from daybreak.inference.session import Arrays
from daybreak.signature.fields import Columns, Field, Output, Signature

Options = Mapping[str, Any]
Before = Callable[[Columns, Arrays], None]
After = Callable[[Arrays, Columns, Arrays], None]  # outputs so far, columns, feeds


class Worker(Protocol):
    """The process that runs the user's own functions."""

    def call(self, function: str, arrays: Arrays) -> Arrays:
        """The function's answer. Raises `BadRows`, `ModelFailed`."""


@dataclass(frozen=True)
class Context:
    """What a step may ask for when it is made.

    `inputs`: of the model, name -> (dtype, shape without names); `outputs`: their names; `read`: a file of the package;
    `worker`: of the user's functions, started when a step asks for it.
    """

    signature: Signature
    inputs: Mapping[str, tuple[Any, tuple[int | None, ...]]]
    outputs: tuple[str, ...]
    read: Callable[[str], bytes]
    worker: Callable[[], Worker]

    def field(self, name: str) -> Field | None:
        """An input by its name."""
        return next((field for field in self.signature.inputs if field.name == name), None)

    def output(self, name: str) -> Output | None:
        """An output by its name."""
        return next((output for output in self.signature.outputs if output.name == name), None)
