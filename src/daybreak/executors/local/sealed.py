"""Opens sealed test data to an attempt: the look is in the log before its process is told where the data lies."""

from collections.abc import Callable
from functools import partial

from daybreak.base.errors import DaybreakError
from daybreak.base.home import Home
from daybreak.base.ids import AttemptKey
from daybreak.executors.local.aside import Aside
from daybreak.executors.local.members import Member
from daybreak.lifecycle.events import SealedOpened, SealedScored
from daybreak.ports.reactor import Reactor
from daybreak.provenance.data.changed import changed
from daybreak.provenance.data.given import sealed
from daybreak.provenance.data.manifest import load
from daybreak.spec.models import Experiment
from daybreak.vault.store import Vault
from daybreak.wire.worker import Noted, Opened, OpenSealed, Scored


class SealedData:
    """The looks of one attempt. Members of a gang that ask for the same look share it; what rank 0 scored is what it gave.

    `alive` says whether the attempt is still one: who asks with their last breath is told nothing.
    """

    def __init__(
        self, home: Home, reactor: Reactor, aside: Aside, key: AttemptKey, spec: Experiment, alive: Callable[[], bool]
    ) -> None:
        self._home = home
        self._reactor = reactor
        self._aside = aside
        self._key = key
        self._spec = spec
        self._alive = alive
        self._answers: dict[int, Opened] = {}
        self._waiting: dict[int, list[Member]] = {}

    def open(self, member: Member, frame: OpenSealed) -> None:
        """Count the look, unless another member's was the same, and tell where the data is."""
        if (known := self._answers.get(frame.number)) is not None:
            member.tell(known)
            return
        waiting = self._waiting.setdefault(frame.number, [])
        waiting.append(member)
        if len(waiting) == 1:
            self._aside.run(partial(self._look_up, frame.data), partial(self._count, frame))

    def scored(self, member: Member, frame: Scored) -> None:
        """Keep what the look gave."""
        noted = partial(member.tell, Noted(frame.number))
        if member.rank == 0:
            self._reactor.post(SealedScored(self._key, frame.number, frame.metrics), noted)
        else:
            noted()

    def _look_up(self, data: str) -> tuple[str, str, str]:
        """The dataset's name, the hash of its files and where it lies. Raises `DaybreakError`."""
        places = sealed(self._home, self._spec)
        name = data or (next(iter(places)) if len(places) == 1 else "")
        if name not in places:
            raise _NotSealed(data, list(places))
        source = self._spec.data[name]
        if changed(self._home, self._spec.model_copy(update={"data": {name: source}})):
            raise _NotTheSame(name, self._key.experiment)
        return name, load(Vault(self._home.vault), source.manifest).root, places[name]

    def _count(self, frame: OpenSealed, found: tuple[str, str, str] | Exception) -> None:
        if not self._alive():
            return
        if isinstance(found, Exception):
            told = str(found) if isinstance(found, DaybreakError) else f"{type(found).__name__}: {found}"
            self._tell(Opened(frame.number, problem=told))
            return
        name, root, place = found
        event = SealedOpened(self._key, frame.number, name, root, frame.units)
        self._reactor.post(event, partial(self._tell_counted, Opened(frame.number, place)))

    def _tell_counted(self, answer: Opened) -> None:
        """The event is in the log; an attempt that ended before it got there did not look, and the brain passed its event over."""
        if self._alive():
            self._tell(answer)

    def _tell(self, answer: Opened) -> None:
        self._answers[answer.number] = answer
        for member in self._waiting.pop(answer.number, ()):
            member.tell(answer)


class _NotSealed(DaybreakError):
    def __init__(self, data: str, there: list[str]) -> None:
        if data or not there:
            has = f"has {', '.join(there)}" if there else "has none"
            example = f"write `data: {{{data or 'test'}: {{path: ./test.csv, sealed: true}}}}`"
            super().__init__(f"`run.score_test` opens sealed data, and the experiment {has}: {example}")
        else:
            super().__init__(
                f"which sealed dataset is to be scored? The experiment has {', '.join(there)}: "
                f"run.score_test(f, data={there[0]!r})"
            )


class _NotTheSame(DaybreakError):
    def __init__(self, name: str, experiment: int) -> None:
        super().__init__(
            f"sealed data `{name}` is not what it was when the experiment was handed in, so its score would be of something else: "
            f"daybreak data verify {experiment} says what differs"
        )
