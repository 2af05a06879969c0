"""Whether a score was audited, and how often its sealed test set was looked at: what stands beside every result, in a line or two."""

import msgspec

from daybreak.base.errors import DaybreakError
from daybreak.client.client import Client
from daybreak.client.homes import home_option
from daybreak.spec.models import Experiment
from daybreak.validation import records
from daybreak.validation.report import Report
from daybreak.validation.subject import Binding, datasets
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
    spec = Experiment.model_validate(row.spec)
    try:
        data = datasets(home, spec)
        binding = Binding(spec.code, {name: one.root for name, one in data.items()}, "")
        audits = records.of_binding(home, binding, None if spec.code or spec.data else row.experiment)
    except DaybreakError as error:
        return Standing(run, "unknown", f"whether it was audited is not known: {error}")
    sealed = {one.root for one in data.values() if one.sealed}
    looks = [look for look in client.looks(row.experiment) if look.sealed in sealed] if sealed else []
    if not audits:
        return Standing(run, "not audited", f"not audited: daybreak audit {run}{home_option(home)}", tuple(looks))
    report = next((one.report for one in audits if one.report.rows), audits[0].report)
    return Standing(run, report.verdict, _told(report, f"daybreak gate {run}{home_option(home)}"), tuple(looks))


def _told(report: Report, command: str) -> str:
    errors = list(dict.fromkeys(one.rule for one in report.findings if one.severity == "error"))
    warnings = sum(one.severity == "warning" for one in report.findings)
    counted = f"{warnings} warning{'s' if warnings > 1 else ''}" if warnings else "nothing found"
    said = f"blocked by {', '.join(errors)}" if errors else counted
    failed = f"; {', '.join(one.rule for one in report.failed)} could not be run" if report.failed else ""
    return f"audited: {said}{failed}: {command}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
