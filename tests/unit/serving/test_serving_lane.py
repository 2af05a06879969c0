"""What has arrived forms the batch; queues are bounded, deadlines kept, slow models called aside."""

import asyncio
import threading

import pytest
from serving_doubling import FAILS, REFUSED, SLEEPS, Client, Doubling, lane, replica

from daybreak.base.errors import BadRows
from daybreak.inference.loading import load
from daybreak.serving.calls import Call
from daybreak.serving.deployment import Limits
from daybreak.serving.lane import refusal_of
from daybreak.serving.refusals import Refusal
from daybreak.testing import packages

HANGS = """import os, time


def load(folder):
    return predict


def predict(feeds):
    while feeds["a"][0] == 777 and not os.path.exists({file!r}):
        time.sleep(0.01)
    return {{"sum": feeds["a"] + feeds["b"]}}
"""


def submit(queue, *rows, deadline=60.0):
    """A call of so many rows; a future of it."""
    answered = asyncio.get_running_loop().create_future()
    call = Call(answered.set_result, decoded=queue.codec.take([{"a": row} for row in rows]), json=True)
    call.deadline = asyncio.get_running_loop().time() + deadline
    queue.submit(call)
    return answered


class Heard:
    """An observer: calls that were not answered."""

    def __init__(self):
        self.calls = []

    def answered(self, batch):
        pass

    def refused(self, call):
        self.calls.append(call)


def run(work):
    return asyncio.run(asyncio.wait_for(work, 30))


def test_what_arrives_in_one_turn_of_the_loop_is_one_batch():
    async def work():
        queue = lane(model := Doubling())
        answered = [submit(queue, row) for row in (1.0, 2.0, 3.0)]
        calls = await asyncio.gather(*answered)
        assert model.batches == [[1.0, 2.0, 3.0]]
        assert [call.answers for call in calls] == [[b'{"twice":2.0}'], [b'{"twice":4.0}'], [b'{"twice":6.0}']]
        await submit(queue, 4.0)
        assert model.batches[1:] == [[4.0]]

    run(work())


def test_a_batch_has_as_many_rows_as_are_allowed_but_always_a_request():
    async def work():
        queue = lane(model := Doubling(), Limits(batch=3))
        await asyncio.gather(
            submit(queue, 1.0, 2.0), submit(queue, 3.0, 4.0), submit(queue, *range(5)), submit(queue, 9.0)
        )
        assert model.batches == [[1.0, 2.0], [3.0, 4.0], [0.0, 1.0, 2.0, 3.0, 4.0], [9.0]]

    run(work())


def test_a_window_waits_for_company():
    async def work():
        queue = lane(model := Doubling(), Limits(wait=0.05))
        first = submit(queue, 1.0)
        for _ in range(5):
            await asyncio.sleep(0)
        assert model.batches == []
        await asyncio.gather(first, submit(queue, 2.0))
        assert model.batches == [[1.0, 2.0]]

    run(work())


def test_bad_rows_are_told_what_is_wrong_and_failures_nothing_of_our_insides():
    async def work():
        queue = lane(Doubling())
        good, bad, failed = await asyncio.gather(submit(queue, 1.0), submit(queue, REFUSED), submit(queue, FAILS))
        assert good.answers == [b'{"twice":2.0}']
        assert (bad.refusal.status, bad.refusal.code, str(bad.refusal)) == (400, "bad_row", "a is refused")
        assert (failed.refusal.status, failed.refusal.code) == (500, "model_failed")
        assert "0x7f" not in str(failed.refusal)

    run(work())


def test_a_full_queue_takes_no_more_and_says_when_to_come_back():
    async def work():
        queue = lane(Doubling(), Limits(queue=2))
        kept = [submit(queue, 1.0), submit(queue, 2.0)]
        with pytest.raises(Refusal) as full:
            submit(queue, 3.0)
        assert (full.value.status, full.value.code) == (429, "overloaded")
        assert dict(full.value.headers)[b"retry-after"].isdigit()
        assert [call.refusal for call in await asyncio.gather(*kept)] == [None, None]

    run(work())


def test_a_slow_model_is_called_in_a_thread_and_late_calls_are_told_while_it_works():
    async def work():
        queue = lane(model := Doubling(seconds=0.03))
        await submit(queue, 1.0)
        await submit(queue, 2.0)
        assert model.threads == {"model-champion_0"}
        stuck = submit(queue, SLEEPS, deadline=0.05)
        waiting = submit(queue, 3.0, deadline=0.05)
        for late in (await stuck, await waiting):
            assert (late.refusal.status, late.refusal.code) == (504, "deadline_exceeded")
        model.wake.set()
        assert (await submit(queue, 4.0)).answers == [b'{"twice":8.0}']
        queue.close()
        assert [3.0] not in model.batches

    run(work())


def test_a_model_that_was_quick_for_a_while_is_called_on_the_loop():
    async def work():
        queue = lane(model := Doubling())
        for _ in range(10):
            model.threads.clear()
            await submit(queue, 1.0)
        assert model.threads == {"MainThread"}
        queue.close()

    run(work())


def test_a_call_that_was_cancelled_before_its_batch_costs_the_model_nothing():
    async def work():
        queue = lane(model := Doubling())
        gone = Call(lambda call: pytest.fail("nobody waits"), decoded=queue.codec.take([{"a": 1.0}]))
        gone.deadline = asyncio.get_running_loop().time() + 60
        observer = Heard()
        queue._observers.append(observer)
        queue.submit(gone)
        gone.cancelled = True
        await submit(queue, 2.0)
        await queue.drained()
        assert model.batches == [[2.0]]
        assert [(call, call.refusal.code) for call in observer.calls] == [(gone, "gone")]

    run(work())


@pytest.mark.enable_socket
def test_a_worker_that_hangs_after_quick_calls_keeps_the_replica_from_nothing(tmp_path):
    """Code of the user's may hang at any call, so no run of quick ones brings it onto the loop."""
    packages.python(tmp_path / "sums", code=HANGS.format(file=str(tmp_path / "go on")))
    model = load(tmp_path / "sums")
    model.wake = threading.Event()  # as `replica` expects of its model

    async def work():
        async with replica(model) as (_, engine, port):
            client, other = await Client.to(port), await Client.to(port)
            for _ in range(20):
                client.ask(b'{"a": 1, "b": 2}')
                assert (await client.answer())[0] == 200
            queue = engine.arms["champion"]
            queue._seconds = 0.0  # as quick as can be, whatever else this machine does
            client.ask(b'{"a": 777, "b": 2}', "x-deadline-ms: 100")
            assert (await client.answer())[0] == 504
            other.ask(b"", method="GET", path="/v2/health/live")
            assert ((await other.answer())[0], queue.pending) == (200, 1)
            (tmp_path / "go on").touch()

    run(work())


def test_rows_that_a_step_refuses_keep_its_code():
    told = refusal_of(BadRows({3: "'x' has a number that the model cannot hold"}, "out_of_range"))
    assert (told.status, told.code, told.where) == (400, "out_of_range", "row 3")
