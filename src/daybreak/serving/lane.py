"""The queue before one loaded model. Whatever has arrived forms the batch; a row that fails, fails alone.

One flush a turn of the loop: while the loop reads all sockets that are ready, calls gather; the flush that the first of them asked for
runs after the last. A model that is quick is called on the loop's thread (a hand-over costs more than the call); one that has been slow
lately in a thread of its own, so that the loop goes on reading, refusing and answering.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.inference.model import Model
from daybreak.serving.calls import Batch, Call, Observer
from daybreak.serving.deployment import Limits, Served
from daybreak.serving.refusals import Refusal
from daybreak.signature.fields import Columns

SLOW = 0.004  # seconds of a call of the model beyond which the loop should not wait for it
MEMORY = 0.8  # share of the running mean that the past keeps
SWEEP = 0.02  # seconds between looks for calls past their deadline

Issue = Callable[[Served, float], str]


class Lane:
    """Calls for one loaded model, in the order of arrival. Used on the loop's thread alone."""

    def __init__(self, served: Served, model: Model, limits: Limits, issue: Issue, observers: list[Observer]) -> None:
        self.served = served
        self.model = model
        self.limits = limits
        self._issue = issue
        self._observers = observers
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Call] = deque()
        self._inside: list[Call] = []  # in the thread
        self._asked = False  # a flush is on its way
        self._sweeping = False
        self._seconds = 0.0  # running mean of a call of the model
        self._thread: ThreadPoolExecutor | None = None
        self._emptied: asyncio.Future[None] | None = None

    @property
    def pending(self) -> int:
        """Calls that wait for an answer."""
        return len(self._waiting) + len(self._inside)

    def submit(self, call: Call) -> None:
        """Queue one. Raises `Refusal` (429) when the queue is full."""
        if self.pending >= self.limits.queue:
            raise self._overloaded()
        call.arm = self
        self._waiting.append(call)
        if not self._asked and not self._inside:
            self._ask()

    async def drained(self) -> None:
        """Return when nothing is pending."""
        if self.pending:
            self._emptied = self._emptied or self._loop.create_future()
            await asyncio.shield(self._emptied)

    def close(self) -> None:
        """End the thread and the model's workers."""
        if self._thread is not None:
            self._thread.shutdown(wait=True)
        self.model.close()

    def _overloaded(self) -> Refusal:
        seconds = self._seconds * self.limits.queue / max(1, self.limits.batch)
        sentence = f"{self.limits.queue} requests wait already, no more are taken; come back later or run more replicas"
        return Refusal(429, "overloaded", sentence, retry=max(1, round(seconds)))

    def _ask(self) -> None:
        self._asked = True
        if self.limits.wait > 0 and len(self._waiting) < self.limits.batch:
            self._loop.call_later(self.limits.wait, self._flush)
        else:
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._asked = False
        calls = self._take()
        if calls and self._seconds > SLOW:
            self._call_aside(calls)
        elif calls:
            began = time.perf_counter()
            self._settle(*attempt(self.model, calls), time.perf_counter() - began)
        else:
            self._go_on()

    def _take(self) -> list[Call]:
        """The next batch: at most `limits.batch` rows, but always one call; none that was cancelled or came too late."""
        taken: list[Call] = []
        rows, now = 0, self._loop.time()
        while self._waiting and (not taken or rows + self._waiting[0].rows <= self.limits.batch):
            call = self._waiting.popleft()
            if call.cancelled or call.finished:
                continue
            if now >= call.deadline:
                self._refuse(call, too_late(now - call.arrived))
                continue
            taken.append(call)
            rows += call.rows
        return taken

    def _call_aside(self, calls: list[Call]) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"model-{self.served.arm}")
        self._inside = calls
        self._sweep_later()
        began = time.perf_counter()
        future = self._loop.run_in_executor(self._thread, attempt, self.model, calls)

        def back(done: "asyncio.Future[Attempted]") -> None:
            self._inside = []
            self._settle(*done.result(), time.perf_counter() - began)

        future.add_done_callback(back)

    def _settle(self, parts: "list[Part]", failed: "list[tuple[Call, Refusal]]", seconds: float) -> None:
        self._seconds = MEMORY * self._seconds + (1 - MEMORY) * seconds / max(1, len(parts) + len(failed))
        for calls, columns, outputs in parts:
            self._answer(calls, columns, outputs, seconds)
        for call, refusal in failed:
            self._refuse(call, refusal)
        self._go_on()

    def _answer(self, calls: list[Call], columns: Columns, outputs: Columns, seconds: float) -> None:
        at, begin = time.time(), 0
        for call in calls:
            end = begin + call.rows
            if not call.cancelled and not call.finished:
                call.outputs = (
                    outputs if len(calls) == 1 else {name: values[begin:end] for name, values in outputs.items()}
                )
                call.at, call.id = at, self._issue(self.served, at)
                call.finished = True
                call.done(call)
            begin = end
        batch = Batch(self, tuple(calls), columns, outputs, begin, seconds, at, self._loop.time())
        for observer in self._observers:
            observer.answered(batch)

    def _refuse(self, call: Call, refusal: Refusal) -> None:
        if call.cancelled or call.finished:
            return
        call.refusal, call.at, call.finished = refusal, time.time(), True
        call.done(call)
        for observer in self._observers:
            observer.refused(call)

    def _go_on(self) -> None:
        if self._waiting and not self._asked:
            self._ask()
            self._sweep_later()
        elif not self.pending and self._emptied is not None:
            self._emptied.set_result(None)
            self._emptied = None

    def _sweep_later(self) -> None:
        if not self._sweeping:
            self._sweeping = True
            self._loop.call_later(SWEEP, self._sweep)

    def _sweep(self) -> None:
        """Answer calls whose deadline passed while the model is busy."""
        self._sweeping = False
        now = self._loop.time()
        for call in (*self._inside, *self._waiting):
            if now >= call.deadline:
                self._refuse(call, too_late(now - call.arrived))
        if self.pending:
            self._sweep_later()


Part = tuple[list[Call], Columns, Columns]
Attempted = tuple[list[Part], list[tuple[Call, Refusal]]]


def attempt(model: Model, calls: list[Call]) -> Attempted:
    """Predict for all calls at once; where that fails, for each half alone, until those that fail are alone.

    Returns parts that went well (calls, columns, outputs) and calls that did not, with what their clients are told.
    """
    columns = calls[0].columns if len(calls) == 1 else gathered([call.columns for call in calls])
    try:
        return [(calls, columns, model.predict(columns))], []
    except Exception as error:  # noqa: BLE001 (whatever a model raises concerns its rows alone)
        if len(calls) == 1:
            return [], [(calls[0], refused(error))]
    half = len(calls) // 2
    parts, failed = attempt(model, calls[:half])
    more_parts, more_failed = attempt(model, calls[half:])
    return parts + more_parts, failed + more_failed


def gathered(many: list[Columns]) -> Columns:
    """Rows of several calls as one."""
    return {name: _joined([columns[name] for columns in many]) for name in many[0]}


def _joined(arrays: Iterable[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(list(arrays))


def refused(error: Exception) -> Refusal:
    """What the client is told of an exception: rows' own faults in full, others without internals."""
    if isinstance(error, Refusal):
        return error
    return Refusal(500, "model_failed", "the model failed on this request; the server's log says why")


def too_late(seconds: float) -> Refusal:
    """Of a call whose deadline has passed."""
    sentence = f"no answer within {seconds * 1e3:.0f} ms, the request's deadline; send fewer rows or allow more time"
    return Refusal(504, "deadline_exceeded", sentence)
