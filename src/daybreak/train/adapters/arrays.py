"""Arrays of types that NumPy itself does not know, such as bfloat16 and float8, as a checkpoint can hold them: their bits and a name."""

from typing import Any

import ml_dtypes  # noqa: F401 (makes the types' names known to NumPy)
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def plain(array: Array) -> dict[str, Any]:
    """The type's name, and the bits as unsigned integers of its size where the type is not NumPy's own."""
    bits = array.view(f"u{array.dtype.itemsize}") if array.dtype.kind == "V" else array
    return {"dtype": array.dtype.name, "array": bits}


def restored(saved: dict[str, Any]) -> Array:
    """The array that was saved."""
    array, dtype = np.asarray(saved["array"]), np.dtype(saved["dtype"])
    return array.view(dtype) if dtype.kind == "V" else array
