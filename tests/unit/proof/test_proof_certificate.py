"""Certificates: which level holds, and that one which was altered is known by its name."""

import msgspec
import pytest

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.base.home import Home
from daybreak.proof.certificate import Certificate, Check, State, level_of, of_experiment, read, store
from daybreak.proof.comparing import PointApart


def check(level="rerun", **others):
    return Check(level, "from nothing", 0, 9, 1, 1, **({"points": 9} | others))


def state(standing, units=9):
    return State(units, standing, "5" * 64)


GOOD = check(states=(state("same file", 3), state("same state")))


@pytest.mark.parametrize(
    "bad",
    [
        check(apart=(PointApart("loss", 3, 0.5, 0.6),)),
        check(states=(state("differs", 3), state("same file"))),
        check(states=(state("damaged", 3), state("same file"))),
        check(states=(state("same file", 3), state("unknown"))),  # where it ends nothing could be held against it
        check(failure="MemoryError"),
        check(points=0),  # nothing was compared
    ],
)
def test_a_check_holds_only_when_nothing_differs_and_something_was_compared(bad):
    assert GOOD.same
    assert not bad.same


def test_a_deleted_checkpoint_on_the_way_takes_nothing_from_what_was_compared_at_the_end():
    assert check(states=(state("unknown", 3), state("same file"))).same


@pytest.mark.parametrize(
    ("checks", "level"),
    [
        ([], "none"),
        ([check()], "rerun"),
        ([check(), check("resume"), check("resume")], "resume"),
        ([check(), check("resume"), check("resume", points=0)], "rerun"),
        ([check(failure="gone"), check("resume")], "none"),
        ([check(), check("elastic")], "rerun"),  # a level needs those below it
        ([check(), check("resume"), check("elastic")], "elastic"),
    ],
)
def test_a_level_holds_with_all_its_checks_and_all_levels_below(checks, level):
    assert level_of(checks) == level


def certificate(**others):
    told = {
        "experiment": 1, "trial": 3, "name": "digits", "at": 0.0, "daybreak": "1", "level": "rerun", "asked": ("rerun",),
        "sha256": "5" * 64, "units": 9, "of": 9, "pinned": {"seed": 7}, "observed": {}, "checks": (GOOD,),
    }  # fmt: skip
    return Certificate(**told | others)


def test_it_is_stored_beside_the_run_and_read_again(tmp_path):
    home = Home(tmp_path)
    first, second = store(home, certificate()), store(home, certificate(trial=4))
    assert [file.name[:2] for file in of_experiment(home, 1)] == ["3-", "4-"]
    assert (read(first), read(second).trial) == (certificate(), 4)
    assert store(home, certificate()) == first  # equal certificates are one
    assert of_experiment(home, 2) == []


def test_one_that_was_altered_is_refused(tmp_path):
    file = store(Home(tmp_path), certificate(level="none"))
    file.write_bytes(file.read_bytes().replace(b'"level":"none"', b'"level":"resume"'))
    with pytest.raises(DamagedFile, match="it was altered; verify again"):
        read(file)


def test_a_home_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "experiments").write_text("no folder")
    with pytest.raises(UsageError, match="the certificate cannot be written"):
        store(Home(tmp_path), certificate())


def test_verified_is_more_than_a_level():
    assert certificate().verified
    assert not certificate(checks=(GOOD, check("resume", points=0))).verified
    assert not msgspec.structs.replace(certificate(), level="none").verified
