"""Where sums between workers run while the backward pass goes on: a thread for the CPU, a stream for CUDA."""

import queue
import threading
from collections.abc import Callable
from typing import Any, Protocol

import torch

Job = Callable[[Any], None]


class Lane(Protocol):
    """Runs jobs one after another, in the order they were given."""

    def put(self, job: Job, flat: Any) -> None:
        """Run `job(flat)` soon."""

    def join(self) -> None:
        """Wait until everything has run, or (CUDA) make the current stream wait. Raises what a job raised."""


class ThreadLane:
    """A thread: gloo's waits hold no lock, so sums run beside autograd's own code. Started by the first job."""

    def __init__(self, threads: int) -> None:
        self._jobs: queue.SimpleQueue[tuple[Job, Any]] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._open = 0
        self._threads = threads
        self._thread: threading.Thread | None = None

    def put(self, job: Job, flat: Any) -> None:
        """Run `job(flat)` on the thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="daybreak-shards", daemon=True)
            self._thread.start()
        self._open += 1
        self._jobs.put((job, flat))

    def join(self) -> None:
        """Wait for all; raises what the first failed one raised."""
        failed = None
        while self._open:
            failed = self._done.get() or failed
            self._open -= 1
        if failed is not None:
            raise failed

    def _work(self) -> None:
        torch.set_num_threads(self._threads)
        while True:
            job, flat = self._jobs.get()
            try:
                job(flat)
            except BaseException as error:  # noqa: BLE001 (it is raised where it is waited for)
                self._done.put(error)
            else:
                self._done.put(None)


class StreamLane:
    """A CUDA stream beside the one that computes."""

    def __init__(self, device: Any) -> None:
        self._stream = torch.cuda.Stream(device)

    def put(self, job: Job, flat: Any) -> None:
        """Queue `job(flat)` behind what the current stream has queued."""
        self._stream.wait_stream(torch.cuda.current_stream(flat.device))
        with torch.cuda.stream(self._stream):
            job(flat)

    def join(self) -> None:
        """The current stream waits; the CPU does not."""
        torch.cuda.current_stream(self._stream.device).wait_stream(self._stream)
