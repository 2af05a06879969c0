"""Unedited scripts: what they are told, how they are suspended and continued, and how they end."""

import contextlib
import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from programs import COMMAND, SCRIPT, SLOTS, bench_of

from daybreak.executors.local.memory import GIB, Room
from daybreak.lifecycle.commands import DeleteCheckpoint, Freeze, Kill, Release
from daybreak.lifecycle.events import (
    AttemptEnded,
    AttemptStarted,
    CheckpointDamaged,
    CheckpointSaved,
    CodeChanged,
    RungReported,
    Slot,
)
from daybreak.spec.models import DataSource
from daybreak.wire.worker import CheckpointRef


@pytest.fixture
def make(tmp_path):
    benches = []

    def make_bench(program=SCRIPT, run=COMMAND, **changes):
        benches.append(bench_of(tmp_path, run, program, **changes))
        return benches[-1]

    yield make_bench
    for bench in benches:
        bench.close()


def run_alone(bench, **changes):
    key = bench.launch(target=None, **changes)
    return bench.wait_for(AttemptEnded, key)


def freeze(bench, key):
    bench.answer(bench.wait_for(RungReported, key), "freeze")
    bench.wait_for(AttemptEnded, key)
    saved = bench.seen(CheckpointSaved, key)[-1]
    return CheckpointRef(saved.digest, saved.units, saved.size)


def log_of(tmp_path, key):
    return (tmp_path / f"home/experiments/1/logs/{key.trial}.{key.epoch}.log").read_text()


def test_a_suspended_script_goes_on_in_the_same_process(make, tmp_path):
    bench = make()
    first = bench.launch()
    frozen = freeze(bench, first)
    pid = bench.seen(AttemptStarted, first)[0].pid
    assert frozen.digest == f"process:{pid}"
    assert frozen.size > 1_000_000
    assert psutil.Process(pid).status() == psutil.STATUS_STOPPED

    second = bench.launch(epoch=2, units=1, target=3, checkpoint=frozen)
    report = bench.wait_for(RungReported, second)
    started = bench.seen(AttemptStarted, second)[0]
    assert (started.pid, started.how, report.units) == (pid, "continued", 3)
    bench.answer(report, "finish")
    bench.wait_for(AttemptEnded, second)
    assert not psutil.pid_exists(pid)
    assert not bench.seen(CheckpointDamaged)
    assert "epoch=1 " in log_of(tmp_path, first)
    assert "epoch=3 " in log_of(tmp_path, second)


def test_a_script_is_not_told_where_sealed_data_lies(make, tmp_path, monkeypatch):
    for name in ("TEST", "TRAIN"):
        monkeypatch.setenv(f"DAYBREAK_DATA_{name}", "elsewhere.csv")
    data = {"train": DataSource(path="train.csv"), "test": DataSource(path="test.csv", sealed=True)}
    program = "import json, os; print(json.dumps({'score': 1, 'environment': dict(os.environ)}))"
    ended = run_alone(make(program, (sys.executable, "script.py"), data=data))

    found = json.loads(log_of(tmp_path, ended.attempt))["environment"]

    assert "DAYBREAK_DATA_TEST" not in found
    assert found["DAYBREAK_DATA_TRAIN"] == str(tmp_path / "code" / "train.csv")


def test_a_script_finds_its_hyperparameters_its_seed_and_a_folder_in_the_environment(make, tmp_path):
    program = (
        "import json, os, sys; print(json.dumps({'score': 1, 'words': sys.argv[1:], 'environment': dict(os.environ)}))"
    )
    run = (sys.executable, "script.py", "--lr={lr}", "--momentum", "{momentum}", "{{other}}")
    space = {name: {"kind": "uniform", "low": 0, "high": 1} for name in ("lr", "momentum")}
    bench = make(program, run, space=space, slots=[Slot(number=0, threads=3)], environment={"MINE": "yes"})
    ended = run_alone(bench, point={"lr": 0.001, "augment.noise": True}, seed=42)
    assert ended.reason == "completed"

    [line] = log_of(tmp_path, ended.attempt).splitlines()
    assert json.loads(line)["words"] == ["--lr=0.001", "{other}"]  # momentum does not hold here: its option goes too
    found = json.loads(line)["environment"]
    expected = {
        "DAYBREAK_PARAM_LR": "0.001",
        "DAYBREAK_PARAM_AUGMENT_NOISE": "true",
        "DAYBREAK_SEED": "42",
        "DAYBREAK_TRIAL": "1.1",
        "DAYBREAK_CHECKPOINT_DIR": str(tmp_path / "home/experiments/1/scratch/1"),
        "OMP_NUM_THREADS": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "MINE": "yes",
    }
    assert expected.items() <= found.items()
    assert json.loads(found["DAYBREAK_PARAMS"]) == {"lr": 0.001, "augment.noise": True}
    assert Path(found["DAYBREAK_CHECKPOINT_DIR"]).is_dir()


def test_numbers_logged_through_the_metrics_pipe_count_as_well_as_printed_ones(make):
    program = "import daybreak.train.log as d\nfor unit in (1, 2, 3): d.log(unit, score=unit / 2, loss=float('nan'))"
    bench = make(program)
    key = bench.launch(target=2)
    report = bench.wait_for(RungReported, key)
    assert report.units == 2
    assert report.metrics["score"] == 1.0
    assert report.metrics["loss"] != report.metrics["loss"]
    assert report.best == {"score": 1.0}


def test_a_script_that_does_not_exist_is_a_crash_that_says_so(make):
    ended = run_alone(make(run=("no-such-program", "{lr}")))
    assert ended.reason == "crashed"
    assert "no-such-program" in ended.failure.message


def test_a_failing_script_tells_its_exception_and_equal_causes_look_equal(make):
    bench = make("import sys\nprint('score=1')\nraise ValueError(f'no {sys.argv[1]} units')")
    failures = [run_alone(bench, trial=trial, point={"length": trial, "pause": 0}).failure for trial in (1, 2)]
    assert [failure.kind for failure in failures] == ["ValueError", "ValueError"]
    assert failures[0].message == "no 1 units"
    assert "Traceback" in failures[0].tail
    assert failures[0].fingerprint == failures[1].fingerprint


@pytest.mark.parametrize(
    ("number", "reason", "word"),
    [("SIGSEGV", "crashed", "SIGSEGV"), ("SIGKILL", "lost", "SIGKILL"), ("SIGTERM", "lost", "outside")],
)
def test_a_signal_is_named_and_one_from_outside_loses_the_attempt(make, number, reason, word):
    bench = make()
    key = bench.launch(point=bench.endless, target=None)
    started = bench.wait_for(AttemptStarted, key)
    os.kill(started.pid, getattr(signal, number))
    ended = bench.wait_for(AttemptEnded, key)
    assert ended.reason == reason
    assert word in ended.failure.message


def test_a_script_that_was_too_fast_to_be_frozen_is_complete(make):
    bench = make()
    key = bench.launch(point={"length": 5, "pause": 0})
    report = bench.wait_for(RungReported, key)
    assert report.units == 1
    bench.until(lambda: not psutil.pid_exists(bench.seen(AttemptStarted, key)[0].pid) or bench.points)
    with contextlib.suppress(ProcessLookupError):  # it was even faster
        os.kill(bench.seen(AttemptStarted, key)[0].pid, signal.SIGCONT)
    bench.until(lambda: not psutil.pid_exists(bench.seen(AttemptStarted, key)[0].pid))
    bench.answer(report, "freeze")
    ended = bench.wait_for(AttemptEnded, key)
    assert (ended.reason, ended.units) == ("completed", 5)


def test_a_script_that_ignores_the_end_of_its_trial_is_ended(make, monkeypatch, tmp_path):
    monkeypatch.setattr("daybreak.executors.local.commands.MOMENT", 0.1)
    monkeypatch.setattr("daybreak.executors.local.commands.GRACE", 0.3)
    bench = make(
        "import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True))\nprint('score=1')\n"
        "while True: time.sleep(0.05)"
    )
    key = bench.launch()
    report = bench.wait_for(RungReported, key)
    bench.answer(report, "finish")
    assert bench.wait_for(AttemptEnded, key).reason == "reached"
    assert not psutil.pid_exists(bench.seen(AttemptStarted, key)[0].pid)
    assert "asked" in log_of(tmp_path, key)


def test_preemption_suspends_at_once_and_the_trial_goes_on(make):
    bench = make()
    key = bench.launch(point=bench.endless, target=None)
    bench.until(lambda: bench.points)
    bench.executor.execute(Freeze(key, grace=1000.0))
    ended = bench.wait_for(AttemptEnded, key)
    saved = bench.seen(CheckpointSaved, key)[-1]
    assert ended.reason == "preempted"
    again = bench.launch(
        epoch=2,
        point=bench.endless,
        target=ended.units + 1,
        units=saved.units,
        checkpoint=CheckpointRef(saved.digest, saved.units),
    )
    assert bench.wait_for(RungReported, again).units > ended.units


def test_when_memory_is_short_the_suspended_script_that_loses_least_goes_first(make):
    free = [Room(50 * GIB, 100 * GIB)]
    bench = make(gauge=lambda: free[0])
    long = freeze(bench, bench.launch(trial=1, target=3))
    short = freeze(bench, bench.launch(trial=2, target=1))
    free[0] = Room(15 * GIB - 1, 100 * GIB)
    damaged = bench.wait_for(CheckpointDamaged)
    assert (damaged.trial, damaged.digest) == (2, short.digest)
    assert "15%" in damaged.why
    assert psutil.pid_exists(int(long.digest.removeprefix("process:")))

    restarted = bench.launch(trial=2, epoch=2, units=1, target=2, checkpoint=short)
    report = bench.wait_for(RungReported, restarted)
    assert [event.how for event in bench.seen(AttemptStarted, restarted)] == ["command"]
    assert report.units == 2


def test_suspended_scripts_hold_no_more_than_their_cap(make):
    bench = make(suspended_cap=1)
    frozen = freeze(bench, bench.launch())
    assert bench.wait_for(CheckpointDamaged).digest == frozen.digest


def test_a_script_killed_while_suspended_is_told(make):
    bench = make()
    frozen = freeze(bench, bench.launch())
    os.kill(int(frozen.digest.removeprefix("process:")), signal.SIGKILL)
    damaged = bench.wait_for(CheckpointDamaged)
    assert (damaged.digest, damaged.trial) == (frozen.digest, 1)


@pytest.mark.parametrize("order", [Release(1), DeleteCheckpoint(1, 1, "{digest}")])
def test_suspended_scripts_end_with_their_experiment_or_when_deleted(make, order):
    bench = make()
    frozen = freeze(bench, bench.launch())
    if isinstance(order, DeleteCheckpoint):
        order = DeleteCheckpoint(1, 1, frozen.digest)
    bench.executor.execute(order)
    bench.until(lambda: not psutil.pid_exists(int(frozen.digest.removeprefix("process:"))))
    assert not bench.seen(CheckpointDamaged)


def test_a_script_that_loads_its_own_checkpoint_tells_where_it_stands(make):
    program = """
import os, pathlib
place = pathlib.Path(os.environ["DAYBREAK_CHECKPOINT_DIR"]) / "epoch"
done = int(place.read_text()) if place.exists() else 0
for epoch in range(done + 1, 100):
    place.write_text(str(epoch))
    print(f"epoch={epoch} score={epoch}")
    if epoch == 5: raise SystemExit(1)
"""
    bench = make(program)
    assert run_alone(bench).units == 5
    key = bench.launch(epoch=2, target=3)
    assert bench.wait_for(RungReported, key).units == 6


def test_a_leaking_script_is_ended_with_a_reason(make):
    program = "import time\nheld = []\nfor i in range(1000): held.append(bytearray(8 << 20)); time.sleep(0.01)"
    ended = run_alone(make(program, resources={"memory": 64 << 20}))
    assert (ended.reason, ended.failure.kind) == ("crashed", "memory")
    assert "64 MiB" in ended.failure.message


def test_a_silent_script_is_ended_with_a_reason(make):
    ended = run_alone(make("import time; time.sleep(1000)", retry={"stalled_after": 0.5}))
    assert (ended.reason, ended.failure.kind) == ("crashed", "stalled")
    assert "0.5 s" in ended.failure.message


def test_waiting_for_a_verdict_is_not_silence(make):
    bench = make(retry={"stalled_after": 0.5})
    key = bench.launch()
    report = bench.wait_for(RungReported, key)
    other = bench.launch(trial=2, slots=(1,), point={"length": 1, "pause": 1000})
    bench.wait_for(AttemptEnded, other)
    bench.answer(report, "go", 2)
    assert bench.wait_for(RungReported, key, 2).units == 2


def test_the_whole_group_of_an_ended_script_is_gone(make, tmp_path):
    program = (
        "import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'])\n"
        "print(f'score={child.pid}')"
    )
    bench = make(program)
    ended = run_alone(bench)
    assert ended.reason == "completed"
    stray = int(ended.metrics["score"])
    bench.until(lambda: not psutil.pid_exists(stray) or psutil.Process(stray).status() == psutil.STATUS_ZOMBIE)


def test_changed_code_is_not_used_when_it_was_captured(make, tmp_path):
    from daybreak.base.home import Home
    from daybreak.provenance.code import capture

    folder = tmp_path / "first"
    folder.mkdir()
    (folder / "script.py").write_text("print('score=1')")
    digest = capture(Home(tmp_path / "home"), folder).digest
    bench = make("print('score=2')", (sys.executable, "script.py"), code=digest)
    assert run_alone(bench).metrics == {"score": 1.0}
    assert run_alone(bench, trial=2, run=(sys.executable, str(tmp_path / "code/script.py"))).metrics == {"score": 1.0}
    assert bench.seen(CodeChanged) == [CodeChanged(1, ("script.py",))]


def test_a_thousand_starts_leave_nothing_behind(make):
    me = psutil.Process()
    others = set(me.children())  # of earlier tests
    bench = make("", ("true",))
    run_alone(bench, epoch=1)
    before = me.num_fds()
    for epoch in range(2, 202):
        assert run_alone(bench, epoch=epoch).reason == "completed"
    assert me.num_fds() == before
    assert psutil.STATUS_ZOMBIE not in [child.status() for child in set(me.children()) - others]


def test_a_kill_while_the_report_waits_is_answered_at_once(make):
    bench = make()
    key = bench.launch()
    bench.wait_for(RungReported, key)
    bench.executor.execute(Kill(key))
    assert bench.wait_for(AttemptEnded, key).reason == "stopped"


def test_the_time_of_a_unit_leaves_out_the_scripts_start_and_its_suspension(make):
    program = "import time\ntime.sleep(0.6)\nfor unit in range(1, 100):\n    time.sleep(0.02)\n    print(f'epoch={unit} score=1')"
    bench = make(program)
    key = bench.launch(target=1)
    first = bench.wait_for(RungReported, key)
    assert first.unit_seconds is None
    bench.until(lambda: bench.executor._attempts[key].seconds > 1.0)
    bench.answer(first, "go", 11)
    second = bench.wait_for(RungReported, key, 2)
    assert 0.01 < second.unit_seconds < 0.1  # what is read late makes it look a little shorter
    bench.answer(second, "finish")
    assert bench.wait_for(AttemptEnded, key).user_seconds > 0.6


def test_a_missing_module_in_another_python_says_which_python(make, tmp_path):
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    other.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)
    activated = {"PATH": f"{other.parent}:/bin:/usr/bin", "VIRTUAL_ENV": str(tmp_path)}
    bench = make("import no_such_module_here", ("python", "script.py"), environment=activated)
    failure = run_alone(bench).failure
    assert failure.kind == "ModuleNotFoundError"
    assert str(other) in failure.message
    assert sys.executable in failure.message


def test_slot_seconds_count_every_slot(make):
    bench = make()
    started = bench.launch(slots=(0, 1), target=None)
    ended = bench.wait_for(AttemptEnded, started)
    assert len(SLOTS) == 2
    assert ended.slot_seconds > 2 * ended.user_seconds > 2 * 4 * 0.02
