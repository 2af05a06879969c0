"""The gate judges the very version that an alias will point at, as it was registered."""

import msgspec
import pytest

from daybreak.base.errors import DamagedFile, NotFound, UsageError
from daybreak.base.home import Home
from daybreak.export.parity import Parity
from daybreak.registry import package
from daybreak.registry.package import Package, Runtime
from daybreak.registry.store import Registry
from daybreak.release import promotion, reported
from daybreak.release.reported import Held
from daybreak.signature.fields import Field, Output, Signature
from daybreak.validation import policy

SIGNATURE = Signature((Field("x", "tensor", shape=(4,)),), (Output("y", "label", classes=("a", "b")),))
ACCURATE = policy.of({"metrics": {"accuracy": ">= 0.9"}})


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def register(home, verdict="passed", accuracy=0.95, held=()):
    registry = Registry(home)
    with registry.staging() as folder:
        (folder / "model.onnx").write_bytes(b"weights")
        (folder / "parity.json").write_bytes(msgspec.json.encode(Parity(verdict, "300 rows were compared")))
        if held:
            reported.write(folder, held)
        return registry.add(
            folder, Package("digits", 0, 0.0, SIGNATURE, Runtime("onnx"), metrics={"accuracy": accuracy})
        )


def results(home, reference="digits@1", given=ACCURATE):
    asked = promotion.ask(home, Registry(home).find(reference), given).asked
    return {one.what: one.result for one in asked}


def test_a_foreign_model_is_asked_for_parity_and_metrics_and_its_audits_are_not_run(home):
    register(home)
    assert results(home) == {"audits": "not run", "parity": "passed", "accuracy >= 0.9": "passed"}
    register(home, verdict="failed", accuracy=0.8)
    assert results(home, "digits@2") == {"audits": "not run", "parity": "blocked", "accuracy >= 0.9": "blocked"}
    register(home, verdict="not run")
    assert results(home, "digits@3")["parity"] == "not run"


@pytest.mark.parametrize(
    ("outcomes", "result", "blocks"),
    [
        (["agrees"], "passed", False),
        (["agrees", "differs"], "blocked", True),
        (["not known"], "not run", False),
        (["agrees", "not known"], "passed", False),
    ],
)
def test_an_export_that_is_not_what_training_reported_is_blocked(home, outcomes, result, blocks):
    register(home, held=[Held("accuracy", "accuracy", one, f"it {one}") for one in outcomes])
    (found,) = [
        one for one in promotion.ask(home, Registry(home).find("digits@1"), ACCURATE).asked if one.what == "metrics"
    ]
    assert (found.result, found.blocks, bool(found.advice)) == (result, blocks, blocks)


def test_it_moves_only_despite_the_gate_and_for_a_reason(home):
    register(home)
    found = Registry(home).find("digits@1")
    with pytest.raises(promotion.Blocked, match="audits blocked"):
        promotion.promote(home, found, "production", ACCURATE)
    with pytest.raises(UsageError, match="says why"):
        promotion.promote(home, found, "production", ACCURATE, despite=True)
    moved = promotion.promote(home, found, "production", ACCURATE, despite=True, reason="the lab")
    assert moved.entry.decision["verdict"] == "despite the gate"
    assert moved.entry.decision["blocked"] == "audits"


def test_what_to_do_next_names_the_version_and_the_alias(home):
    register(home, accuracy=0.8)
    found = Registry(home).find("digits@1")
    with pytest.raises(promotion.Blocked) as caught:
        promotion.promote(home, found, "production", ACCURATE)
    audits, _, accuracy = caught.value.decision.asked
    despite = "despite the gate, saying why: daybreak model alias digits@1 production --despite --reason TEXT"
    assert audits.advice == f"move the alias {despite}"
    assert accuracy.advice == f"register a better version, or move the alias {despite}"
    moved = promotion.promote(home, found, "production", ACCURATE, despite=True, reason="the lab")
    assert [one.advice for one in moved.decision.asked] == ["", "", "register a better version"]


def test_a_folder_elsewhere_is_not_judged_in_place_of_the_version_it_names(home, tmp_path):
    register(home, verdict="failed")
    other = Home(tmp_path / "other")
    register(other)
    folder = Registry(other).folder("digits", 1)
    with pytest.raises(UsageError, match="points at a registered version"):
        promotion.ask(home, Registry(home).find(str(folder)), ACCURATE)


def test_a_package_that_was_sealed_again_is_not_what_was_registered(home):
    register(home, verdict="failed")
    folder = Registry(home).folder("digits", 1)
    (folder / "parity.json").write_bytes(msgspec.json.encode(Parity("passed", "believe me")))
    package.seal(folder, package.read(folder))
    with pytest.raises(DamagedFile, match="not what was registered"):
        results(home)


def test_a_rollback_asks_nobody_but_goes_only_where_the_alias_was(home):
    register(home)
    register(home)
    registry = Registry(home)
    for version in (1, 2):
        promotion.promote(home, registry.find(f"digits@{version}"), "production", ACCURATE, despite=True, reason="x")
    register(home)
    with pytest.raises(NotFound, match="has never been production"):
        promotion.rollback(home, "digits", "production", to=3)
    entry, before = promotion.rollback(home, "digits", "production")
    assert (entry.version, before) == (1, 2)
