"""The queue before one loaded model. Whatever has arrived forms the batch; a row that fails, fails alone.

One flush a turn of the loop: while the loop reads all sockets that are ready, calls gather; the flush that the first of them asked for
runs after the last. A model that is quick is called on the loop's thread (a hand-over costs more than the call); one that has been slow
lately in a thread of its own, so that the loop goes on reading, refusing and answering; so is one that calls the user's code in a worker
process, however quick it was: that code may hang at any call.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from daybreak.base.errors import BadRows
from daybreak.inference.model import Model
from daybreak.serving.calls import Batch, Call, Observer, Watcher
from daybreak.serving.deployment import Limits, Served
from daybreak.serving.problems import refuse
from daybreak.serving.refusals import Refusal
from daybreak.signature.codec import Codec
from daybreak.signature.columns import joined
from daybreak.signature.fields import Columns

SLOW = 0.004  # seconds of a call of the model beyond which the loop should not wait for it
MEMORY = 0.8  # share of the running mean that the past keeps
SWEEP = 0.02  # seconds between looks for calls past their deadline

_log = logging.getLogger("daybreak.serving")

T = TypeVar("T")
Issue = Callable[[Served, Call], str]  # the id of a call that is answered


class Lane:
    """Calls for one loaded model, in the order of arrival. Used on the loop's thread alone."""

    def __init__(self, served: Served, model: Model, limits: Limits, issue: Issue, observers: list[Observer]) -> None:
        self.served = served
        self.model = model
        self.codec = Codec(model.signature, served.thresholds)
        self.label = b'"model":%s,"version":"%d",' % (msgspec.json.encode(served.model), served.version)
        self.limits = limits
        self.watcher: Watcher | None = None
        self._issue = issue
        self._observers = observers
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Call] = deque()
        self._inside: list[Call] = []  # in the thread
        self._asked = False  # a flush is on its way
        self._window: asyncio.TimerHandle | None = None  # in which a batch waits for company
        self._sweeping = False
        self._seconds = 2 * SLOW  # running mean of a call of the model: slow until a few calls were quick
        self._thread: ThreadPoolExecutor | None = None
        self._emptied: asyncio.Future[None] | None = None

    @property
    def pending(self) -> int:
        """Calls that wait for an answer."""
        return len(self._waiting) + len(self._inside)

    def submit(self, call: Call) -> None:
        """Queue one. Raises `Refusal` (429) when the queue is full."""
        if self.pending >= self.limits.queue:
            raise self.overloaded()
        call.arm = self
        self._waiting.append(call)
        if not self._asked and not self._inside:
            self._ask()
        elif self._window is not None and len(self._waiting) >= self.limits.batch:
            self._window.cancel()
            self._window = None
            self._loop.call_soon(self._flush)

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

    def overloaded(self) -> Refusal:
        """What is told to one too many."""
        seconds = self._seconds * self.limits.queue / max(1, self.limits.batch)
        sentence = f"{self.limits.queue} requests wait already, no more are taken; come back later or run more replicas"
        return Refusal(429, "overloaded", sentence, retry=max(1, round(seconds)))

    def _ask(self) -> None:
        self._asked = True
        if self.limits.wait > 0 and len(self._waiting) < self.limits.batch:
            self._window = self._loop.call_later(self.limits.wait, self._flush)
        else:
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._asked, self._window = False, None
        calls = self._take()
        if calls and (self.model.foreign or self._seconds > SLOW):
            self._call_aside(calls)
        elif calls:
            self._enter(calls)
            began = time.perf_counter()
            self._settle(*attempt(self.model, self.codec, calls), time.perf_counter() - began)
        else:
            self._go_on()

    def _take(self) -> list[Call]:
        """The next batch: at most `limits.batch` rows, but always one call; none that was cancelled or came too late."""
        taken: list[Call] = []
        rows, now = 0, self._loop.time()
        while self._waiting and (not taken or rows + self._waiting[0].rows <= self.limits.batch):
            call = self._waiting.popleft()
            if call.finished:
                continue
            if call.cancelled:
                self._note_gone(call)
                continue
            if now >= call.deadline:
                self._refuse(call, too_late(now - call.arrived))
                continue
            taken.append(call)
            rows += call.rows
        return taken

    def _note_gone(self, call: Call) -> None:
        """Nobody waits for it, but who observes hears how long it waited in vain."""
        call.refusal, call.at, call.at_end = refuse("gone", "the client hung up"), time.time(), self._loop.time()
        call.finished = True
        for observer in self._observers:
            self._tell(observer.refused, call)

    def _call_aside(self, calls: list[Call]) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"model-{self.served.arm}")
        self._inside = calls
        self._sweep_later()
        self._enter(calls)
        began = time.perf_counter()
        future = self._loop.run_in_executor(self._thread, attempt, self.model, self.codec, calls)

        def back(done: "asyncio.Future[Attempted]") -> None:
            self._inside = []
            self._settle(*done.result(), time.perf_counter() - began)

        future.add_done_callback(back)

    def _enter(self, calls: list[Call]) -> None:
        if self.watcher is not None:
            self.watcher.enter(self.served.arm, calls)

    def _settle(self, parts: "list[Part]", failed: list[tuple[Call, Exception]], seconds: float) -> None:
        if self.watcher is not None:
            self.watcher.leave(self.served.arm)
        self._seconds = MEMORY * self._seconds + (1 - MEMORY) * seconds / max(1, len(parts) + len(failed))
        for part in parts:
            self._answer(part, seconds)
        for call, error in failed:
            refusal = refusal_of(error)
            if refusal.status >= 500:  # noqa: PLR2004
                _log.error("the model failed on a request", exc_info=error, extra={"arm": self.served.arm})
            self._refuse(call, refusal)
        self._go_on()

    def _answer(self, part: "Part", seconds: float) -> None:
        at, now, begin = time.time(), self._loop.time(), 0
        for call in part.calls:
            end = begin + call.rows
            if not call.cancelled and not call.finished:
                call.whole, call.begin = part.outputs, begin
                if part.answers is not None:
                    call.answers = part.answers[begin:end]
                call.at, call.at_end = at, now
                call.id = self._issue(self.served, call)
                call.finished = True
                self._tell(call.done, call)
            begin = end
        batch = Batch(self, tuple(part.calls), part.columns, part.outputs, begin, seconds, at, now)
        for observer in self._observers:
            self._tell(observer.answered, batch)

    def _refuse(self, call: Call, refusal: Refusal) -> None:
        if call.cancelled or call.finished:
            return
        call.refusal, call.at, call.at_end, call.finished = refusal, time.time(), self._loop.time(), True
        self._tell(call.done, call)
        for observer in self._observers:
            self._tell(observer.refused, call)

    def _tell(self, listener: Callable[[T], object], news: T) -> None:
        """One that fails at it keeps nobody else from being told."""
        try:
            listener(news)
        except Exception:  # noqa: BLE001 (told in the log)
            _log.exception("what was answered could not be told", extra={"arm": self.served.arm})

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


class Part(msgspec.Struct, frozen=True):
    """Calls that went through the model together, and what came out. `answers`: as JSON, where one of them wants that."""

    calls: list[Call]
    columns: Columns
    outputs: Columns
    answers: list[bytes] | None


Attempted = tuple[list[Part], list[tuple[Call, Exception]]]


def attempt(model: Model, codec: Codec, calls: list[Call]) -> Attempted:
    """Predict for all calls at once; where that fails, for each half alone, until those that fail are alone."""
    try:
        return [_predicted(model, codec, calls)], []
    except Exception as error:  # noqa: BLE001 (whatever a model raises concerns its rows alone)
        if len(calls) == 1:
            return [], [(calls[0], error)]
    half = len(calls) // 2
    parts, failed = attempt(model, codec, calls[:half])
    more_parts, more_failed = attempt(model, codec, calls[half:])
    return parts + more_parts, failed + more_failed


def _predicted(model: Model, codec: Codec, calls: list[Call]) -> Part:
    columns = _columns(codec, calls)
    outputs = model.predict(columns)
    wanted = any(call.json for call in calls)
    return Part(calls, columns, outputs, codec.encode(outputs) if wanted else None)


def _columns(codec: Codec, calls: list[Call]) -> Columns:
    """Rows of all calls, in order: those that were decoded become columns at once, which costs less than one by one."""
    if all(call.decoded is not None for call in calls):
        return codec.columns([row for call in calls for row in call.decoded or ()])
    return joined([codec.columns(call.decoded or ()) if call.columns is None else call.columns for call in calls])


def refusal_of(error: Exception) -> Refusal:
    """What the client is told of an exception: rows' own faults in full, others without internals."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, BadRows):
        row, why = next(iter(error.faults.items()))
        return refuse(error.code, why, f"row {row}")
    return refuse("model_failed", "the model failed on this request; the deployment's log says why")


def too_late(seconds: float) -> Refusal:
    """Of a call whose deadline has passed."""
    return refuse("deadline_exceeded", f"no answer within {seconds * 1e3:.0f} ms; send fewer rows, or allow more time")
