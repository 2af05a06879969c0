"""A V2 request, whichever way it came: its deadline, and a model that is replaced while it is read."""

import asyncio

import numpy as np
import pytest
from serving_doubling import LIMITS, Doubling, replica

from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.refusals import Refusal
from daybreak.serving.v2 import infer
from daybreak.serving.v2.tensors import Tensor
from daybreak.signature.fields import Field, Signature

pytestmark = pytest.mark.enable_socket


def test_a_timeout_of_any_length_is_seconds():
    assert infer.deadline_of({"timeout": 1_500}) == 0.0015
    assert infer.deadline_of({"timeout": 10**400}) >= LIMITS.deadline
    assert infer.deadline_of({}) is None


@pytest.mark.parametrize("told", [0, -(10**400), 1.5, True, "1"])
def test_a_timeout_that_is_no_time_is_refused(told):
    with pytest.raises(Refusal, match="microseconds from 1 on"):
        infer.deadline_of({"timeout": told})


class Renamed(Doubling):
    """The same under another name."""

    signature = Signature((Field("b", "number", dtype="float64"),), Doubling.signature.outputs)

    def predict(self, columns):
        return super().predict({"a": columns["b"]})


def test_tensors_that_were_read_for_a_model_are_read_anew_for_the_next(monkeypatch):
    async def work():
        async with replica() as (_, engine, _):
            engine._load = lambda served, threads: Renamed()
            await engine.prepare(Deployment("twice", (Served("champion", "twice", 2, ""),), limits=LIMITS))
            reads = []

            def read(signature, *told):
                reads.append(signature)
                found = infer_columns(signature, *told)
                engine.switch()
                return found

            infer_columns = infer.columns_of
            monkeypatch.setattr(infer, "columns_of", read)
            asked = infer.Asked([Tensor("a", "FP64", np.array([21.0]))])
            with pytest.raises(Refusal) as caught:
                await infer.infer(engine, asked, "", route="v2", size=1)
            assert reads == [Doubling.signature, Renamed.signature]
            assert (caught.value.status, caught.value.code) == (400, "unknown_field")

    asyncio.run(asyncio.wait_for(work(), 20))
