"""The gate: what passes, what blocks, and that nothing is green that was not asked."""

import pytest
from gate_evidence import DAY, NOW, audit, every_answer, evidence, finding, look, rescore, run, scored
from msgspec.structs import replace

from daybreak.validation import policy, summing
from daybreak.validation.evidence import Evidence
from daybreak.validation.gate import decide
from daybreak.validation.records import Audited
from daybreak.validation.report import Answer
from daybreak.validation.waivers import Waiver

NOTHING = {"audits": {"*": "ignore"}, "test_looks": None}


def asked(decision, what):
    return next(one for one in decision.asked if one.what == what)


def results(decision):
    return {one.what: one.result for one in decision.asked}


def waived(*findings, until=NOW + DAY):
    made = (Waiver(one.fingerprint, "known", "ada", NOW - DAY, until, one.rule) for one in findings)
    return {one.fingerprint: one for one in made}


def test_a_run_whose_audits_are_all_clean_passes_the_default_policy():
    decision = decide(evidence(looks=[look()]))
    assert (decision.verdict, decision.exit_status) == ("passed", 0)
    assert decision.run == "3.1"


def test_a_run_that_was_never_audited_is_blocked_and_told_what_to_do():
    decision = decide(Evidence(run(), at=NOW))
    assert decision.verdict == "blocked"
    assert asked(decision, "audits").result == "not run"
    assert asked(decision, "audits").advice == "daybreak audit 3.1"


def test_an_error_blocks_and_says_how_to_go_on():
    subject = run()
    decision = decide(evidence(subject, audit(subject, finding())))
    answer = asked(decision, "overlap.exact")
    assert (decision.exit_status, answer.result, answer.blocks) == (1, "blocked", True)
    assert answer.says == "23 of 200 test rows stand in train"
    assert answer.advice == "split by content"


@pytest.mark.parametrize(
    ("severity", "action", "result"),
    [
        ("error", "block", "blocked"),
        ("error", "strict", "blocked"),
        ("error", "warn", "warned"),
        ("warning", "block", "warned"),
        ("warning", "strict", "blocked"),
        ("warning", "warn", "warned"),
        ("info", "strict", "passed"),
    ],
)
def test_what_follows_from_a_finding_is_what_the_policy_says_of_its_rule(severity, action, result):
    subject = run()
    found = evidence(subject, audit(subject, finding("shift", severity)))
    assert results(decide(found, policy.of({"audits": {"shift": action}, "test_looks": None})))["shift"] == result


def test_a_rule_that_is_ignored_is_not_in_the_answer():
    subject = run()
    found = evidence(subject, audit(subject, finding()))
    decision = decide(found, policy.of({"audits": {"*": "block", "overlap.exact": "ignore"}}))
    assert decision.verdict == "passed"
    assert "overlap.exact" not in results(decision)


def test_the_most_exact_pattern_counts_and_what_none_names_is_a_warning():
    given = policy.of(
        {"audits": {"overlap.*": "ignore", "overlap.near.*": "warn", "overlap.near.text": "strict"}}
    ).policy
    assert given.action("overlap.near.text") == "strict"
    assert given.action("overlap.near.image") == "warn"
    assert given.action("overlap.exact") == "ignore"
    assert given.action("shift") == "warn"


def test_findings_of_code_belong_to_its_audit_under_their_own_names():
    subject = run()
    leak = finding("code.fit_before_split", "error", "train.py:3", "a scaler is fitted on all rows")
    found = evidence(subject, audit(subject, leak))
    assert results(decide(found, policy.of({"audits": {"code.*": "block"}})))["code.fit_before_split"] == "blocked"
    assert results(decide(found, policy.of({"audits": {"code.*": "warn"}})))["code.fit_before_split"] == "warned"


def test_what_was_odd_about_the_files_counts_too():
    subject = run()
    found = evidence(subject, audit(subject, finding("input.quotes", "warning", what="2 rows were swallowed")))
    assert results(decide(found))["input.quotes"] == "warned"
    assert results(decide(found, policy.of({"audits": {"input.*": "strict"}})))["input.quotes"] == "blocked"


class TestNotRunIsNeverGreen:
    def test_an_audit_that_failed(self):
        subject = run()
        decision = decide(evidence(subject, audit(subject, answers=every_answer(target_leak="failed"))))
        answer = asked(decision, "target_leak")
        assert (answer.result, answer.blocks) == ("not run", True)
        assert "no numbers" in answer.says

    def test_an_audit_that_was_left_out(self):
        subject = run()
        decision = decide(evidence(subject, audit(subject, answers=(Answer("overlap.exact", "clean"),))))
        assert decision.verdict == "blocked"
        assert asked(decision, "code").result == "not run"

    def test_one_that_is_only_to_warn_lets_pass_with_a_warning(self):
        subject = run()
        given = policy.of({"audits": {"overlap.exact": "block", "shift": "warn"}, "test_looks": None})
        decision = decide(evidence(subject, audit(subject, answers=(Answer("overlap.exact", "clean"),))), given)
        assert (asked(decision, "shift").result, decision.verdict) == ("not run", "passed with warnings")

    def test_one_that_is_required_whatever_follows(self):
        subject = run()
        given = policy.of({"audits": {"overlap.exact": "block", "shift": "warn"}, "require": ["shift"]})
        decision = decide(evidence(subject, audit(subject, answers=(Answer("overlap.exact", "clean"),))), given)
        assert decision.verdict == "blocked"

    def test_one_that_is_too_old(self):
        subject = run()
        decision = decide(evidence(subject, audit(subject, days=40)), policy.of({"max_age": "30d"}))
        assert decision.verdict == "blocked"
        assert "40 days old" in asked(decision, "audits").says

    def test_a_rule_that_has_nothing_to_look_at_was_run(self):
        subject = run()
        decision = decide(evidence(subject, audit(subject, answers=every_answer(groups="not_applicable"))))
        assert asked(decision, "groups").result == "passed"
        assert "nothing to look at" in asked(decision, "groups").says

    def test_a_metric_that_nobody_measured(self):
        decision = decide(evidence(), policy.of({"metrics": {"auc": ">= 0.9"}, **NOTHING}))
        assert (decision.verdict, asked(decision, "auc >= 0.9").result) == ("blocked", "not run")


class TestAuditsJoin:
    def test_answers_of_several_audits_of_one_run_are_put_together(self):
        subject = run()
        data = audit(subject, answers=every_answer()[:-1], days=2)
        code = audit(subject, answers=every_answer()[-1:], days=1)
        assert decide(evidence(subject, code, data, looks=[look()])).verdict == "passed"

    def test_a_later_audit_that_failed_takes_nothing_back(self):
        subject = run()
        again = audit(subject, answers=every_answer(shift="failed"))
        assert decide(evidence(subject, again, audit(subject, days=1), looks=[look()])).verdict == "passed"

    def test_a_look_at_a_sample_does_not_clear_what_a_look_at_all_rows_found(self):
        subject = run()
        sample = audit(subject, answers=(Answer("overlap.exact", "clean", looked_at={"train": 10, "test": 10}),))
        assert decide(evidence(subject, sample, audit(subject, finding(), days=1))).verdict == "blocked"

    def test_a_newer_look_at_as_much_replaces_an_older_one(self):
        subject = run()
        assert decide(evidence(subject, audit(subject), audit(subject, finding(), days=1))).verdict != "blocked"


class TestLooks:
    def test_more_looks_than_the_policy_allows_block(self):
        looks = [look(number) for number in (1, 2, 3, 4)]
        decision = decide(evidence(looks=looks))
        assert asked(decision, "test looks").says == "4 of 3 looks at `test` by the family digits"
        assert decision.verdict == "blocked"

    def test_as_many_as_it_allows_pass(self):
        assert decide(evidence(looks=[look(number) for number in (1, 2, 3)])).verdict == "passed"

    def test_a_waiver_of_too_many_looks_is_void_at_the_next_look(self):
        looks = [look(number) for number in (1, 2, 3, 4)]
        name = asked(decide(evidence(looks=looks)), "test looks").fingerprints[0]
        known = {name: Waiver(name, "two were reruns", "ada", NOW, NOW + DAY)}
        assert asked(decide(evidence(looks=looks, waivers=known)), "test looks").result == "waived"
        assert asked(decide(evidence(looks=[*looks, look(5)], waivers=known)), "test looks").result == "blocked"

    def test_an_audit_that_scored_a_model_has_looked_once_however_often_it_was_run(self):
        subject = run()
        audits = [audit(subject, rescore=rescore(), days=days) for days in (0, 1)]
        decision = decide(evidence(subject, *audits, looks=[look(number) for number in (1, 2, 3)]))
        assert asked(decision, "test looks").measured["looks"] == 4
        baseline = audit(subject, rescore=rescore(scored("boosted trees", here=True)))
        assert asked(decide(evidence(subject, baseline)), "test looks").measured["looks"] == 0

    def test_without_a_sealed_test_set_nobody_counted(self):
        decision = decide(evidence(run(sealed=False)))
        assert asked(decision, "test looks").result == "not run"
        assert decision.verdict == "passed with warnings"
        assert decide(evidence(run(sealed=False)), policy.of({"require": "test_looks"})).verdict == "blocked"


class TestMetrics:
    def decision(self, condition, **known):
        return decide(evidence(**known), policy.of({"metrics": {"accuracy": condition}, **NOTHING})).asked[0]

    def test_clean_rows_go_before_the_sealed_test_and_that_before_what_was_reported(self):
        subject = run()
        audited = audit(subject, rescore=rescore())
        looks = [look(accuracy=0.93)]
        clean = decide(
            evidence(subject, audited, looks=looks), policy.of({"metrics": {"accuracy": ">= 0.92"}, **NOTHING})
        )
        assert clean.asked[0].says.startswith("0.91 on 177 clean test rows")
        assert clean.asked[0].result == "blocked"
        assert self.decision(">= 0.92", looks=looks).says.startswith("0.93 on sealed data `test`")
        assert self.decision(">= 0.4").says.startswith("0.5 as the training reported it")

    def test_a_policy_may_name_the_rows(self):
        subject = run()
        told = {"at": ">= 0.92", "on": "test"}
        found = evidence(subject, audit(subject, rescore=rescore()), looks=[look(accuracy=0.93)])
        assert decide(found, policy.of({"metrics": {"accuracy": told}, **NOTHING})).asked[0].result == "passed"
        assert self.decision({"at": ">= 0.1", "on": "clean"}).result == "not run"

    def test_a_policy_may_ask_the_lower_end_of_the_interval(self):
        subject = run()
        found = evidence(subject, audit(subject, rescore=rescore()))
        low = policy.of({"metrics": {"accuracy": {"at": ">= 0.9", "by": "low"}}, **NOTHING})
        assert decide(found, low).asked[0].result == "blocked"
        assert self.decision({"at": ">= 0.4", "by": "low"}).result == "not run"  # a reported value has no interval

    def test_a_baseline_that_the_audit_fitted_is_not_the_model(self):
        subject = run()
        audited = audit(subject, rescore=rescore(scored("boosted trees", here=True)))
        found = decide(evidence(subject, audited), policy.of({"metrics": {"accuracy": ">= 0.4"}, **NOTHING}))
        assert found.asked[0].measured["on"] == "reported"

    def test_scores_of_another_checkpoint_are_not_its_scores(self):
        subject, other = run(), run(trial=2, model="99" * 32)
        audited = audit(other, rescore=rescore())
        found = decide(evidence(subject, audited), policy.of({"metrics": {"accuracy": ">= 0.4"}, **NOTHING}))
        assert found.asked[0].measured["on"] == "reported"

    def test_not_a_number_is_never_good_enough(self):
        assert self.decision("<= 0.5", looks=[look(accuracy=float("nan"))]).result == "blocked"


class TestWaivers:
    def test_a_finding_that_somebody_answers_for_lets_pass_and_is_told(self):
        subject = run()
        audited = audit(subject, finding())
        decision = decide(evidence(subject, audited, looks=[look()], waivers=waived(*audited.report.findings)))
        answer = asked(decision, "overlap.exact")
        assert (decision.verdict, answer.result) == ("passed with warnings", "waived")
        assert answer.says.endswith("; ada: known")
        assert decision.waivers == (audited.report.findings[0].fingerprint,)

    def test_one_of_two_findings_is_not_enough(self):
        subject = run()
        audited = audit(subject, finding(subject="a"), finding(subject="b"))
        decision = decide(evidence(subject, audited, waivers=waived(audited.report.findings[0])))
        assert decision.verdict == "blocked"

    @pytest.mark.parametrize("changed", [{"code": "d0" * 32}, {"data": {"train": "00" * 32, "test": "bb" * 32}}])
    def test_it_is_void_when_code_or_data_changes(self, changed):
        subject = run()
        before = audit(subject, finding())
        binding = replace(subject.binding, **changed)
        found = summing.findings([finding()], binding.data, binding.code)
        after = Audited("3.1", binding, replace(before.report, findings=found), NOW)
        decision = decide(evidence(subject, after, waivers=waived(*before.report.findings)))
        assert decision.verdict == "blocked"


def test_a_pattern_asks_for_every_rule_that_it_names():
    subject = run()
    found = evidence(subject, audit(subject, answers=(Answer("overlap.exact", "clean"), Answer("shift", "clean"))))

    near = asked(decide(found, policy.of({"audits": {"overlap.*": "block"}})), "overlap.*")
    every = asked(decide(found, policy.of({})), "audits")

    assert (near.result, near.blocks) == ("not run", True)
    assert "overlap.near.text" in near.says
    assert "overlap.exact" not in near.says
    assert every.blocks
    assert "target_leak" in every.says


def test_a_score_is_clean_only_where_clean_rows_were_looked_for_and_are_enough():
    subject, given = run(sealed=False), policy.of(NOTHING | {"metrics": {"accuracy": {"at": ">= 0.9", "on": "clean"}}})
    line = scored(clean=None)
    all_overlap, not_searched = rescore(line), replace(rescore(line), overlapping_rows=0, searched=False)
    searched = replace(rescore(line), overlapping_rows=0)

    said = [
        asked(decide(evidence(subject, audit(subject, rescore=one)), given), "accuracy >= 0.9").result
        for one in (all_overlap, not_searched, searched)
    ]

    assert said == ["not run", "not run", "passed"]


def test_who_answers_for_a_finding_is_named_though_another_is_left():
    subject = run()
    made = audit(subject, finding("groups", "error", "patient"), finding("groups", "warning", "site"))
    error, left = made.report.findings

    decision = decide(evidence(subject, made, waivers=waived(error), looks=[look()]))

    assert asked(decision, "groups").result == "warned"
    assert "ada: known" in asked(decision, "groups").says
    assert decision.waivers == (error.fingerprint,)
    assert asked(decision, "groups").fingerprints == (left.fingerprint, error.fingerprint)


def test_a_finding_belongs_to_the_most_exact_rule_that_was_asked():
    subject = run()
    answers = (*every_answer(), Answer("test_better.model", "findings"))
    found = evidence(subject, audit(subject, finding("test_better.model", "warning"), answers=answers), looks=[look()])
    named = [one.what for one in decide(found).asked]
    assert named.count("test_better.model") == 1
    assert results(decide(found))["test_better"] == "passed"
    assert policy.of({"audits": {"test_better.model": "warn"}})
