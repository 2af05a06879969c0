"""Versions beside each other: a unit may come to any of them with the same row."""

import asyncio

import msgspec
import pytest
from serving_doubling import Doubling

from daybreak.base.errors import UsageError
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.engine import Engine
from daybreak.serving.events import Writer
from daybreak.serving.ids import KEY_BYTES, Ids

ARMS = Deployment("twice", (Served("champion", "twice", 1, ""), Served("spring", "twice", 2, "")))


def trained_again(**saw):
    """The same model, whose training saw something else of its input."""
    model = Doubling()
    inputs = tuple(msgspec.structs.replace(field, **saw) for field in model.signature.inputs)
    model.signature = msgspec.structs.replace(model.signature, inputs=inputs)
    return model


async def prepared(folder, other):
    """An engine that serves both."""
    models = {1: Doubling(), 2: other}
    engine = Engine(
        folder, lambda served, threads: models[served.version], Ids(b"k" * KEY_BYTES), Writer(folder / "events", 1)
    )
    await engine.prepare(ARMS)
    engine.switch()
    arms = sorted(engine.arms)
    await engine.drain()
    return arms


def test_what_training_saw_of_an_input_may_differ(tmp_path):
    other = trained_again(low=-3.0, high=9.0, unit="kg", description="weighed anew")
    assert asyncio.run(prepared(tmp_path, other)) == ["champion", "spring"]


@pytest.mark.parametrize(
    "saw", [{"low": -3.0, "strict": True}, {"dtype": "float32"}, {"nullable": True}, {"name": "b"}]
)
def test_what_would_be_refused_or_read_otherwise_may_not(tmp_path, saw):
    with pytest.raises(UsageError, match="take the same inputs"):
        asyncio.run(prepared(tmp_path, trained_again(**saw)))
