"""What is served is what was registered, and takes the rows that its clients send."""

import msgspec
import pytest

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.base.home import Home
from daybreak.registry import package
from daybreak.registry.store import Registry
from daybreak.serving import deploying
from daybreak.serving.deployment import Deployment
from daybreak.serving.following import moved
from daybreak.testing import packages

DECISION = {"verdict": "passed"}


@pytest.fixture
def registry(tmp_path):
    """income 1 and 2 take columns, income 3 one tensor; production is 1."""
    made = Registry(Home(tmp_path))
    for make in (packages.mlp_columns, packages.mlp_columns, packages.mlp):
        with made.staging() as staged:
            made.add(staged, make(staged, name="income"))
    made.move("income", "production", 1, decision=DECISION)
    return made


@pytest.fixture
def wanted(tmp_path, registry):
    return Deployment("shop", (deploying.served(Home(tmp_path), "income@production"),))


def altered(registry, version):
    """One that was sealed anew: its files and its record agree, and are not what was registered."""
    folder = registry.folder("income", version)
    with (folder / package.EXAMPLES).open("ab") as examples:
        examples.write(b"\n")
    package.seal(folder, package.read(folder))
    package.verify(folder)


def test_a_version_that_was_sealed_anew_is_not_deployed(tmp_path, registry):
    altered(registry, 2)
    with pytest.raises(DamagedFile, match="income@2 is not what was registered"):
        deploying.served(Home(tmp_path), "income@2")
    assert deploying.served(Home(tmp_path), str(registry.folder("income", 1))).version == 1


def test_an_alias_is_not_followed_to_a_version_that_was_sealed_anew(registry, wanted):
    altered(registry, 2)
    registry.move("income", "production", 2, decision=DECISION)
    with pytest.raises(DamagedFile, match="income@2 is not what was registered"):
        moved(wanted, registry)


def test_an_alias_is_not_followed_to_other_inputs(registry, wanted):
    registry.move("income", "production", 2, decision=DECISION)
    assert moved(wanted, registry).served[0].version == 2
    registry.move("income", "production", 3, decision=DECISION)
    with pytest.raises(UsageError, match="swap shop income@production --arm champion --other-inputs"):
        moved(wanted, registry)


def test_a_swap_to_other_inputs_is_said_to_be_meant(tmp_path, registry, wanted):
    other = deploying.served(Home(tmp_path), "income@3")
    with pytest.raises(UsageError, match=r"age: \w+ before, none now.*features: none before, tensor 64 now"):
        deploying.swapped(wanted, other)
    assert deploying.swapped(wanted, other, other_inputs=True).served == (other,)


def test_what_is_served_no_more_cannot_be_compared_and_holds_no_swap_up(tmp_path, registry, wanted):
    gone = msgspec.structs.replace(wanted.served[0], package=str(tmp_path / "gone"))
    before = msgspec.structs.replace(wanted, served=(gone,))
    other = deploying.served(Home(tmp_path), "income@3")
    assert deploying.swapped(before, other).served == (other,)
