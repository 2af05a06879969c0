"""Whatever arrives beside it, a row is answered as if it were alone: good ones right, bad ones refused, cancelled ones never told."""

import asyncio

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.errors import BadRows, ModelFailed
from daybreak.registry.package import Package, Runtime
from daybreak.serving.calls import Call
from daybreak.serving.deployment import Limits, Served
from daybreak.serving.lane import Lane
from daybreak.signature.fields import Field, Output, Signature

SIGNATURE = Signature((Field("a", "number", dtype="float64"),), (Output("twice", "number", dtype="float64"),))
BAD, FAILING = -1.0, -2.0


class Moody:
    """Refuses a batch with a bad row in it, fails on one with a failing row."""

    signature = SIGNATURE
    package = Package("twice", 1, 0.0, SIGNATURE, Runtime("onnx"))
    foreign = False

    def predict(self, columns):
        rows = columns["a"].tolist()
        if BAD in rows:
            raise BadRows({rows.index(BAD): "never"})
        if FAILING in rows:
            raise ModelFailed("out of something")
        return {"twice": np.array(rows) * 2}

    def close(self):
        pass


REQUESTS = st.lists(
    st.tuples(
        st.lists(st.floats(0, 1e6) | st.sampled_from([BAD, FAILING]), min_size=1, max_size=5),  # rows of one request
        st.sampled_from(["stays", "stays", "leaves at once", "leaves later"]),
        st.booleans(),  # the loop turns before the next
        st.booleans(),  # sends columns, as V2 does, in place of rows
    ),
    min_size=1,
    max_size=12,
)


async def told(requests, limits):
    heard = {}
    lane = Lane(Served("champion", "twice", 1, ""), Moody(), limits, lambda served, call: "id", [])
    calls = []
    for place, (rows, stays, turns, columns) in enumerate(requests):

        def done(call, place=place):
            heard.setdefault(place, []).append(call)

        if columns:
            call = Call(done, columns={"a": np.array(rows)}, rows=len(rows), json=True)
        else:
            call = Call(done, decoded=lane.codec.take([{"a": value} for value in rows]), json=True)
        call.deadline = asyncio.get_running_loop().time() + 60
        lane.submit(call)
        calls.append((call, stays))
        call.cancelled = stays == "leaves at once"
        if turns:
            await asyncio.sleep(0)
    for call, stays in calls:
        call.cancelled |= stays == "leaves later"
    await lane.drained()
    lane.close()
    return heard


@given(requests=REQUESTS, batch=st.integers(1, 9))
def test_a_request_is_answered_as_if_it_were_alone(requests, batch):
    heard = asyncio.run(told(requests, Limits(batch=batch)))
    for place, (rows, stays, _, _) in enumerate(requests):
        if stays == "leaves at once":
            assert place not in heard
            continue
        if stays == "leaves later" and place not in heard:
            continue
        (call,) = heard[place]  # told once
        if BAD in rows or FAILING in rows:
            assert call.outputs is None
            assert call.refusal.code in {"bad_row", "model_failed"}
            assert call.refusal.code == "bad_row" or FAILING in rows
        else:
            assert call.refusal is None
            assert call.outputs["twice"].tolist() == [value * 2 for value in rows]
            assert [float(answer.partition(b":")[2][:-1]) for answer in call.answers] == call.outputs["twice"].tolist()
