"""How user code is made to leave: exceptions that `except Exception` does not swallow and `finally` sees."""

EXIT_CRASHED = 1
EXIT_CONTROLLER_GONE = 86  # the agent's socket closed: nobody is left to report to


class Leaving(BaseException):
    """The attempt ends here; the trial may go on later. User code need not know it."""


class Frozen(Leaving):
    """The trial is saved and gives its slots back."""


class Stopped(Leaving):
    """The trial is stopped; nothing was saved."""


class ControllerGone(Leaving):
    """The agent closed the socket: the controller is dead or has given this attempt up."""
