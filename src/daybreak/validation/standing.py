"""Whether a score was audited, and how often its sealed test set was looked at: what stands beside every result, in a line or two.

Every `show` asks it, so it reads no more than it tells: of a manifest its root, of an audit what was found.
"""

import msgspec

from daybreak.base.errors import DaybreakError, VaultError
from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.client.homes import home_option
from daybreak.validation.binding import Binding, files, verified
from daybreak.vault.store import Vault
from daybreak.wire.rows import ExperimentRow, LookRow


class Standing(msgspec.Struct, frozen=True):
    """What is known of one trial's score. `verdict`: of the last audit of its data, or "not audited", or "unknown"."""

    run: str
    verdict: str
    says: str
    looks: tuple[LookRow, ...] = ()  # by its family, at the same sealed data

    @property
    def lines(self) -> list[str]:
        """For people."""
        return [self.says, *self._looked()]

    def _looked(self) -> list[str]:
        names = list(dict.fromkeys(row.data for row in self.looks))
        return [f"{name} looked at {_times(sum(row.data == name for row in self.looks))}" for name in names]


def standing(client: Client, row: ExperimentRow, trial: int) -> Standing:
    """Of one trial. Never raises for what cannot be known: then it says why."""
    run, home = f"{row.experiment}.{trial}", client.home
    try:
        roots = _roots(home, row)
        binding = Binding(row.spec.get("code", ""), roots)
        told = [msgspec.json.decode(verified(file), type=_Audited) for file in files(home, binding, row.experiment)]
    except (DaybreakError, msgspec.MsgspecError, OSError) as error:
        return Standing(run, "unknown", f"whether it was audited is not known: {error}")
    sealed = {roots[name] for name, source in row.spec.get("data", {}).items() if source.get("sealed")}
    looks = [look for look in client.looks(row.experiment) if look.sealed in sealed] if sealed else []
    if not told:
        return Standing(run, "not audited", f"not audited: daybreak audit {run}{home_option(home)}", tuple(looks))
    told.sort(key=lambda one: (bool(one.report.rows), one.at))
    report = told[-1].report
    return Standing(run, report.verdict, f"{report.told}: daybreak gate {run}{home_option(home)}", tuple(looks))


class _Found(msgspec.Struct):
    rule: str
    severity: str


class _Answer(msgspec.Struct):
    rule: str
    status: str


class _Report(msgspec.Struct):
    """Of `validation.report.Report` what a line tells."""

    findings: list[_Found]
    answers: list[_Answer]
    rows: dict[str, int] = {}

    @property
    def verdict(self) -> str:
        severities = {one.severity for one in self.findings}
        return "blocked" if "error" in severities else "findings" if "warning" in severities else "clean"

    @property
    def told(self) -> str:
        errors = list(dict.fromkeys(one.rule for one in self.findings if one.severity == "error"))
        warnings = sum(one.severity == "warning" for one in self.findings)
        counted = f"{warnings} warning{'s' if warnings > 1 else ''}" if warnings else "nothing found"
        said = f"blocked by {', '.join(errors)}" if errors else counted
        failed = [one.rule for one in self.answers if one.status == "failed"]
        return f"audited: {said}" + (f"; {', '.join(failed)} could not be run" if failed else "")


class _Audited(msgspec.Struct):
    report: _Report
    at: float


class _Manifest(msgspec.Struct):
    root: str


def _roots(home: Home, row: ExperimentRow) -> dict[str, str]:
    """Dataset -> blake3 over its files. Raises `VaultError` where a manifest is gone."""
    vault, found = Vault(home.vault), {}
    for name, source in row.spec.get("data", {}).items():
        if not source.get("manifest"):
            raise VaultError(f"of dataset {name} nothing was captured")
        found[name] = msgspec.json.decode(vault.read(source["manifest"]), type=_Manifest).root
    return found


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
