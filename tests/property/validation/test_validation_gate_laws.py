"""Laws of the gate, whatever the audits said and whatever the policy asks: not run is never green, and stricter never lets more pass."""

from hypothesis import given
from hypothesis import strategies as st

from daybreak.audit.outcome import Finding
from daybreak.base.home import Home
from daybreak.spec.models import DataSource, Experiment, Objective
from daybreak.testing.ledger_contract import experiment_row, trial_row
from daybreak.validation import summing
from daybreak.validation.evidence import Evidence
from daybreak.validation.gate import decide
from daybreak.validation.policy import Given, Policy
from daybreak.validation.records import Audited
from daybreak.validation.report import Answer, Report
from daybreak.validation.subject import Dataset, Subject
from daybreak.validation.waivers import Waiver

RULES = ("overlap.exact", "overlap.near.text", "target_leak", "groups", "shift", "code")
PATTERNS = (*RULES, "overlap.*", "*")
STRICTNESS = ("ignore", "warn", "block", "strict")
NOW = 1_800_000_000.0

answers = st.dictionaries(st.sampled_from(RULES), st.sampled_from(["clean", "failed", "not_applicable"]))
findings = st.lists(
    st.tuples(st.sampled_from(RULES), st.sampled_from(["error", "warning", "info"]), st.sampled_from("abc")), max_size=4
)
audits = st.lists(st.tuples(answers, findings), max_size=3)
policies = st.builds(
    Policy,
    audits=st.dictionaries(st.sampled_from(PATTERNS), st.sampled_from(STRICTNESS)),
    require=st.lists(st.sampled_from(PATTERNS), max_size=2).map(tuple),
    test_looks=st.none() | st.integers(0, 2),
)


def evidence(told, waived=()):
    """Of a run without sealed data."""
    spec = Experiment(
        name="d", run="t:m", code="c0", objectives=(Objective(metric="a"),), data={"train": DataSource(path="x")}
    )
    data = {"train": Dataset("train", "/x", "m", "aa", {}, sealed=False)}
    subject = Subject(Home("/nowhere"), experiment_row(3), trial_row(1, 3), spec, data, None, None)
    made = [_audited(subject, answered, found, NOW - age) for age, (answered, found) in enumerate(told)]
    names = [one.fingerprint for audit in made for one in audit.report.findings]
    known = {name: Waiver(name, "r", "a", NOW, NOW + 1) for place, name in enumerate(names) if place in waived}
    return Evidence(subject, tuple(made), (), known, NOW)


def _audited(subject, answered, found, at):
    said = dict(answered) | {rule: "findings" for rule, _, _ in found}
    made = [Finding(rule, severity, "w", "high", subject=about) for rule, severity, about in found]
    report = Report(
        findings=summing.findings(made, subject.binding.data, subject.binding.code),
        answers=tuple(Answer(rule, status) for rule, status in said.items()),
        rows={"train": 1},
        at=at,
    )
    return Audited("3.1", subject.binding, report, at)


@given(audits, policies)
def test_what_must_be_asked_and_was_not_answered_blocks(told, policy):
    decision = decide(evidence(told), Given(policy, "p"))
    answered = {
        rule
        for said, found in told
        for rule in [*(r for r, s in said.items() if s != "failed"), *(f[0] for f in found)]
    }
    for rule in RULES:
        exact = policy.audits.get(rule) in ("block", "strict") or rule in policy.require
        if exact and rule not in answered:
            assert decision.verdict == "blocked", rule


@given(audits, policies)
def test_what_passes_passed_everywhere(told, policy):
    decision = decide(evidence(told), Given(policy, "p"))
    assert (decision.verdict == "passed") == all(one.result == "passed" for one in decision.asked)
    assert (decision.exit_status == 1) == any(one.blocks for one in decision.asked)
    assert not any(one.blocks and one.result not in ("blocked", "not run") for one in decision.asked)


@given(audits, policies, st.sampled_from(PATTERNS))
def test_a_stricter_policy_lets_nothing_more_pass(told, policy, pattern):
    before = decide(evidence(told), Given(policy, "p"))
    level = STRICTNESS.index(policy.audits.get(pattern, "warn"))
    stricter = [name for name in STRICTNESS[level:] if pattern in policy.audits]
    for action in stricter:
        changed = policy.model_copy(update={"audits": policy.audits | {pattern: action}})
        if before.verdict == "blocked":
            assert decide(evidence(told), Given(changed, "p")).verdict == "blocked"


@given(audits, policies, st.sets(st.integers(0, 8)))
def test_waivers_unblock_findings_alone(told, policy, waived):
    """What was not run stays not run, and nothing is blocked for a waiver."""
    before, after = (decide(evidence(told, which), Given(policy, "p")) for which in ((), waived))
    not_run = [one for one in before.asked if one.result == "not run"]
    assert [one for one in after.asked if one.result == "not run"] == not_run
    assert {one.what for one in after.asked if one.blocks} <= {one.what for one in before.asked if one.blocks}


@given(audits, policies)
def test_the_same_evidence_gives_the_same_answer(told, policy):
    assert decide(evidence(told), Given(policy, "p")) == decide(evidence(told), Given(policy, "p"))
