"""The facts that users of the adaptive-ASHA family rely on, and textbook promotion. The same table stands in a file shared by
several projects; where that file is there, it must say nothing else."""

from pathlib import Path

import pytest
import yaml
from search_methods_driving import drive, ends, experiment, searcher

from daybreak.search.brackets import adaptive_brackets, bracket_trials
from daybreak.search.plan import plan
from daybreak.search.rungs import rung_lengths, whole_log
from daybreak.spec.models import Search

FACTS = yaml.safe_load("""
rung_lengths:
  - {rungs: 3, max_units: 9,   divisor: 3, expect: [1, 3, 9]}
  - {rungs: 4, max_units: 10,  divisor: 2, expect: [1, 2, 5, 10]}
  - {rungs: 1, max_units: 9,   divisor: 3, expect: [9]}
  - {rungs: 3, max_units: 900, divisor: 3, expect: [100, 300, 900]}
bracket_trials:
  - {max_trials: 20,  divisor: 3, bracket_rungs: [3, 2, 1], expect: [12, 5, 3]}
  - {max_trials: 50,  divisor: 3, bracket_rungs: [4, 3],    expect: [35, 15]}
  - {max_trials: 50,  divisor: 4, bracket_rungs: [3, 2],    expect: [37, 13]}
  - {max_trials: 100, divisor: 4, bracket_rungs: [4, 3, 2], expect: [70, 22, 8]}
brackets:
  - {mode: standard,     max_trials: 10, max_units: 100,  divisor: 4, max_concurrent: 2, expect: [[2, 7, 1], [1, 3, 1]]}
  - {mode: conservative, max_trials: 10, max_units: 1000, divisor: 3, max_concurrent: 5, expect: [[3, 7, 2], [2, 2, 2], [1, 1, 1]]}
plans:
  - {mode: standard, max_rungs: 10, max_trials: 10,  max_units: 900, divisor: 3, expect: {100: 5, 300: 3, 900: 2}, total_units: 3200}
  - {mode: standard, max_rungs: 5,  max_trials: 16,  max_units: 937, divisor: 4, expect: {58: 9, 234: 5, 937: 2}, total_units: 3566}
  - {mode: standard, max_rungs: 5,  max_trials: 100, max_units: 64,  divisor: 4, expect: {1: 53, 4: 30, 16: 13, 64: 4}, total_units: 637}
stopping:
  - {rungs: 3, max_units: 900, divisor: 3, max_trials: 10, expect: {900: 1, 100: 9}}
promotion:
  - {rungs: 3, divisor: 3, max_trials: 12, max_units: 9000, total_units: 26000,
     expect_lengths: {1: [1000, 3000, 9000], 2-4: [1000, 3000], 5-12: [1000]}}
exact_log:
  - {divisor: 3, max_units: 243, rungs: 6}
  - {divisor: 3, max_units: 59049, rungs: 11}
  - {divisor: 10, max_units: 1000, rungs: 4}
""")
SHARED = Path(__file__).parents[4] / "shared" / "conformance" / "search.yaml"


def facts(name):
    return pytest.mark.parametrize("fact", FACTS[name], ids=str)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared table is not on this machine")
def test_the_shared_table_says_the_same():
    shared = yaml.safe_load(SHARED.read_text())
    assert {name: shared[name] for name in FACTS} == FACTS
    assert set(shared) - set(FACTS) == {"grid", "one_report_rule"}  # grids: the samplers' tests; the rule: below


@facts("rung_lengths")
def test_rung_lengths(fact):
    assert rung_lengths(fact["rungs"], fact["max_units"], fact["divisor"]) == fact["expect"]


@facts("bracket_trials")
def test_bracket_trials(fact):
    assert bracket_trials(fact["max_trials"], fact["divisor"], fact["bracket_rungs"]) == fact["expect"]


def adaptive(fact, **more):
    return {
        "method": "adaptive_asha",
        "brackets": fact["mode"],
        "max_trials": fact["max_trials"],
        "max_units": fact["max_units"],
        "reduction": fact["divisor"],
    } | more


@facts("brackets")
def test_brackets(fact):
    search = Search(**adaptive(fact, max_concurrent=fact["max_concurrent"]))
    brackets = adaptive_brackets(search, fact["max_trials"])
    assert [[b.rungs, b.trials, b.concurrent] for b in brackets] == fact["expect"]


@facts("plans")
def test_plans(fact):
    planned = plan(experiment(**adaptive(fact, max_rungs=fact["max_rungs"])))
    assert planned.ends == fact["expect"]
    assert planned.units == fact["total_units"]


@facts("plans")
def test_a_search_that_gets_ever_worse_values_spends_no_more_than_the_plan_and_fills_its_brackets(fact):
    method = searcher(**adaptive(fact, max_rungs=fact["max_rungs"], guard=0.0))
    lengths = drive(method, lambda trial, units: trial)
    assert len(lengths) == fact["max_trials"]
    firsts = {b.lengths[0]: b.trials for b in adaptive_brackets(method_spec(fact), fact["max_trials"])}
    started = {units: sum(reached[0] == units for reached in lengths.values()) for units in firsts}
    assert started == firsts


def method_spec(fact):
    return Search(**adaptive(fact, max_rungs=fact["max_rungs"]))


@facts("stopping")
def test_stopping(fact):
    method = searcher(
        method="asha_stopping",
        max_rungs=fact["rungs"],
        max_units=fact["max_units"],
        reduction=fact["divisor"],
        max_trials=fact["max_trials"],
        guard=0.0,
    )
    assert ends(drive(method, lambda trial, units: trial)) == dict(sorted(fact["expect"].items()))


@facts("promotion")
def test_promotion(fact):
    options = {
        "method": "asha",
        "max_rungs": fact["rungs"],
        "max_units": fact["max_units"],
        "reduction": fact["divisor"],
        "max_trials": fact["max_trials"],
        "guard": 0.0,
    }
    lengths = drive(searcher(**options), lambda trial, units: trial / 100)
    assert lengths == dict(spread(fact["expect_lengths"]))
    assert sum(reached[-1] for reached in lengths.values()) == fact["total_units"]
    assert plan(experiment(**options)).units == fact["total_units"]


def spread(expected):
    """{"2-4": x} as (2, x), (3, x), (4, x)."""
    for trials, lengths in expected.items():
        low, _, high = str(trials).partition("-")
        for trial in range(int(low), int(high or low) + 1):
            yield trial, lengths


@facts("exact_log")
def test_exact_logarithms(fact):
    assert whole_log(fact["max_units"], fact["divisor"]) + 1 == fact["rungs"]
    assert whole_log(fact["max_units"] - 1, fact["divisor"]) + 1 == fact["rungs"] - 1


def test_one_report_rule_a_tie_goes_on():
    method = searcher(method="asha_stopping", max_units=9, max_rungs=2, reduction=3, max_trials=7, guard=0.0)
    lengths = drive(method, lambda trial, units: [5, 5, 6, 4, 4, 5, 4][trial - 1])
    went_on = [trial for trial, reached in lengths.items() if len(reached) == 2]
    # 1: alone; 2: ties with the best; 3: worse; 4: best; 5: ties; 6: n = 6, cut at the 2nd best (4); 7: ties with it
    assert went_on == [1, 2, 4, 5, 7]
