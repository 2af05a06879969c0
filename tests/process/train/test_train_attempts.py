"""Attempts in real processes, forked from a real warm parent: verdicts, freezing, finishing, failing, leaving."""

import json
import os
import signal
import textwrap
from pathlib import Path

import pytest
from fake_agent import FakeAgent, until

from daybreak.wire import worker as wire

CODE = """
import json, os, random, sys, time

PARENT = os.getpid()
prepared = []

def prepare():
    prepared.append(os.getpid())
    return {"rows": 3, "drawn": random.random()}

def main(run):
    state = {"seen": []}
    run.keep(state=state)
    try:
        for epoch in run.epochs(9):
            state["seen"].append((epoch, random.random()))
            run.report(accuracy=epoch / 10)
        run.report(test_accuracy=0.5)
    finally:
        print("FINALLY", json.dumps(state["seen"]), flush=True)

def where(run):
    print(json.dumps({
        "prepared": run.prepared, "in": prepared, "pid": os.getpid(), "module": PARENT, "group": os.getpgrp(), "cwd": os.getcwd(),
        "point": dict(run.params), "seed": run.seed, "units": run.units, "rank": run.rank, "color": os.environ.get("COLOR"),
        "threads": os.environ["OMP_NUM_THREADS"], "scratch": str(run.scratch),
    }), flush=True)

def fails(run):
    for epoch in run.epochs(9):
        run.report(accuracy=0.1)
        if epoch == 2:
            raise ValueError("diverged at " + run.params.name)

def exits(run):
    sys.exit(run.params.code)

def out_of_memory(run):
    raise MemoryError

def stubborn(run):
    run.keep(nothing={})
    while run.units < 9:
        try:
            for epoch in run.epochs(9):
                run.report(accuracy=0.1)
        except:
            if run.units == 1 and not hasattr(run, "again"):
                run.again = True
                continue
            raise RuntimeError("in the way")

def breaks(run):
    for epoch in run.epochs(9):
        run.report(accuracy=0.1)
        if epoch == 2:
            break

def stops(run):
    state = {}
    run.keep(state=state)
    for epoch in run.epochs(9):
        state["epoch"] = epoch
        run.report(accuracy=0.1)
        if epoch == 2:
            run.stop()
            if run.params.leaves:
                break
    print("AFTER", epoch, flush=True)

def reports_much(run):
    for epoch in run.epochs(3):
        for step in range(50_000):
            run.report(batch_loss=step, step=epoch * 50_000 + step)

def slow(run):
    run.keep(state={})
    for epoch in run.epochs(10_000):
        time.sleep(0.01)
        run.report(accuracy=0.1)

def keeps_nothing(run):
    for epoch in run.epochs(9):
        run.report(accuracy=0.1)

def keeps_more(run):
    run.keep(state={}, more={})

def segfaults(run):
    import ctypes
    ctypes.string_at(0)

def typo(run):
    run.params.widht
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("code")
    (folder / "train.py").write_text(textwrap.dedent(CODE))
    return folder


@pytest.fixture(scope="module")
def agents(folder, tmp_path_factory):
    """An agent with a warm parent, per function of the module."""
    started = {}

    def agent(function="main"):
        if function not in started:
            started[function] = FakeAgent(folder, f"train:{function}", home=tmp_path_factory.mktemp("home"))
        return started[function]

    yield agent
    for one in started.values():
        one.close()


def ref(saved):
    return wire.CheckpointRef(saved.digest, saved.units, saved.size)


def test_the_parent_forks_when_nothing_speaks_against_it(agents):
    ready = agents("where").ready
    assert (ready.how, ready.why) == ("fork", "")
    assert ready.modules > 50


def test_a_child_has_the_module_and_what_it_prepared_and_its_own_group(agents, folder):
    agent = agents("where")
    worker = agent.launch({"lr": 0.1, "augment.noise": 0.2}, {"COLOR": "red", "DAYBREAK_THREADS": "3"})
    ended = worker.end()
    assert (ended.reason, ended.units, agent.reaped()) == ("completed", 0, 0)
    told = json.loads(agent.output())
    assert told["in"] == [told["module"]] == [agent.parent.pid]
    assert told["pid"] == told["group"] == worker.hello.pid != agent.parent.pid
    assert told["prepared"]["rows"] == 3
    assert told["cwd"] == str(folder)
    assert told["point"] == {"lr": 0.1, "augment.noise": 0.2}
    assert (told["seed"], told["color"], told["threads"]) == (7, "red", "3")
    assert Path(told["scratch"]).is_dir()


def test_it_introduces_itself_with_the_token_it_was_given(agents):
    agent = agents("where")
    worker = agent.launch()
    assert worker.hello.token == "secret"
    worker.end()
    agent.reaped()


def test_a_trial_goes_on_freezes_and_is_promoted_from_its_checkpoint(agents):
    agent = agents()
    worker = agent.launch(target=1, horizon=9)
    first = worker.answer("go", target=3)
    assert (first.number, first.units, first.metrics) == (1, 1, {"accuracy": 0.0})
    second = worker.answer("freeze")
    assert (second.number, second.units, second.best) == (2, 3, {"accuracy": 0.2})
    ended = worker.end()
    assert (ended.reason, ended.units, ended.metrics) == ("frozen", 3, {"accuracy": 0.2})
    assert agent.reaped() == 0
    [saved] = worker.saved()
    assert (saved.units, ended.freeze_seconds) == (3, saved.seconds)
    before = agent.output()

    worker = agent.launch(target=9, horizon=9, checkpoint=ref(saved), best={"accuracy": 0.2})
    worker.answer("finish")
    ended = worker.end()
    assert (ended.reason, ended.units) == ("reached", 9)
    assert ended.metrics == {"accuracy": 0.8, "test_accuracy": 0.5}  # what follows the loop has run
    assert ended.resume_seconds > 0
    assert worker.points("accuracy") == [(step, (step - 1) / 10) for step in range(4, 10)]
    assert agent.reaped() == 0

    agent.launch(target=None, horizon=9).end()
    agent.reaped()
    uninterrupted = agent.output()
    assert agent.home.joinpath(f"{agent.epoch - 1}.log").read_text() == uninterrupted
    seen = lambda output: json.loads(output.split("FINALLY")[1])
    assert len(seen(before)) == 3
    assert seen(before) == seen(uninterrupted)[:3]


def test_points_of_every_unit_arrive_in_order_at_the_units_done(agents):
    agent = agents()
    worker = agent.launch(horizon=9)
    worker.end()
    assert worker.points("accuracy") == [(step + 1, step / 10) for step in range(9)]
    assert worker.points("test_accuracy") == [(9, 0.5)]
    agent.reaped()


def test_a_checkpoint_may_be_asked_for_on_the_way(agents):
    agent = agents()
    worker = agent.launch(target=3, horizon=9)
    worker.answer("go", save=True)
    worker.end()
    assert [saved.units for saved in worker.saved()] == [3]
    agent.reaped()


def test_stopping_saves_nothing_and_runs_finally(agents):
    agent = agents()
    worker = agent.launch(target=3, horizon=9)
    worker.answer("stop")
    assert worker.end().reason == "stopped"
    assert worker.saved() == []
    assert "FINALLY" in agent.output()
    assert agent.reaped() == 0


def test_a_preempted_trial_freezes_at_the_end_of_its_unit(agents):
    agent = agents("slow")
    worker = agent.launch(checkpoint_every=0.0)
    worker.next(wire.Points)
    worker.send(wire.Freeze(30.0))
    ended = worker.end()
    assert ended.reason == "preempted"
    assert [saved.units for saved in worker.saved()] == [ended.units]
    agent.reaped()


def test_checkpoints_against_accidents_are_written_by_the_clock(agents):
    agent = agents("slow")
    worker = agent.launch(checkpoint_every=0.03)
    assert [worker.next(wire.Saved).units < worker.next(wire.Saved).units for _ in range(2)] == [True, True]
    worker.send(wire.Freeze(30.0))
    worker.end()
    agent.reaped()


def test_times_are_told(agents):
    agent = agents("slow")
    worker = agent.launch(target=5)
    assert 0.01 < worker.answer("freeze").unit_seconds < 1
    ended = worker.end()
    assert 0.05 < ended.user_seconds < 5
    agent.reaped()


def test_a_damaged_checkpoint_gives_way_to_the_one_before(agents):
    agent = agents()
    worker = agent.launch(target=3, horizon=9)
    worker.answer("go", target=5, save=True)
    worker.answer("freeze")
    worker.end()
    agent.reaped()
    early, late = worker.saved()
    (agent.vault / late.digest[:2] / late.digest[2:]).write_bytes(b"rotten")

    worker = agent.launch(target=5, horizon=9, checkpoint=ref(late), previous=ref(early))
    assert [frame.digest for frame in worker.frames if isinstance(frame, wire.Damaged)] == [late.digest]
    assert worker.answer("stop").units == 5
    assert worker.points("accuracy")[0] == (4, 0.3)
    worker.end()
    agent.reaped()

    (agent.vault / early.digest[:2] / early.digest[2:]).unlink()
    worker = agent.launch(target=5, horizon=9, checkpoint=ref(late), previous=ref(early))
    worker.answer("stop")
    assert worker.points("accuracy")[0] == (1, 0.0)
    worker.end()
    agent.reaped()


def test_a_failure_is_told_with_the_users_own_lines(agents):
    agent = agents("fails")
    worker = agent.launch({"name": "a"})
    ended = worker.end()
    assert (ended.reason, ended.units, agent.reaped()) == ("crashed", 2, 1)
    assert (ended.failure.kind, ended.failure.message) == ("ValueError", "diverged at a")
    assert ended.failure.tail.count('File "') == 1
    assert 'raise ValueError("diverged at "' in ended.failure.tail
    assert ended.failure.tail in agent.output()
    assert len(worker.points("accuracy")) == 2
    other = agent.launch({"name": "b"}).end()
    assert other.failure.fingerprint == ended.failure.fingerprint
    agent.reaped()


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [(0, "completed", None), (None, "completed", None), (3, "crashed", "exit"), ("no data", "crashed", "exit")],
)
def test_exit_codes_count(agents, code, reason, kind):
    agent = agents("exits")
    ended = agent.launch({"code": code}).end()
    assert (ended.reason, ended.failure and ended.failure.kind) == (reason, kind)
    agent.reaped()


def test_running_out_of_memory_is_a_kind_of_its_own(agents):
    agent = agents("out_of_memory")
    assert agent.launch().end().failure.kind == "memory"
    agent.reaped()


def test_a_crash_in_native_code_leaves_its_traceback_in_the_log(agents):
    agent = agents("segfaults")
    agent.launch()
    assert agent.reaped() == -signal.SIGSEGV
    assert "Segmentation fault" in agent.output()
    assert "in segfaults" in agent.output()


def test_an_unknown_hyperparameter_is_explained(agents):
    agent = agents("typo")
    failure = agent.launch({"width": 3}).end().failure
    assert failure.kind == "UnknownParameter"
    assert "(did you mean 'width'?)" in failure.message
    agent.reaped()


def test_code_that_swallows_everything_still_leaves(agents):
    agent = agents("stubborn")
    worker = agent.launch(target=1)
    worker.answer("freeze")
    ended = worker.end()
    assert (ended.reason, ended.units, ended.failure) == ("frozen", 1, None)
    assert "in the way" in agent.output()
    assert agent.reaped() == 0


def test_a_loop_left_by_break_counts_the_unit_that_reported(agents):
    agent = agents("breaks")
    worker = agent.launch()
    ended = worker.end()
    assert (ended.reason, ended.units, worker.points("accuracy")) == ("completed", 3, [(1, 0.1), (2, 0.1), (3, 0.1)])
    agent.reaped()


def test_many_points_are_sent_in_few_batches_and_none_is_lost(agents):
    agent = agents("reports_much")
    worker = agent.launch()
    worker.end()
    assert worker.points("batch_loss") == [(step, step % 50_000) for step in range(150_000)]
    assert sum(isinstance(frame, wire.Points) for frame in worker.frames) < 20
    agent.reaped()


def test_a_trial_that_keeps_nothing_says_so_and_saves_nothing(agents):
    agent = agents("keeps_nothing")
    worker = agent.launch(target=3)
    worker.answer("freeze")
    assert worker.end().reason == "frozen"
    assert worker.saved() == []
    assert agent.output().count("nothing is kept") == 1
    agent.reaped()


def test_keeping_other_names_than_the_checkpoint_holds_is_refused(agents):
    agent = agents()
    worker = agent.launch(target=1, horizon=9)
    worker.answer("freeze")
    worker.end()
    agent.reaped()
    [saved] = worker.saved()
    other = agents("keeps_more")
    failure = other.launch(checkpoint=ref(saved), vault=str(agent.vault)).end().failure
    assert failure.kind == "UsageError"
    assert "run.keep must get the same names" in failure.message
    other.reaped()


def test_a_worker_whose_agent_has_gone_ends_at_once(agents):
    agent = agents("slow")
    worker = agent.launch()
    worker.connection.close()
    assert agent.reaped() == 86
    assert "the agent closed the socket" in agent.output()


def test_a_worker_that_waits_for_a_verdict_ends_when_its_agent_goes(agents):
    agent = agents()
    worker = agent.launch(target=1)
    worker.next(wire.Report)
    worker.connection.close()
    assert agent.reaped() == 86
    assert "FINALLY" in agent.output()


def test_killed_in_the_middle_it_goes_on_from_its_last_checkpoint(agents):
    agent = agents("slow")
    worker = agent.launch(checkpoint_every=0.02)
    worker.next(wire.Saved)
    os.kill(worker.hello.pid, signal.SIGKILL)
    assert agent.reaped() == -signal.SIGKILL
    last = worker.saved()[-1]
    worker = agent.launch(target=last.units + 2, checkpoint=ref(last))
    assert worker.answer("stop").units == last.units + 2
    assert worker.points("accuracy")[0][0] == last.units + 1
    worker.end()
    agent.reaped()


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("how", ["the agent closes", "the parent is killed"])
def test_no_worker_outlives_its_parent(folder, tmp_path, how):
    agent = FakeAgent(folder, "train:slow", home=tmp_path)
    pids = [agent.launch().hello.pid for _ in range(2)]
    if how == "the agent closes":
        agent.link.close()
    else:
        agent.parent.kill()
    until(lambda: all(map(gone, pids)))
    agent.close()


@pytest.mark.parametrize("leaves", [False, True])
def test_a_trial_that_stops_itself_is_complete_and_has_a_last_checkpoint(agents, leaves):
    agent = agents("stops")
    worker = agent.launch({"leaves": leaves}, target=3, checkpoint_every=0.0)
    ended = worker.end()
    assert (ended.reason, ended.units, ended.metrics) == ("completed", 3, {"accuracy": 0.1})
    assert [saved.units for saved in worker.saved()] == [3]
    assert "AFTER 2" in agent.output()


@pytest.mark.parametrize("leaves", [False, True])
def test_a_last_checkpoint_that_cannot_be_written_is_a_failure(agents, leaves, tmp_path):
    (tmp_path / "file").touch()
    worker = agents("stops").launch({"leaves": leaves}, checkpoint_every=0.0, vault=str(tmp_path / "file"))
    ended = worker.end()
    assert (ended.reason, ended.units) == ("crashed", 3)
    assert len(worker.points("accuracy")) == 3
