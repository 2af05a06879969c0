"""Search methods and samplers of packages that are broken: the experiment fails with the reason, everything else goes on."""

import pytest
from bad_input import SPACE, serving

PLUGIN = """
from daybreak.search.methods.straight import Straight
from daybreak.search.samplers.random import RandomSampler

class Broken(Straight):
    def reported(self, *anything):
        raise ZeroDivisionError("a fault in the method")

def broken_sampler(spec):
    class Sampler(RandomSampler):
        def ask(self, trial, pending):
            raise ZeroDivisionError("a fault in the sampler")
    return Sampler(spec)
"""
ENTRY_POINTS = """
[daybreak.searchers]
broken = plugin:Broken
absent = no_such_package_here:Method
[daybreak.samplers]
faulty = plugin:broken_sampler
plain = daybreak.search.samplers.random:RandomSampler
"""


@pytest.fixture(scope="module")
def daybreak(tmp_path_factory):
    packages = tmp_path_factory.mktemp("packages")
    (packages / "plugin.py").write_text(PLUGIN)
    about = packages / "plugin-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    with serving(tmp_path_factory.mktemp("packages_home")) as made:
        made.environment["PYTHONPATH"] = str(packages)
        made.write(
            "train.py", "def main(run):\n    for _ in run.epochs(3):\n        run.report(acc=run.params.width)\n"
        )
        yield made


def test_names_of_packages_are_known(daybreak):
    assert "best trial" in daybreak.run("train:main", "--sampler", "plain", code=0).out
    said = daybreak("run", "train:main", *SPACE, "--sampler", "plian", code=2)
    assert "there is no sampler `plian`; did you mean `plain`?" in said.err


def test_a_method_that_cannot_be_imported_is_refused(daybreak):
    said = daybreak.run("train:main", "--method", "absent", code=2)
    assert said.err.startswith(
        "error: search.method 'absent' cannot be used: ModuleNotFoundError: No module named 'no_such"
    )


def test_a_method_that_raises_fails_its_experiment_and_no_other(daybreak):
    said = daybreak.run("train:main", "--method", "broken", code=3)
    assert "failed: the search method failed: " in said.err
    assert "a fault in the method" in said.err
    daybreak("controller", "shutdown", code=0)
    assert "failed" in daybreak("show", code=0).out  # the log is read again
    assert "best trial" in daybreak.run("train:main", code=0).out


def test_a_sampler_that_raises_fails_its_experiment(daybreak):
    said = daybreak.run("train:main", "--sampler", "faulty", code=3)
    assert "failed: sampler 'faulty' failed: ZeroDivisionError: a fault in the sampler" in said.err
