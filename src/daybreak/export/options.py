"""How to export, and how alike is alike enough."""

from typing import Literal

import msgspec

Precision = Literal["float32", "float16", "int8"]


class Tolerance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What parity allows.

    `difference`: largest |original - export|, as a share of the root mean square of the original's values; asked of float32 alone.
    `decisions`: share of rows that may be decided otherwise. `loss`: how much worse the task's metric may be, as a share of the original's.
    """

    difference: float = 1e-4
    decisions: float = 0.0
    loss: float = 1e-4


ALLOWED: dict[Precision, Tolerance] = {
    "float32": Tolerance(),
    "float16": Tolerance(difference=float("inf"), decisions=0.01, loss=0.005),
    "int8": Tolerance(difference=float("inf"), decisions=0.03, loss=0.01),
}


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`calibration`: rows at most that int8 measures ranges on; `opset`: ONNX's, None for the exporter's own choice.

    `optimise`: fold and fuse the graph now, to ONNX's own operators, so that any runtime reads it and starts sooner.
    `batches`: sizes that parity asks the export in, two or more; `rows`: at most that are compared value by value (the metric is told
    over all); `tolerance`: None for `ALLOWED` of the precision. `python`: serve in Python without trying ONNX.
    """

    precision: Precision = "float32"
    calibration: int = 200
    opset: int | None = None
    optimise: bool = False
    batches: tuple[int, ...] = (1, 2, 7, 64)
    rows: int = 256
    tolerance: Tolerance | None = None
    python: bool = False

    @property
    def allowed(self) -> Tolerance:
        """What parity allows."""
        return self.tolerance or ALLOWED[self.precision]
