"""A controller with its socket: serves until it is told to end, or has had nothing to do and nobody to talk to for a while."""

import gc
import time

from daybreak.base.home import Home
from daybreak.bootstrap.app import App
from daybreak.server.local_socket import LocalServer
from daybreak.server.methods import Methods

CHECK_IDLE = 5.0  # seconds between looks whether the process may go
FREEZE_GRACE = 10.0  # seconds that workers get to save a checkpoint at the end
CUT_GRACE = 1.0


class Service:
    """What the background process of a home runs."""

    def __init__(self, app: App, home: Home, idle: float) -> None:
        self._app = app
        self._home = home
        self._idle = idle
        self._grace = CUT_GRACE
        self._server: LocalServer | None = None

    def start(self) -> None:
        """Recover what the log holds, and listen. Raises `LedgerError`."""
        app = self._app
        app.controller.start()
        methods = Methods(app, self._home, lambda freeze: self.shut_down(freeze=freeze))
        self._server = LocalServer(app.reactor, self._home.socket, methods)
        app.controller.changed.append(self._server.changed)
        self._look_later()
        gc.collect()
        gc.freeze()  # what was imported is never garbage: collections later need not walk it
        gc.set_threshold(50_000, 20, 100)  # events make much that lives on and few cycles

    def run(self) -> None:
        """Turn the loop until `shut_down`."""
        self._app.controller.run()

    def shut_down(self, *, freeze: bool) -> None:
        """Let `run` return; with `freeze`, workers get time to save a checkpoint."""
        self._grace = FREEZE_GRACE if freeze else CUT_GRACE
        self._app.controller.stop()
        self._app.reactor.later(0.0, lambda: None)  # wakes the loop

    def close(self) -> None:
        """Let go of everything. Idempotent."""
        if self._server is not None:
            self._server.close()
        self._app.controller.close(self._grace)

    def _look_later(self) -> None:
        self._app.reactor.later(min(CHECK_IDLE, self._idle), self._look)

    def _look(self) -> None:
        if self._nothing_to_do():
            self.shut_down(freeze=True)
        else:
            self._look_later()

    def _nothing_to_do(self) -> bool:
        server, since = self._server, self._app.controller.idle_since()
        if server is None or server.clients or since is None:
            return False
        quiet = time.monotonic() - server.last_request
        return min(quiet, self._app.reactor.now() - since) > self._idle
