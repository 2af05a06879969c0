"""May this version have that alias? The gate of its run, the parity of its export, the metrics of its package; then the move.

What was not run is never green: a foreign model has no audits unless its run is known, and is promoted only where somebody says why
(`reason` with `despite`), which the journal keeps.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from daybreak.base.errors import DamagedFile, DaybreakError, NotFound, UsageError
from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.export.parity import Parity
from daybreak.registry import package as packages
from daybreak.registry.journal import ROLLBACK, Entry, check_alias
from daybreak.registry.package import Package
from daybreak.registry.store import Found, Registry
from daybreak.release import reported
from daybreak.validation import gate
from daybreak.validation.decision import Asked, Decision, Result
from daybreak.validation.policy import DEFAULT, Given

PARITY = "parity.json"
METRICS = "metrics"


class Blocked(DaybreakError):
    """The gate says no; `decision` says why."""

    def __init__(self, message: str, decision: Decision) -> None:
        super().__init__(message)
        self.decision = decision


@dataclass(frozen=True)
class Move:
    """An alias that moved, or that was there already. `before`: the version it pointed at."""

    entry: Entry
    decision: Decision
    before: int | None


def ask(home: Home, found: Found, given: Given = DEFAULT, alias: str = "ALIAS", *, despite: bool = False) -> Decision:
    """What the policy says of a registered version, question by question; changes nothing. `alias`, `despite`: what advice is for.

    Raises `DamagedFile` for one that was altered.
    """
    record = _as_registered(Registry(home), found)
    run, units = record.lineage.get("run"), record.lineage.get("units")
    move = f"daybreak model alias {found.name}@{found.version} {alias} --despite --reason TEXT"
    beside = "" if despite else f"move the alias despite the gate, saying why: {move}"
    asked = list(_of_run(home, f"{run}@{units}", given, beside)) if run else [_not_run(beside)]
    asked += [_parity(found), *_reported(found, beside), *_metrics(record, given, beside, known=bool(run))]
    lineage = record.lineage
    return Decision(
        run=f"{found.name}@{found.version}",
        source=given.source,
        policy=given.policy.digest,
        asked=tuple(asked),
        model=record.digest,
        code=str(lineage.get("code", "")),
    )


def promote(
    home: Home, found: Found, alias: str, given: Given = DEFAULT, *, reason: str = "", despite: bool = False
) -> Move:
    """Point `alias` at a version if the gate lets it, or `despite` the gate, for a `reason`.

    Raises `Blocked`, `UsageError` for `despite` without a reason.
    """
    if despite and not reason.strip():
        raise UsageError("who promotes despite the gate says why: --reason TEXT")
    check_alias(alias)
    decision = ask(home, found, given, alias, despite=despite)
    blocked = [one.what for one in decision.asked if one.blocks]
    if blocked and not despite:
        raise Blocked(f"{found.name}@{found.version} may not be {alias}: {', '.join(blocked)} blocked", decision)
    registry = Registry(home)
    before = registry.model(found.name).aliases.get(alias)
    told = {
        "verdict": "despite the gate" if blocked else decision.verdict,
        "policy": given.policy.digest,
        "blocked": ", ".join(blocked),
    }
    entry = registry.move(found.name, alias, found.version, decision=told, reason=reason)
    return Move(entry, decision, before)


def rollback(home: Home, name: str, alias: str, *, to: int | None = None, reason: str = "") -> tuple[Entry, int | None]:
    """Point an alias back at the version it had before, or at `to`, which it must have had. Nobody is asked: it stood there before.

    Raises `NotFound` where there is nothing to go back to.
    """
    registry = Registry(home)
    model = registry.model(name)
    version = model.before(alias) if to is None else to
    if to is not None and to not in {move.version for move in model.moves if move.alias == alias}:
        raise NotFound(
            f"{name}@{to} has never been {alias}, so there is nothing to go back to: daybreak model alias {name}@{to} {alias}"
        )
    now = model.aliases.get(alias)
    return registry.move(name, alias, version, decision={"verdict": ROLLBACK}, reason=reason), now


def parity(folder: Path) -> Parity:
    """What was compared when the package was made; "not run" where nothing was. Raises `DamagedFile`."""
    try:
        return msgspec.json.decode((folder / PARITY).read_bytes(), type=Parity)
    except msgspec.MsgspecError as error:
        raise DamagedFile(f"{folder / PARITY} cannot be read: {error}; register the model again") from error
    except FileNotFoundError:
        return Parity("not run", "the package has no parity.json")


def _as_registered(registry: Registry, found: Found) -> Package:
    """The record of the version itself, every file as it was when it was registered. Raises `UsageError`, `DamagedFile`."""
    if found.folder != registry.folder(found.name, found.version):
        raise UsageError(f"an alias points at a registered version, {found.folder} is a folder: name it NAME@VERSION")
    registry.registered(f"{found.name}@{found.version}")
    return packages.verify(found.folder)


def _of_run(home: Home, run: str, given: Given, beside: str) -> tuple[Asked, ...]:
    try:
        with Client(home.path) as client:
            return gate.ask(client, run, given).asked
    except NotFound as error:
        return (_not_run(beside, str(error)),)


def _not_run(
    beside: str, why: str = "the model was not trained here, so no audit of its data and code is known"
) -> Asked:
    return Asked(what="audits", result="not run", says=why, blocks=True, advice=beside)


def _parity(found: Found) -> Asked:
    held = parity(found.folder)
    if held.verdict == "passed":
        return Asked(what="parity", result="passed", says=held.why)
    result: Result = "not run" if held.verdict == "not run" else "blocked"
    look = f"daybreak model show {found.name}@{found.version}"
    advice = f"register it again with real rows (--samples FILE), or look at the export: {look}"
    return Asked(what="parity", result=result, says=held.why, blocks=True, advice=advice)


def _reported(found: Found, beside: str) -> list[Asked]:
    """The export's metrics against training's of the same rows; that those are not known is told, and blocks nobody."""
    held = reported.read(found.folder)
    if not held:
        return []
    apart = [one for one in held if one.result == "differs"]
    certain = [one for one in held if one.result == "agrees"]
    result: Result = "blocked" if apart else "passed" if certain else "not run"
    told = apart or certain or held
    advice = (
        ""
        if not apart
        else f"correct the steps or the rows of run.ship and register it again{beside and ', or ' + beside}"
    )
    measured = {one.metric: one.export for one in told if one.metric and one.export is not None}
    return [Asked(METRICS, result, "; ".join(one.says for one in told), bool(apart), measured=measured, advice=advice)]


def _metrics(record: Package, given: Given, beside: str, *, known: bool) -> list[Asked]:
    """A foreign model's metrics, as its export measured them; those of a run the gate has asked about."""
    if known:
        return []
    return [_metric(record, name, given, beside) for name in given.policy.metrics]


def _metric(record: Package, name: str, given: Given, beside: str) -> Asked:
    condition = given.policy.metrics[name]
    what, value = f"{name} {condition.at}", record.metrics.get(name)
    if value is None:
        advice = "register it again with rows and their right answers: --samples FILE --target COLUMN"
        return Asked(what=what, result="not run", says=f"the package has no {name}", blocks=True, advice=advice)
    holds = condition.holds(value)
    return Asked(
        what=what,
        result="passed" if holds else "blocked",
        says=f"{name} is {value:.4g} on the rows it was registered with",
        blocks=not holds,
        measured={name: value},
        advice="" if holds else f"register a better version{beside and ', or ' + beside}",
    )
