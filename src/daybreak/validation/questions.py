"""The questions of a gate: each looks at the evidence and answers for itself. What was not asked is never answered with yes."""

from collections.abc import Iterable, Iterator

from daybreak.audit.outcome import Finding, fingerprint
from daybreak.audit.registry import RULES
from daybreak.validation.decision import Asked, Result
from daybreak.validation.evidence import Answered, Evidence, Score
from daybreak.validation.policy import ANY, Condition, Policy, matches
from daybreak.validation.report import Answer
from daybreak.validation.subject import Dataset

LOOKS = "test_looks"
ALWAYS = (*(rule.name for rule in RULES), "code")  # an audit of a run asks these, whatever it is told besides
ORDER = {rule.name: place for place, rule in enumerate(RULES)}


def of_audits(policy: Policy, evidence: Evidence) -> Iterator[Asked]:
    """One answer for each rule that was asked, and one for each that should have been."""
    answers = evidence.answers(policy.max_age)
    for rule in sorted(answers, key=lambda rule: (ORDER.get(rule, len(ORDER)), rule)):
        yield from _of_rule(policy, evidence, answers[rule])
    yield from _of_findings(policy, evidence, evidence.loose(policy.max_age))
    yield from _not_run(policy, evidence, answers)


def of_looks(policy: Policy, evidence: Evidence) -> Iterator[Asked]:
    """How often the family has looked at the sealed data."""
    if policy.test_looks is None:
        return
    needed = any(matches(pattern, LOOKS) for pattern in policy.require)
    subject = evidence.subject
    if not subject.sealed:
        says = "the run names no sealed test set, so nobody counted how often its test data was looked at"
        advice = "name it under `data:` with `sealed: true`, and score it with run.score_test"
        yield Asked("test looks", "not run", says, needed, advice=advice)
    for data in subject.sealed:
        yield _of_looks(policy.test_looks, evidence, data)


def _of_looks(most: int, evidence: Evidence, data: Dataset) -> Asked:
    rows = [row for row in evidence.looks if row.sealed == data.root]
    family = rows[-1].family if rows else evidence.subject.experiment.name
    audited = len(evidence.rescored)
    count = len(rows) + audited
    says = f"{count} of {most} looks at `{data.name}` by the family {family}"
    says += f", {audited} of them by audits with a model's predictions" if audited else ""
    measured = {"looks": count, "most": most, "data": data.name}
    if count <= most:
        return Asked("test looks", "passed", says, measured=measured)
    advice = "each look is a chance to choose what happens to fit the test set: take a fresh one"
    return _blocked(evidence, "test looks", f"{data.root} {count}", says, advice, measured)


def of_metrics(policy: Policy, evidence: Evidence) -> Iterator[Asked]:
    """Whether each metric is what it must be, and on which rows it stands."""
    for name, condition in policy.metrics.items():
        what = f"{name} {condition.at}" + (f" ({condition.by} end)" if condition.by != "value" else "")
        found = [score for score in evidence.scores(name) if condition.on in (None, score.source)]
        if not found:
            where = {"clean": "an audit with this model's predictions", "test": "run.score_test"}.get(
                condition.on or "", "neither the training, run.score_test nor an audit"
            )
            says = f"no value of {name} is known" + (f" from {where}" if condition.on else f": {where} gave one")
            yield Asked(what, "not run", says, blocks=True)
            continue
        yield _of_metric(evidence, name, what, condition, found[0])


def _of_metric(evidence: Evidence, name: str, what: str, condition: Condition, score: Score) -> Asked:
    if condition.by != "value" and score.interval is None:
        return Asked(what, "not run", f"{name} {score.value:.4g} {score.says}: its interval is not known", blocks=True)
    value = score.value if score.interval is None else getattr(score.interval, condition.by)
    measured = {"value": value, "on": score.source}
    says = f"{value:.4g} {score.says}"
    if condition.holds(value):
        return Asked(what, "passed", says, measured=measured)
    return _blocked(evidence, what, f"{name} {value!r}", says, "", measured)


def _blocked(evidence: Evidence, what: str, subject: str, says: str, advice: str, measured: dict[str, object]) -> Asked:
    """It blocks, unless somebody answers for exactly this."""
    binding = evidence.subject.binding
    made = Finding(what, "error", says, "certain", subject=f"{subject} {binding.model}")
    name = fingerprint(made, binding.data, binding.code)
    waiver = evidence.waivers.get(name)
    if waiver is not None:
        return Asked(what, "waived", f"{says}; {waiver.author}: {waiver.reason}", False, (name,), measured, advice)
    return Asked(what, "blocked", says, True, (name,), measured, advice)


def _of_rule(policy: Policy, evidence: Evidence, answered: Answered) -> Iterator[Asked]:
    rule, answer = answered.answer.rule, answered.answer
    if answer.status == "failed":
        if policy.action(rule) != "ignore" or policy.required(rule):
            says = f"it could not be run: {answer.why}"
            yield Asked(rule, "not run", says, policy.required(rule), advice=_again(evidence))
        return
    asked = list(_of_findings(policy, evidence, answered.findings))
    if asked or policy.action(rule) == "ignore":
        yield from asked
    else:
        yield Asked(rule, "passed", _clean(answer), status=answer.status)


def _of_findings(policy: Policy, evidence: Evidence, findings: Iterable[Finding]) -> Iterator[Asked]:
    """One answer a rule: its findings together."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        if policy.action(finding.rule) != "ignore":
            by_rule.setdefault(finding.rule, []).append(finding)
    for rule, found in by_rule.items():
        yield _together(rule, found, policy, evidence)


def _together(rule: str, found: list[Finding], policy: Policy, evidence: Evidence) -> Asked:
    blocking = {"block": ("error",), "strict": ("error", "warning")}.get(policy.action(rule), ())
    counted = [one for one in found if one.severity != "info"]
    waived = [one for one in counted if one.fingerprint in evidence.waivers]
    left = [one for one in counted if one.fingerprint not in evidence.waivers]
    blocks = [one for one in left if one.severity in blocking]
    if not counted:
        return Asked(rule, "passed", f"noted: {_told(found)}", status="findings")
    told = blocks or left or waived
    names = tuple(one.fingerprint for one in told)
    answers_for = [evidence.waivers[one.fingerprint] for one in waived]
    reasons = "; ".join(dict.fromkeys(f"{waiver.author}: {waiver.reason}" for waiver in answers_for))
    if blocks or left:
        beside = f"; waived beside it: {_told(waived)}; {reasons}" if waived else ""
        names += tuple(one.fingerprint for one in waived)
        result: Result = "blocked" if blocks else "warned"
        return Asked(rule, result, _told(told) + beside, bool(blocks), names, {}, told[0].advice)
    return Asked(rule, "waived", f"{_told(told)}; {reasons}", False, names)


def _not_run(policy: Policy, evidence: Evidence, answers: dict[str, Answered]) -> Iterator[Asked]:
    """Patterns of which not every rule was answered; where there is no audit at all, one answer for all of them."""
    if not evidence.audits:
        needed = any(policy.audits.get(one) != "ignore" for one in policy.audits) or set(policy.require) - {LOOKS}
        if needed:
            yield Asked("audits", "not run", _never(policy, evidence), blocks=True, advice=_again(evidence))
        return
    asked = [*(name for name, action in policy.audits.items() if action != "ignore"), *policy.require]
    said = {one.rule for answered in answers.values() for one in answered.findings}
    for pattern in dict.fromkeys(asked):
        meant = _meant(policy, pattern)
        missing = [rule for rule in meant if rule not in answers]
        answered = not missing if meant else any(matches(pattern, rule) for rule in (*answers, *said))
        if pattern == LOOKS or answered:
            continue
        blocks = policy.audits.get(pattern) in ("block", "strict") or pattern in policy.require
        what = "audits" if pattern == ANY else pattern
        names = f": {', '.join(missing)}" if missing not in ([], [pattern]) else ""
        yield Asked(what, "not run", _never(policy, evidence) + names, blocks, advice=_again(evidence))


def _meant(policy: Policy, pattern: str) -> list[str]:
    """The rules that an audit of a run always asks and that a pattern stands for; a more exact pattern speaks for its own."""
    named = [rule for rule in ALWAYS if matches(pattern, rule)]
    if pattern in policy.require:
        return named
    return [rule for rule in named if policy.pattern(rule) == pattern]


def _never(policy: Policy, evidence: Evidence) -> str:
    if not evidence.audits:
        return "this code and data were never audited"
    if policy.max_age is not None and evidence.at - evidence.audits[0].at > policy.max_age:
        days = (evidence.at - evidence.audits[0].at) / 86400
        return f"the last audit is {days:.0f} days old, the policy asks for one of the last {policy.max_age / 86400:g} days"
    return "no audit of this code and data asked it"


def _again(evidence: Evidence) -> str:
    return f"daybreak audit {evidence.subject.run}"


def _clean(answer: Answer) -> str:
    if answer.status == "not_applicable":
        return f"nothing to look at: {answer.why}"
    return "clean" + (f", on a sample of {sum(answer.looked_at.values()):,} rows" if answer.looked_at else "")


def _told(findings: list[Finding]) -> str:
    more = len(findings) - 1
    return findings[0].what + (f" (and {more} more)" if more else "")
