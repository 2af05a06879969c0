"""What a step wants done, done: orders to executors, draws to samplers, timers to the reactor. Notices are rows already."""

from collections.abc import Callable, Iterable

from daybreak.controller.brain import Fault
from daybreak.controller.routing import Router
from daybreak.lifecycle.commands import AnyCommand, Launch, Notify, Prepare, Propose, Release, SetTimer
from daybreak.lifecycle.events import AttemptEnded, PrepareFailed, TimerDue
from daybreak.ports.reactor import Reactor, Timer
from daybreak.wire.worker import Failure


class Outbox:
    """Sends commands in the order they were made. Only what is committed gets here."""

    def __init__(
        self,
        reactor: Reactor,
        router: Router,
        propose: Callable[[Propose], None],
        release: Callable[[int], None],
        fault: Fault,
    ) -> None:
        self._fault = fault
        self._reactor = reactor
        self._send = router.send
        self._release = release
        self._timers: dict[tuple[int, str], Timer] = {}
        self._special: dict[type, Callable[..., None]] = {
            Propose: propose,
            Launch: self._launch,
            SetTimer: self._set_timer,
            Notify: lambda _: None,
            Release: self._let_go,
        }
        self.launching = True  # False: the controller is closing, nothing new is begun

    def dispatch(self, commands: Iterable[AnyCommand]) -> None:
        """Send them all."""
        special, send = self._special, self._send
        for command in commands:
            try:
                special.get(type(command), send)(command)
            except Exception as error:  # noqa: BLE001 (executors promise not to raise: a fault of ours)
                self._fault(f"carrying out {command!r}", error)
                if type(command) is Launch:
                    self._give_up(command, error)
                elif type(command) is Prepare:
                    self._cannot_run(command, error)

    def _give_up(self, order: Launch, error: Exception) -> None:
        """Nobody else would ever say that this attempt is over."""
        failure = Failure(kind="internal", message=f"it could not be launched: {type(error).__name__}: {error}")
        self._reactor.post(AttemptEnded(order.attempt, "lost", order.units, 0.0, failure=failure))

    def _cannot_run(self, order: Prepare, error: Exception) -> None:
        """Nobody else would ever answer, and the experiment would wait for ever."""
        failure = Failure(kind="internal", message=f"it could not be prepared: {type(error).__name__}: {error}")
        self._reactor.post(PrepareFailed(order.experiment, failure))

    def _launch(self, order: Launch) -> None:
        if self.launching:
            self._send(order)

    def _set_timer(self, timer: SetTimer) -> None:
        key = (timer.experiment, timer.name)
        earlier = self._timers.pop(key, None)
        if earlier is not None:
            earlier.cancel()

        def ring() -> None:
            self._timers.pop(key, None)
            self._reactor.post(TimerDue(timer.experiment, timer.name))

        self._timers[key] = self._reactor.later(max(0.0, timer.at - self._reactor.now()), ring)

    def _let_go(self, order: Release) -> None:
        self._release(order.experiment)
        self._send(order)
