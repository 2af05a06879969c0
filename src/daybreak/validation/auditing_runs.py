"""The audit of a run: the data it read, the code it ran; what cannot be asked of it has failed, so that nothing is green by omission."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from daybreak.audit.outcome import Outcome, answered
from daybreak.audit.registry import Rule
from daybreak.base.errors import UsageError
from daybreak.readers.request import Request
from daybreak.validation.code_files import audit_code
from daybreak.validation.report import Answer, Report
from daybreak.validation.running import Options, run
from daybreak.validation.subject import Subject

CODE = Rule("code", "examination", "", "Does the code fit, select or choose with test rows?")
DATA = Rule("data", "examination", "", "What were train and test?")


def audit_run(subject: Subject, options: Options, changed: Callable[[Request], Request] = lambda request: request) -> Report:
    """Audit a run. `changed`: what the caller says beside the experiment (a target, a group). Raises `UsageError`, `VaultError`."""
    binding = subject.binding
    options = replace(options, code=binding.code, probes=((CODE, lambda _opened, _frame: _code(subject)), *options.probes))
    subject.must_be_unchanged()
    with TemporaryDirectory(prefix="daybreak-audit-") as scratch:
        try:
            request = changed(subject.request(Path(scratch)))
        except UsageError as error:
            report = _without_data(subject, options, str(error))
        else:
            report = run(request, options)
    return msgspec.structs.replace(report, run=subject.run, model=binding.model)


def _code(subject: Subject) -> Outcome:
    """The captured files, named as they were where they came from."""
    folder, files = subject.code, subject.files
    if folder is None:
        return Outcome(CODE.name, "failed", why="no code was captured with this run")
    report = audit_code(list(files), root=folder)
    return answered(CODE.name, report.findings, measured={"files": len(files)})


def _without_data(subject: Subject, options: Options, why: str) -> Report:
    """The code alone, and why the data could not be looked at."""
    code = _code(subject)
    answers = (
        Answer(DATA.name, "failed", DATA.question, why),
        Answer(CODE.name, code.status, CODE.question, code.why, code.measured),
    )
    return Report(findings=code.findings, answers=answers, code=options.code)
