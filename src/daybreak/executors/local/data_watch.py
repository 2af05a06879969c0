"""Whether the data of experiments is still what was captured: looked at beside the loop, when attempts end and when an experiment does."""

import time
from functools import partial

from daybreak.base.home import Home
from daybreak.executors.local.aside import Aside
from daybreak.lifecycle.events import DataChanged
from daybreak.ports.reactor import Reactor
from daybreak.provenance.data.changed import Changed, changed
from daybreak.spec.models import Experiment

EVERY = 30.0  # seconds between two looks at the data of an experiment that runs
MOST_TOLD = 20  # names of files in an event


class DataWatch:
    """Posts `DataChanged`, once for each dataset of an experiment."""

    def __init__(self, home: Home, reactor: Reactor, aside: Aside) -> None:
        self._home = home
        self._reactor = reactor
        self._aside = aside
        self._looked: dict[int, float] = {}
        self._told: set[tuple[int, str]] = set()

    def look(self, experiment: int, spec: Experiment, *, at_last: bool = False) -> None:
        """Look now at the end of an experiment (`at_last`), else if the last look is a while ago."""
        now = time.monotonic()
        if not spec.data or (not at_last and now - self._looked.get(experiment, 0.0) < EVERY):
            return
        self._looked[experiment] = now
        self._aside.run(partial(changed, self._home, spec), partial(self._tell, experiment))

    def _tell(self, experiment: int, found: list[Changed] | Exception) -> None:
        if isinstance(found, Exception):  # of ours, or of a disk that is gone: an experiment does not end for it
            return
        for one in found:
            if (experiment, one.name) not in self._told:
                self._told.add((experiment, one.name))
                files = one.difference.files or tuple(one.difference.moved) or (one.gone,)
                self._reactor.post(DataChanged(experiment, one.name, files[:MOST_TOLD], len(files)))
