"""Samplers as a controller makes them: ours and most of Optuna's in its process, those that import torch in one of their own."""

import subprocess
import sys
import weakref

import msgspec

from daybreak.base.errors import UsageError
from daybreak.search.samplers.registry import make_sampler
from daybreak.search.searcher import Losses, Sampler
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment
from daybreak.wire.frames import HEADER, pack

ASIDE = frozenset({"gp"})


class Question(msgspec.Struct):
    """What the other process is asked: a point for this trial, after it has been told the news."""

    trial: int
    pending: dict[int, Point]
    news: list[tuple[int, Point, int, Losses]]


class Answer(msgspec.Struct):
    """Its point (None: the space is exhausted), or why it has none: a message for the user."""

    point: Point | None = None
    refusal: str = ""


def make(spec: Experiment) -> Sampler:
    """The sampler a spec names. Raises `UsageError` as `make_sampler` does; one aside says so when it is first asked."""
    return AsideSampler(spec) if spec.search.sampler in ASIDE and spec.search.method != "grid" else make_sampler(spec)


class AsideSampler:
    """Asks `python -m daybreak.bootstrap.sampler`; the process starts with the first question and ends with this object.

    It blocks while the other thinks: for the drawing thread, not for the loop.
    """

    def __init__(self, spec: Experiment) -> None:
        self._spec = spec
        self._news: list[tuple[int, Point, int, Losses]] = []
        self._process: subprocess.Popen[bytes] | None = None

    def tell(self, trial: int, point: Point, units: int, losses: Losses) -> None:
        """Kept until the next question."""
        self._news.append((trial, point, units, losses))

    def ask(self, trial: int, pending: dict[int, Point]) -> Point | None:
        """A point for this trial. Raises `UsageError` when the process refuses or ends."""
        question = Question(trial, pending, self._news)
        answer = self._exchange(msgspec.msgpack.encode(question))
        self._news = []
        if answer.refusal:
            raise UsageError(answer.refusal)
        return answer.point

    def _exchange(self, body: bytes) -> Answer:
        process = self._process or self._start()
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(pack(body))
            process.stdin.flush()
            size = int.from_bytes(process.stdout.read(HEADER), "little")
        except BrokenPipeError:
            size = 0
        if not size:
            raise UsageError(
                f"the process of sampler {self._spec.search.sampler} ended (exit status {process.wait()}); "
                "what it said stands in the controller's log"
            )
        return msgspec.msgpack.decode(process.stdout.read(size), type=Answer)

    def _start(self) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-P", "-m", "daybreak.bootstrap.sampler"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        weakref.finalize(self, _end, self._process)
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write(pack(msgspec.json.encode(self._spec.model_dump(mode="json"))))
        return self._process


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
