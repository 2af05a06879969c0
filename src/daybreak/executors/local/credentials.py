"""What attempts are given of credentials, and what is taken out of their output again. Looked up beside the loop; kept in memory alone."""

from collections.abc import Callable
from functools import partial

from daybreak.base.home import Home
from daybreak.executors.local.aside import Aside
from daybreak.ports.reactor import Reactor
from daybreak.provenance import profiles
from daybreak.provenance.profiles import named
from daybreak.provenance.redaction import Redactor
from daybreak.spec.models import Experiment

REFRESH = 600.0  # seconds after which values are looked up again: those of clouds expire


class Credentials:
    """Values of the profiles that experiments name."""

    def __init__(self, home: Home, reactor: Reactor, aside: Aside) -> None:
        self._home = home
        self._reactor = reactor
        self._aside = aside
        self._values: dict[str, dict[str, str]] = {}
        self._seen: dict[str, set[str]] = {}  # values a profile ever had: an attempt may print an old one
        self._users: dict[str, set[int]] = {}  # profile -> experiments that are prepared

    def fetch(
        self, experiment: int, spec: Experiment, then: Callable[[Exception | None], None], also: Callable[[], None]
    ) -> None:
        """Look up the values that an experiment's attempts are given, and do `also`.

        `then` is told when that is done, or why it cannot be.
        """
        names = named(spec)
        for name in names:
            self._users.setdefault(name, set()).add(experiment)
        self._aside.run(partial(self._look_up, names, also), partial(self._fetched, names, then))

    def release(self, experiment: int) -> None:
        """The experiment is over: nobody looks up what only it needs."""
        for users in self._users.values():
            users.discard(experiment)

    def variables(self, spec: Experiment) -> dict[str, str]:
        """What its attempts are given."""
        return {name: value for profile in named(spec) for name, value in self._values.get(profile, {}).items()}

    def withheld(self) -> frozenset[str]:
        """Variables of any profile: attempts have those they are given, and inherit none."""
        return profiles.withheld(self._home)

    def redactor(self, spec: Experiment) -> Redactor:
        """What takes the values out of what its attempts print."""
        return Redactor(value for profile in named(spec) for value in self._seen.get(profile, ()))

    def _look_up(self, names: list[str], also: Callable[[], None] | None = None) -> dict[str, dict[str, str]]:
        if also is not None:
            also()
        return {name: profiles.values(self._home, [name]) for name in names}

    def _fetched(
        self, names: list[str], then: Callable[[Exception | None], None], found: dict[str, dict[str, str]] | Exception
    ) -> None:
        if isinstance(found, Exception):
            then(found)
            return
        for name, values in found.items():
            self._values[name] = values
            self._seen.setdefault(name, set()).update(values.values())
        if names:
            self._reactor.later(REFRESH, partial(self._refresh, names))
        then(None)

    def _refresh(self, names: list[str]) -> None:
        """Where that fails the old values stay: they may still do."""
        if used := [name for name in names if self._users.get(name)]:
            self._aside.run(partial(self._look_up, used), partial(self._fetched, used, lambda _: None))
