"""The line beside a result: what was audited, of exactly this code and data; what cannot be known is said."""

import pytest
from gate_evidence import NOW, audit, every_answer, finding, look, rescore, run

from daybreak.base.home import Home
from daybreak.provenance.data.manifest import Manifest, store
from daybreak.validation import records
from daybreak.validation.standing import standing
from daybreak.vault.store import Vault


class Client:
    """A home, and the looks that its controller knows."""

    def __init__(self, home, looks=()):
        self.home = home
        self.known = list(looks)

    def looks(self, experiment):
        return self.known


@pytest.fixture
def subject(tmp_path):
    """Trial 3.1, its manifests in the vault."""
    home = Home(tmp_path)
    home.vault.mkdir()
    made = run(tmp_path)
    for name, one in made.datasets.items():
        manifest = store(Vault(home.vault), Manifest("files", one.root, ()))
        made.experiment.spec["data"][name]["manifest"] = manifest
    return made


def told(subject, looks=()):
    return standing(Client(subject.home, looks), subject.experiment, 1)


def test_a_run_that_nobody_audited(subject):
    found = told(subject)
    assert found.verdict == "not audited"
    assert found.lines[0].startswith("not audited: daybreak audit 3.1")


@pytest.mark.parametrize(
    ("findings", "verdict", "says"),
    [
        ([], "clean", "audited: nothing found: daybreak gate 3.1"),
        ([finding("shift", "warning")], "findings", "audited: 1 warning: daybreak gate 3.1"),
        (
            [finding(), finding("groups"), finding(subject="b")],
            "blocked",
            "audited: blocked by overlap.exact, groups: ",
        ),
    ],
)
def test_what_the_last_audit_found(subject, findings, verdict, says):
    records.keep(subject, audit(subject, finding("time"), days=1).report)
    records.keep(subject, audit(subject, *findings).report)
    found = told(subject)
    assert found.verdict == verdict
    assert found.says.startswith(says)


def test_what_could_not_be_run_is_told(subject):
    records.keep(subject, audit(subject, answers=every_answer(groups="failed")).report)
    assert "nothing found; groups could not be run" in told(subject).says


def test_an_audit_of_other_code_is_none(subject):
    records.keep(subject, audit(subject).report)
    subject.experiment.spec["code"] = "d0" * 32
    assert told(subject).verdict == "not audited"


def test_where_nothing_was_captured_only_audits_of_this_experiment_count(tmp_path):
    from dataclasses import replace

    bare = run(tmp_path, code="")
    spec = bare.spec.model_copy(update={"data": {}})
    bare = replace(bare, spec=spec, datasets={})
    bare.experiment.spec["data"] = {}
    records.keep(bare, audit(bare).report)
    assert told(bare).verdict == "clean"
    bare.experiment.experiment = 4
    assert standing(Client(bare.home), bare.experiment, 1).verdict == "not audited"


def test_looks_are_counted_at_the_data_that_is_sealed_here(subject):
    found = told(subject, [look(1), look(2), look(3, sealed="00" * 32)])
    assert found.lines[1] == "test looked at 2 times"
    assert told(subject, [look(1)]).lines[1] == "test looked at once"


@pytest.mark.parametrize("hurt", ["manifest", "record"])
def test_what_cannot_be_known_is_said_and_never_raised(subject, hurt):
    file = records.keep(subject, audit(subject, rescore=rescore()).report)
    if hurt == "record":
        file.write_text(file.read_text().replace(str(NOW), "1.0"))
    else:
        subject.experiment.spec["data"]["test"]["manifest"] = "ee" * 32
    found = told(subject)
    assert found.verdict == "unknown"
    assert found.says.startswith("whether it was audited is not known: ")
