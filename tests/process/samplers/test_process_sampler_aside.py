"""Optuna's GP draws in a process of its own: torch never comes to whoever asks."""

import gc
import subprocess
import sys

import psutil
import pytest

from daybreak.base.errors import UsageError
from daybreak.bootstrap.aside import AsideSampler, make
from daybreak.search.spaces import Space
from daybreak.spec.loading import from_mapping

SPEC = {
    "run": "t:main", "space": {"x": {"uniform": [-1, 1]}, "n": {"int": [1, 8]}, "c": {"choice": ["a", "b"]}},
    "objective": {"minimize": "loss"}, "search": {"sampler": "gp", "max_units": 9},
}  # fmt: skip


def drawn(told):
    spec = from_mapping(SPEC, folder="/")
    sampler, space = make(spec), Space.from_spec(spec)
    for trial in range(1, told + 1):
        point = space.draw(spec.seed, trial)
        sampler.tell(trial, point, 1, (point["x"] ** 2,))
    return sampler, space, [sampler.ask(told + 1, {}), sampler.ask(told + 2, {})]


def test_it_draws_valid_points_and_the_same_ones_again(tmp_path, monkeypatch):
    (tmp_path / "msgspec.py").write_text("raise SystemExit('a file of the user hides a library')")
    monkeypatch.chdir(tmp_path)
    sampler, space, points = drawn(told=12)
    assert isinstance(sampler, AsideSampler)
    assert all(space.contains(point) for point in points)
    assert drawn(told=12)[2] == points


def test_its_process_ends_with_it():
    sampler, _, _ = drawn(told=0)
    process = psutil.Process(sampler._process.pid)
    del sampler
    gc.collect()
    assert not process.is_running()


def test_one_that_was_killed_is_told_of():
    sampler, _, _ = drawn(told=0)
    psutil.Process(sampler._process.pid).kill()
    with pytest.raises(UsageError, match="the process of sampler gp ended"):
        sampler.ask(3, {})


def test_the_controller_imports_no_torch_for_it():
    code = "import daybreak.bootstrap.app, sys; sys.exit('torch' in sys.modules or 'optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
