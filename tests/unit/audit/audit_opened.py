"""Real data as frames: opened by the readers, as `daybreak audit` does."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from daybreak.audit.frame import Sampling
from daybreak.readers.opening import open_sides
from daybreak.readers.request import Request

DATA = Path(__file__).parents[4] / "shared/data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")


def opened(**request):
    """The frame of a request."""
    data = open_sides(Request(**request))
    sampling, kept = Sampling(data.about, 200_000), None
    for name, side in data.sides.items():
        start = 0
        for batch in side.batches():
            part = sampling.partial(name, start, batch)
            start += batch.num_rows
            kept = part if kept is None else sampling.merge(kept, part)
    return sampling.frame(kept)


@cache
def _recordings():
    """The first ten takes of each digit and speaker: names."""
    names = sorted(path.name for path in (DATA / "fsdd/recordings").glob("*.wav"))
    return [name for name in names if int(name.removesuffix(".wav").split("_")[2]) < 10]


@cache
def spoken_digits(how):
    """Recordings with a split: "random", "official" (takes 0 and 1 of each) or "speaker" (theo)."""
    chosen = set(np.random.default_rng(0).permutation(_recordings())[:120])
    of = {
        "random": lambda name: name in chosen,
        "official": lambda name: name.removesuffix(".wav").split("_")[2] in "01",
        "speaker": lambda name: "_theo_" in name,
    }[how]
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{how}.csv"
        rows = [f"{name},{'test' if of(name) else 'train'}" for name in _recordings()]
        path.write_text("\n".join(["sample,split", *rows]))
        return opened(data=DATA / "fsdd/recordings", split_by=str(path), target="@name.0")


@cache
def adult():
    """The census, as it is split by its makers."""
    return opened(train=DATA / "adult/adult-train.csv", test=DATA / "adult/adult-test.csv", target="-1")


@cache
def wine():
    """Red wine to train, white wine to test."""
    folder = DATA / "wine"
    return opened(train=folder / "winequality-red.csv", test=folder / "winequality-white.csv", target="-1")
