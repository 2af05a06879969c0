"""One process of a gang, from the agent's side: what is known of it, what it is told, how it came to its end."""

import signal
from dataclasses import dataclass
from pathlib import Path

from daybreak.executors.local.attempts import Doom
from daybreak.executors.local.connections import Connection
from daybreak.executors.local.failures import FROM_OUTSIDE, exit_failure, make_failure
from daybreak.executors.local.processes import end_groups, tail
from daybreak.executors.local.redacted import RedactingPipe
from daybreak.executors.local.watchdog import Watchdog
from daybreak.wire.worker import Ended, ToWorker, encode


@dataclass(eq=False)
class Member:
    """One process; it leads a group of its own."""

    rank: int
    log: Path
    token: str = ""
    pid: int | None = None
    connection: Connection | None = None
    ended: Ended | None = None  # its last word
    output: RedactingPipe | None = None  # on its way to the log
    status: int | None = None  # once reaped: its exit code, or minus the signal's number
    asks: int | None = None  # number of the report that waits
    over: bool = False
    cleared: bool = False

    @property
    def alive(self) -> bool:
        """There is a process that has not been reaped."""
        return self.pid is not None and self.status is None

    def tell(self, frame: ToWorker) -> None:
        """Send a frame, once it has introduced itself."""
        if self.connection is not None:
            self.connection.send(encode(frame))

    def drain(self) -> None:
        """Take in what it has said and we have not read."""
        if self.connection is not None:
            self.connection.drain()
        if self.output is not None:
            self.output.drain()

    def hang_up(self) -> None:
        """Close the connection."""
        if self.connection is not None:
            self.connection.close()
        if self.output is not None:
            self.output.leave()

    def silence(self) -> None:
        """Its process has ended: what it printed is complete."""
        if self.output is not None:
            self.output.close()

    def clear(self, watchdog: Watchdog) -> None:
        """Kill its group; after it has been reaped only once more, for its number may then be somebody else's."""
        if self.pid is not None and not self.cleared:
            end_groups([self.pid])
            watchdog.release(self.pid)
            self.cleared = self.status is not None
        if self.status is not None:
            self.silence()

    def crash(self, memory_ran_out: bool) -> Doom:
        """Why it ended without being asked to."""
        output = tail(self.log)
        if self.ended is not None:
            return Doom("crashed", self.ended.failure or make_failure("exit", "it failed without a reason", output))
        if self.status is None:
            return Doom("lost", make_failure("exit", "it closed its socket without a word", output))
        if self.status == -signal.SIGKILL and memory_ran_out:
            return Doom("crashed", make_failure("memory", "the system ended it because memory ran out", output))
        outside = -self.status in FROM_OUTSIDE
        return Doom("lost" if outside else "crashed", exit_failure(self.status, output))
