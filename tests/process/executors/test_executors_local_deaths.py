"""Workers, warm parents and the agent itself really die; attempts end with a reason, and nothing is left running."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest
from programs import FUNCTION, bench_of, experiment

from daybreak.base.home import Home
from daybreak.executors.local.watchdog import Watchdog
from daybreak.lifecycle.commands import Freeze, Launch, Prepare
from daybreak.lifecycle.events import AttemptEnded, AttemptStarted, CodeChanged, PrepareFailed, RungReported
from daybreak.provenance.code import capture

HERE = Path(__file__).parent


@pytest.fixture
def make(tmp_path):
    benches = []

    def make_bench(program=FUNCTION, module="deaths_program", **changes):
        benches.append(bench_of(tmp_path, f"{module}:main", textwrap.dedent(program), **changes))
        return benches[-1]

    yield make_bench
    for bench in benches:
        bench.close()


def start_endless(bench, trial=1, **changes):
    key = bench.launch(trial=trial, point=bench.endless, target=None, **changes)
    return key, bench.wait_for(AttemptStarted, key)


def gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def still_works(bench, trial):
    key = bench.launch(trial=trial)
    bench.answer(bench.wait_for(RungReported, key), "finish")
    return bench.wait_for(AttemptEnded, key).reason == "reached"


def test_a_killed_worker_is_a_lost_attempt_and_the_next_one_works(make):
    bench = make()
    key, started = start_endless(bench)
    os.kill(started.pid, signal.SIGKILL)
    ended = bench.wait_for(AttemptEnded, key)
    assert ended.reason == "lost"
    assert "SIGKILL" in ended.failure.message
    assert still_works(bench, 2)


def test_when_the_warm_parent_is_killed_its_attempts_are_lost_and_another_parent_starts(make):
    bench = make()
    started = [start_endless(bench, trial, slots=(trial - 1,)) for trial in (1, 2)]
    os.kill(psutil.Process(started[0][1].pid).ppid(), signal.SIGKILL)
    assert [bench.wait_for(AttemptEnded, key).reason for key, _ in started] == ["lost", "lost"]
    bench.until(lambda: all(gone(event.pid) for _, event in started))
    assert still_works(bench, 3)


def test_what_is_launched_between_two_parents_waits_for_the_second(make):
    """After its second death a parent is not started at once."""
    bench = make()
    for trial in (1, 2):
        key, event = start_endless(bench, trial)
        os.kill(psutil.Process(event.pid).ppid(), signal.SIGKILL)
        assert bench.wait_for(AttemptEnded, key).reason == "lost"
    assert still_works(bench, 3)


def test_an_exception_in_user_code_is_a_crash_that_tells_it(make):
    bench = make("def main(run):\n    for unit in run.epochs(3):\n        raise KeyError('learning_rate')")
    ended = bench.wait_for(AttemptEnded, bench.launch())
    assert (ended.reason, ended.failure.kind) == ("crashed", "KeyError")
    assert "learning_rate" in ended.failure.tail


@pytest.mark.parametrize(
    ("statement", "reason", "kind", "word"),
    [
        ("os._exit(3)", "crashed", "exit", "3"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed", "signal", "SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "lost", "signal", "SIGTERM"),
    ],
)
def test_a_process_that_goes_without_a_word_is_told_by_its_status_and_output(make, statement, reason, kind, word):
    bench = make(f"import os, signal\ndef main(run):\n    print('the last words', flush=True)\n    {statement}")
    ended = bench.wait_for(AttemptEnded, bench.launch())
    assert (ended.reason, ended.failure.kind) == (reason, kind)
    assert word in ended.failure.message
    assert "the last words" in ended.failure.tail


def test_code_that_cannot_be_imported_fails_its_preparation_and_whatever_waits_for_it(make):
    bench = make("import no_such_module_at_all")
    key = bench.launch()
    assert "no_such_module_at_all" in bench.wait_for(PrepareFailed).failure.message
    assert bench.wait_for(AttemptEnded, key).reason == "crashed"


def test_a_parent_that_dies_again_and_again_is_given_up_with_its_output(make, monkeypatch):
    monkeypatch.setattr("daybreak.executors.local.parents.BACKOFF", 0.01)
    bench = make(parent_command=(sys.executable, "-c", "import sys; sys.exit('this cannot work')"))
    failed = bench.wait_for(PrepareFailed)
    assert failed.failure.tail.count("this cannot work") == 3


def test_a_parent_that_speaks_nonsense_is_given_up(make, monkeypatch):
    monkeypatch.setattr("daybreak.executors.local.parents.BACKOFF", 0.01)
    nonsense = "import os, sys, time; os.write(int(sys.argv[1]), bytes([255]) * 64); time.sleep(1000)"
    bench = make(parent_command=(sys.executable, "-c", nonsense))
    assert bench.wait_for(PrepareFailed).failure.kind == "signal"


def test_a_worker_that_does_not_freeze_within_its_grace_is_lost(make):
    bench = make("import time\ndef main(run):\n    for unit in run.epochs(3):\n        time.sleep(1000)")
    key, started = start_endless(bench)
    bench.executor.execute(Freeze(key, grace=0.3))
    ended = bench.wait_for(AttemptEnded, key)
    assert (ended.reason, ended.units) == ("lost", 0)
    bench.until(lambda: gone(started.pid))


def test_an_attempt_that_waits_for_its_parent_can_be_preempted(make):
    bench = make("import time\ntime.sleep(1)\ndef main(run): pass")
    key = bench.launch()
    bench.executor.execute(Freeze(key, grace=5.0))
    assert bench.wait_for(AttemptEnded, key).reason == "preempted"
    assert not bench.seen(AttemptStarted)


def test_what_a_worker_started_is_gone_with_it(make):
    bench = make("""
        import subprocess, sys
        def main(run):
            for unit in run.epochs(1):
                child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'])
                run.report(score=child.pid)
    """)
    ended = bench.wait_for(AttemptEnded, bench.launch(target=None))
    assert ended.reason == "completed"
    bench.until(lambda: gone(int(ended.metrics["score"])))


def test_a_leaking_worker_and_a_silent_one_are_ended_with_a_reason(make):
    bench = make(
        """
        import time
        def main(run):
            held = []
            for unit in run.epochs(10_000):
                if run.params.leak: held.append(bytearray(16 << 20)); time.sleep(0.01)
                else: time.sleep(1000)
    """,
        resources={"memory": 400 << 20},
        retry={"stalled_after": 4.0},
    )
    leaking = bench.launch(trial=1, point={"leak": True}, target=None)
    silent = bench.launch(trial=2, point={"leak": False}, target=None, slots=(1,))
    assert bench.wait_for(AttemptEnded, leaking).failure.kind == "memory"
    assert bench.wait_for(AttemptEnded, silent).failure.kind == "stalled"


def test_a_parent_that_takes_long_to_warm_up_is_not_silence_of_the_attempt(make):
    bench = make("import time\ntime.sleep(2.5)\n" + FUNCTION, retry={"stalled_after": 1.0})
    key = bench.launch()
    assert bench.wait_for(RungReported, key).units == 1


def test_a_repeated_prepare_keeps_the_parent_and_other_settings_replace_it(make, tmp_path):
    bench = make()
    parent_of = {}
    for trial, setting in enumerate(("a", "a", "b"), 1):
        spec = experiment(tmp_path / "code", "deaths_program:main", environment={"SETTING": setting})
        bench.executor.execute(Prepare(1, spec))
        parent_of[trial] = psutil.Process(start_endless(bench, trial)[1].pid).ppid()
    assert parent_of[1] == parent_of[2] != parent_of[3]


def test_code_that_changes_is_not_mixed_with_the_code_that_was_captured(make, tmp_path):
    home, code = Home(tmp_path / "home"), tmp_path / "code"
    program = (
        "def main(run):\n    import changing_part\n    for unit in run.epochs(1): run.report(score=changing_part.value)"
    )
    bench = make(program)
    (code / "changing_part.py").write_text("value = 1")
    bench.executor.execute(Prepare(1, experiment(code, "deaths_program:main", code=capture(home, code).digest)))
    scores = []
    for trial, value in ((1, 1), (2, 2222)):
        (code / "changing_part.py").write_text(f"value = {value}")
        scores.append(bench.wait_for(AttemptEnded, bench.launch(trial=trial, target=None)).metrics["score"])
    assert scores == [1, 1]
    assert "changing_part.py" in (home.logs(1) / "parent.log").read_text()
    assert bench.seen(CodeChanged) == [CodeChanged(1, ("changing_part.py",))]


def test_a_watchdog_that_was_killed_is_replaced_and_told_everything(tmp_path):
    sleeper = [sys.executable, "-c", "import time; time.sleep(1000)"]
    first, second = (subprocess.Popen(sleeper, start_new_session=True) for _ in range(2))
    watchdog = Watchdog()
    watchdog.guard(first.pid)
    watchdog._process.kill()
    watchdog._process.wait()
    watchdog.guard(second.pid)
    watchdog._process.stdin.close()  # as if this process had ended
    assert [first.wait(20), second.wait(20)] == [-signal.SIGKILL] * 2
    watchdog.close()


def test_a_launch_that_nothing_was_prepared_for_is_answered(make):
    bench = make()
    key = type(bench.launch())(9, 1, 1)
    bench.executor.execute(Launch(key, "local", (0,), {}, 1, 0, None, None))
    ended = bench.wait_for(AttemptEnded, key)
    assert ended.reason == "lost"
    assert "not prepared" in ended.failure.message


def test_a_baseline_runs_other_code_beside_the_experiment(make, tmp_path):
    bench = make()
    (tmp_path / "code" / "baseline_program.py").write_text(
        "def main(run):\n    for unit in run.epochs(1): run.report(score=0.1)"
    )
    function = bench.launch(trial=0, target=None, run="baseline_program:main")
    command = bench.launch(trial=3, target=None, slots=(1,), run=(sys.executable, "-c", "print('score=0.2')"))
    assert bench.wait_for(AttemptEnded, function).metrics == {"score": 0.1}
    assert bench.wait_for(AttemptEnded, command).metrics == {"score": 0.2}
    broken = bench.launch(trial=4, target=None, run="no_baseline_here:main")
    assert bench.wait_for(AttemptEnded, broken).reason == "crashed"
    assert not bench.seen(PrepareFailed)
    assert still_works(bench, 2)


AGENT = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
from programs import COMMAND, FUNCTION, SCRIPT, bench_of
from daybreak.base.home import Home
from daybreak.provenance.code import capture
from daybreak.executors.local.watchdog import Watchdog
from daybreak.lifecycle.commands import Prepare
from daybreak.lifecycle.events import AttemptEnded, AttemptStarted, RungReported
from programs import experiment

home = Path({home!r})
bench = bench_of(home, "killed_program:main", FUNCTION)
(home / "code" / "script.py").write_text(SCRIPT)
bench.executor.execute(Prepare(2, experiment(home / "code", COMMAND)))
from daybreak.base.ids import AttemptKey
from daybreak.base.home import Home
from daybreak.provenance.code import capture
from daybreak.executors.local.watchdog import Watchdog
from daybreak.lifecycle.commands import Launch, Verdict

def launch(number, trial, target):
    key = AttemptKey(number, trial, 1)
    bench.executor.execute(Launch(key, "local", (0,), bench.endless, 1, 0, target, None))
    return bench.wait_for(AttemptStarted, key)

running, script, suspended = launch(1, 1, None), launch(2, 1, None), launch(2, 2, 1)
report = bench.wait_for(RungReported, suspended.attempt)
bench.answer(report, "freeze")
bench.wait_for(AttemptEnded, suspended.attempt)
print(running.pid, script.pid, suspended.pid, flush=True)
while True:
    bench.turn()
"""


def test_when_the_agent_itself_is_killed_nothing_of_it_goes_on(tmp_path):
    agent = subprocess.Popen(
        [sys.executable, "-c", AGENT.format(here=str(HERE), home=str(tmp_path))], stdout=subprocess.PIPE, text=True
    )
    with agent:
        pids = [int(word) for word in agent.stdout.readline().split()]
        assert len(pids) == 3
        family = psutil.Process(agent.pid).children(recursive=True)
        assert len(family) >= 5  # the parent, the watchdog, a worker, two scripts
        agent.kill()
    _, alive = psutil.wait_procs([*family, *map(psutil.Process, filter(psutil.pid_exists, pids))], timeout=20)
    assert not alive


def test_closing_ends_every_group_within_its_grace(make, tmp_path):
    others = set(psutil.Process().children())  # of earlier tests
    bench = make()
    started = [start_endless(bench, trial, slots=(trial - 1,))[1].pid for trial in (1, 2)]
    bench.executor.close(5.0)
    assert all(gone(pid) for pid in started)
    assert not set(psutil.Process().children()) - others
    assert not (tmp_path / "home/run/agent.sock").exists()


def test_what_killed_writers_left_in_the_vault_goes_when_the_agent_starts(make, tmp_path):
    incoming = tmp_path / "home/vault/incoming"
    incoming.mkdir(parents=True)
    left, begun = incoming / "of-yesterday", incoming / "just-begun"
    for file in (left, begun):
        file.write_bytes(b"half a checkpoint")
    os.utime(left, (0, 0))
    make().until(lambda: not left.exists())
    assert begun.exists(), "another agent's writer may be at it"
