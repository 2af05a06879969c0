"""A package becomes a model that is known to work, before a request meets it."""

from pathlib import Path

import msgspec

from daybreak.inference.loading import load
from daybreak.inference.model import Model
from daybreak.registry.package import EXAMPLES, verify
from daybreak.serving.deployment import Served
from daybreak.signature.codec import Codec


def opened(served: Served, threads: int) -> Model:
    """The model of a package's folder, every byte of it as it was sealed, which has answered its first example: what it makes late is made.

    Raises `DamagedFile`, what loading raises, and what predicting does.
    """
    folder = Path(served.package)
    verify(folder)
    model = load(folder, threads=threads)
    try:
        warm(model, _first(folder / EXAMPLES))
    except BaseException:
        model.close()
        raise
    return model


def warm(model: Model, example: bytes) -> None:
    """Predict for one line of a package's examples, if there is one."""
    if example:
        codec = Codec(model.signature)
        codec.encode(model.predict(codec.columns(codec.take([msgspec.json.decode(example)["inputs"]]))))


def _first(file: Path) -> bytes:
    try:
        with file.open("rb") as examples:
            return examples.readline()
    except FileNotFoundError:
        return b""
