"""The state of a device as data, and its moves.

Updates are made as systems with two slots make them:

    install -> a trial;  start -> it is tried, once;  confirm -> it is the current one and its counter the floor;  abandon -> as before

A floor that has risen never falls. A trial that was started and neither confirmed nor put back (the power failed, the runtime took the
process with it) is abandoned at the next start, unless there is nothing else to serve.
"""

import msgspec

from daybreak.base.errors import OlderVersion, UsageError

KEPT = 20  # notices


class Installed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bundle in the device's folder. `digest`: of manifest and payload; `starts`: how often a trial was begun."""

    digest: str
    counter: int
    version: int
    starts: int = 0


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happened: seconds since 1970, a sentence."""

    at: float
    says: str


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`floor`: the largest counter that was confirmed."""

    model: str = ""
    floor: int = 0
    current: Installed | None = None
    trial: Installed | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def digests(self) -> set[str]:
        """The bundles that are needed."""
        return {each.digest for each in (self.current, self.trial) if each is not None}


def install(state: State, model: str, bundle: Installed, at: float) -> State:
    """Put a bundle on trial; one that is installed already changes nothing.

    Raises `OlderVersion` below the floor, `UsageError` where it is of another model than the device's.
    """
    if state.model not in ("", model):
        raise UsageError(
            f"this device serves {state.model}, the bundle is of {model}; give each model its own --state FOLDER"
        )
    if bundle.counter < state.floor:
        raise OlderVersion(
            f"a device never goes back: this bundle has counter {bundle.counter} (version {bundle.version}), "
            f"counter {state.floor} was served here; bundle a newer version, or serve what is installed by leaving the file out"
        )
    if bundle.digest in state.digests:
        return state
    told = f"version {bundle.version} (counter {bundle.counter}) is installed, on trial"
    return _noted(msgspec.structs.replace(state, model=model, trial=bundle), told, at)


def start(state: State, at: float) -> State:
    """Begin what is to be served: `trial` where there is one that was not begun before, else `current`."""
    trial = state.trial
    if trial is None:
        return state
    if trial.starts and state.current is not None:
        return abandon(state, trial.digest, "it was started and never confirmed: the process ended in its trial", at)
    return msgspec.structs.replace(state, trial=msgspec.structs.replace(trial, starts=trial.starts + 1))


def put_back(state: State, digest: str) -> State:
    """A trial that was ended on purpose before its time counts as not begun."""
    if state.trial is None or state.trial.digest != digest:
        return state
    return msgspec.structs.replace(state, trial=msgspec.structs.replace(state.trial, starts=0))


def confirm(state: State, digest: str, at: float) -> State:
    """The trial is the current bundle from now on, and nothing older is taken again."""
    trial = state.trial
    if trial is None or trial.digest != digest:
        return state
    told = f"version {trial.version} (counter {trial.counter}) is confirmed"
    floor = max(state.floor, trial.counter)
    current = msgspec.structs.replace(trial, starts=0)
    return _noted(msgspec.structs.replace(state, current=current, trial=None, floor=floor), told, at)


def abandon(state: State, digest: str, why: str, at: float) -> State:
    """Drop a trial: what was current stays so, and the floor where it was."""
    trial = state.trial
    if trial is None or trial.digest != digest:
        return state
    back = f"version {state.current.version} goes on" if state.current else "there is no other"
    told = f"version {trial.version} (counter {trial.counter}) is abandoned: {why}; {back}"
    return _noted(msgspec.structs.replace(state, trial=None), told, at)


def noted(state: State, says: str, at: float) -> State:
    """The same state with one more notice; a repeated one is not told twice."""
    return state if state.notices and state.notices[-1].says == says else _noted(state, says, at)


def _noted(state: State, says: str, at: float) -> State:
    return msgspec.structs.replace(state, notices=(*state.notices, Notice(at, says))[-KEPT:])
