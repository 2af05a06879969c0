"""A test of champion and challenger, live: real servers, a population over HTTP, a readout, a ramp, a rollback."""

import pytest
from experiment_live import deployed

from daybreak.rollout.comparison import Rules
from daybreak.rollout.outcomes import Outcome
from daybreak.serving import desired
from daybreak.serving.experiment.record import grown
from daybreak.testing.packages import PYTHON, mlp, mlp_columns, python

pytestmark = pytest.mark.enable_socket

RULES = Rules(Outcome("conversion", "conversion", 0.05))
ROW = {"features": [0.1] * 64}
REFUSES = PYTHON.replace("(b < 0)", "(a > 50)")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    for version in (1, 2, 3):
        mlp(place / f"mlp-{version}", version=version)
        mlp_columns(place / f"income-{version}", version=version)
    python(place / "sum-1")
    python(place / "sum-2", version=2, code=REFUSES)
    return place


def test_a_better_challenger_is_told_while_a_ramp_moves_nobody_who_met_it(tmp_path, models):
    with deployed(tmp_path, models / "mlp-1", replicas=2) as shop:
        shop.begin(RULES, ("v2", models / "mlp-2", 0.2, "challenger"))
        met, pieces = {}, []
        for number in range(1_200):
            if number == 800:
                met_before = dict(met)
                met.clear()
                shop.change(lambda now: grown(now, {"v2": 0.5}, 0.0))
            status, told = shop.ask(ROW, f"customer {number % 400}")
            arm = told["id"].rsplit(".", 3)[0]
            assert (status, met.setdefault(number % 400, arm)) == (200, arm)
            assert told["version"] == {"champion": "1", "v2": "2"}[arm]
            if shop.rng.random() < {"champion": 0.05, "v2": 0.6}[arm]:
                pieces.append({"id": told["id"], "kind": "conversion"})
        assert {(old, met[number]) for number, old in met_before.items() if met[number] != old} == {("champion", "v2")}
        assert shop.feedback(pieces)[0] == 202

        told = shop.until(lambda told: told["verdict"]["state"] == "better" and told["arms"][1]["requests"] > 250)
        assert told["verdict"]["said"].startswith("v2 is better by ")
        assert sum(arm["requests"] for arm in told["arms"]) == 1_200
        assert [arm["weight"] for arm in told["arms"]] == [0.5, 0.5]
        assert not told["ratio"]["blocks"]
        assert told["readings"][0]["reading"]["low"] < 0.55 < told["readings"][0]["reading"]["high"]


def test_a_challenger_that_fails_is_taken_back_by_itself(tmp_path, models):
    with deployed(tmp_path, models / "sum-1") as shop:
        shop.begin(RULES, ("v2", models / "sum-2", 0.3, "challenger"))
        failed = [number for number in range(100) if not shop.arm({"a": 60, "b": 1}, f"customer {number}")]
        assert len(failed) > 5
        told = shop.until(lambda told: told["state"] == "ended")
        assert told["because"].startswith("v2 taken back: 100.00 % of its requests fail (v2), 0.00 % of the champion's")
        assert {shop.arm({"a": 60, "b": 1}, f"customer {number}") for number in range(100)} == {"champion"}
        assert [one.arm for one in desired.read(shop.folder).served] == ["champion"]


def test_a_shadow_is_compared_and_never_heard(tmp_path, models):
    with deployed(tmp_path, models / "mlp-1") as shop:
        twin, other = ("twin", models / "mlp-1", 1.0, "shadow"), ("other", models / "mlp-2", 0.5, "shadow")
        shop.begin(RULES, twin, other)
        rows = [{"features": shop.rng.normal(size=64).round(3).tolist()} for _ in range(200)]
        assert {shop.arm(row) for row in rows} == {"champion"}
        told = shop.until(lambda told: told["shadows"][0]["rows"] == 200)
        same, different = told["shadows"]
        assert (same["share"], same["largest"]) == (1.0, pytest.approx(0.0, abs=1e-6))
        assert different["share"] < 0.5
        assert 50 < different["rows"] < 150  # half of all units


def test_a_unit_may_be_a_field_whichever_face_is_asked(tmp_path, models):
    with deployed(tmp_path, models / "income-1") as shop:
        shop.begin(RULES, ("v2", models / "income-2", 0.5, "challenger"), unit="field:age")
        arms = {}
        for age in [*range(20, 60), *range(20, 60)]:
            arms.setdefault(age, set()).add(shop.arm({"age": age, "hours": 40, "gain": 0, "job": "clerk"}))
        assert all(len(met) == 1 for met in arms.values())
        assert len(set.union(*arms.values())) == 2

        def column(name, kind, value):
            return {"name": name, "datatype": kind, "shape": [1], "data": [value]}

        for age, met in arms.items():
            inputs = [column("age", "FP32", age), column("hours", "FP32", 40), column("gain", "INT64", 0)]
            asked = {"inputs": [*inputs, column("job", "BYTES", "clerk")]}
            status, told = shop.ask(asked, path="/v2/models/income/infer")
            assert (status, told["model_version"]) == (200, {"champion": "1", "v2": "2"}[next(iter(met))])
