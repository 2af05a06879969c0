"""Does a model load here and answer as it should? Asked of every bundle before a device serves it, and before it is confirmed."""

import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

import msgspec
import numpy as np

from daybreak.base.errors import BadRows, DaybreakError, ModelFailed, UnhealthyBundle
from daybreak.edge.requirements import missing
from daybreak.inference import loading
from daybreak.inference.model import Model
from daybreak.signature import codec
from daybreak.signature.fields import Columns

EXAMPLES = "examples.jsonl"
MOST = 50  # examples that are asked
RELATIVE, ABSOLUTE = 1e-2, 1e-2  # between machines: the runtime adds up in another order there


def open_healthy(
    files: Mapping[str, bytes], requires: tuple[str, ...], *, threads: int = 1, tuned: bool = False
) -> Model:
    """Load a package from memory and ask it its own examples. `tuned`: its answers may differ from those it came with.

    Raises `UnhealthyBundle`.
    """
    if lacking := missing(requires):
        raise UnhealthyBundle(
            f"this machine lacks what the model needs: {', '.join(lacking)}; pip install {' '.join(requires)}"
        )
    try:
        model = loading.load(files, threads=threads)
    except DaybreakError as error:
        raise UnhealthyBundle(f"its model does not load here: {error}") from error
    try:
        check(model, files.get(EXAMPLES, b""), tuned=tuned)
    except BaseException:
        model.close()
        raise
    return model


def check(model: Model, examples: bytes, *, tuned: bool = False) -> int:
    """Ask examples as they were kept with the package; how many. Raises `UnhealthyBundle` at a wrong or missing answer."""
    told = [msgspec.json.decode(line) for line in islice(examples.splitlines(), MOST) if line.strip()]
    if not told:
        return 0
    made = codec.make(model.signature)
    try:
        outputs = model.predict(made.columns(made.take([each["inputs"] for each in told])))
    except (ModelFailed, BadRows) as error:
        raise UnhealthyBundle(f"its model does not answer its own examples: {error}") from error
    _check_finite(outputs)
    answers = [msgspec.json.decode(answer) for answer in made.encode(outputs)]
    for number, (answer, each) in enumerate(zip(answers, told, strict=True), start=1):
        if not tuned and "prediction" in each and not same(answer, each["prediction"]):
            raise UnhealthyBundle(
                f"its model answers example {number} otherwise than where it was bundled: {_short(answer)}, "
                f"not {_short(each['prediction'])}"
            )
    return len(told)


def same(here: Any, there: Any) -> bool:
    """Whether two answers as JSON agree: numbers nearly, all else exactly; a label may differ where its probabilities do not."""
    if isinstance(here, dict) and isinstance(there, dict):
        names = here.keys() | there.keys()
        if "probabilities" in names:
            names -= {"label", "score"}
        return all(name in here and name in there and same(here[name], there[name]) for name in names)
    if isinstance(here, list) and isinstance(there, list):
        return len(here) == len(there) and all(map(same, here, there))
    if _is_number(here) and _is_number(there):
        return math.isclose(here, there, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(here == there)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_finite(outputs: Columns) -> None:
    for name, values in outputs.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise UnhealthyBundle(
                f"its model gives numbers that are none for its own examples ({name}); bundle another version"
            )


def _short(answer: Any) -> str:
    text = msgspec.json.encode(answer).decode()
    return text if len(text) <= 120 else text[:117] + "..."  # noqa: PLR2004
