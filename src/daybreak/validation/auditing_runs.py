"""The audit of a run: the data it read, the code it ran; what cannot be asked of it has failed, so that nothing is green by omission."""

import ast
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from daybreak.audit.holding import model_holds_data
from daybreak.audit.outcome import Outcome, answered
from daybreak.audit.registry import Rule
from daybreak.base.errors import UsageError
from daybreak.readers.request import Request
from daybreak.spec.models import Audit
from daybreak.validation.code_files import audit_code
from daybreak.validation.functions import Functions
from daybreak.validation.report import Answer, Report
from daybreak.validation.running import Options, run
from daybreak.validation.subject import Subject

HOLDING = Rule("model_holds_data", "examination", "", "Does the model keep the rows it was trained on?")
CODE = Rule("code", "examination", "", "Does the code fit, select or choose with test rows?")
DATA = Rule("data", "examination", "", "What were train and test?")


def audit_run(
    subject: Subject, options: Options, changed: Callable[[Request], Request] = lambda request: request
) -> Report:
    """Audit a run. `changed`: what the caller says beside the experiment (a target, a group). Raises `UsageError`, `VaultError`."""
    binding = subject.binding
    options = replace(
        options,
        code=binding.code,
        probes=(
            (CODE, lambda _opened, _frame: _code(subject)),
            (HOLDING, lambda _opened, _frame: model_holds_data(_made(subject))),
            *options.probes,
        ),
    )
    subject.must_be_unchanged()
    with TemporaryDirectory(prefix="daybreak-audit-") as scratch:
        try:
            request = changed(subject.request(Path(scratch)))
        except UsageError as error:
            report = _without_data(subject, options, str(error))
        else:
            report = run(request, options)
    return msgspec.structs.replace(report, run=subject.run, model=binding.model)


def of_subject(subject: Subject, functions: Functions) -> Functions:
    """The functions of a run: what the command line names, else what the experiment does; of its code, by its interpreter."""
    told = subject.spec.audit or Audit()
    return replace(
        functions,
        preprocess=functions.preprocess or told.preprocess or "",
        predict=functions.predict or told.predict or "",
        model=functions.model or subject.model,
        python=subject.spec.python or functions.python,
        folder=subject.code or functions.folder,
    )


def _made(subject: Subject) -> list[str]:
    """What the run's scripts make, as they write it, positions aside: `KNeighborsClassifier(n_neighbors=3)`."""
    calls = []
    for file in subject.files:
        with suppress(SyntaxError, UnicodeDecodeError):  # the rule `code` tells of it
            tree = ast.parse(file.read_text(encoding="utf-8")) if file.suffix == ".py" else ast.Module([], [])
            calls += [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [f"{ast.unparse(call.func)}({', '.join(map(ast.unparse, call.keywords))})" for call in calls]


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
