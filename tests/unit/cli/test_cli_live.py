"""What is told of a running search, how often, and that it fits where it is shown."""

import io

import pytest
from rich.console import Console

from daybreak.cli.live import Lines, line, view
from daybreak.cli.output import duration, folded, number, roughly
from daybreak.wire.api import RungStatus, Status


def status(**changes):
    base = {
        "version": 1, "experiment": 3, "name": "digits", "state": "running", "why": "", "at": 0.0, "metric": "accuracy",
        "direction": "maximize", "states": {"frozen": 20, "running": 2},
        "rungs": [RungStatus(1, 20, 0, 2, 15, 0.5), RungStatus(3, 6, 1, 0, 5, 0.9)],
        "best_trial": 4, "best": 0.98765, "best_units": 27, "best_point": {"lr": 1e-4, "width": 64}, "slots_busy": 2, "slots_total": 2,
        "units": 1234, "slot_seconds": 9.0, "wall_seconds": 83.4, "budget": {"trials": (22.0, 40.0), "slot_hours": (0.01, 0.5)},
        "eta_seconds": 200.0, "baseline": 0.1, "phase": "search", "notices": [], "waiting_why": "",
    }  # fmt: skip
    return Status(**base | changes)


def shown(width, **changes):
    console = Console(width=width, file=io.StringIO(), markup=False, highlight=False)
    console.print(view(status(**changes), width))
    return console.file.getvalue().splitlines()


def test_one_line_says_it_all():
    assert line(status()) == (
        "[1 min 23 s] digits #3 running: best accuracy 0.9877 (trial 3.4); 20 frozen, 2 running; 1,234 units, about 3 min to go"
    )
    assert "no score yet; no trial yet; 0 units" in line(status(best_trial=None, states={}, units=0, eta_seconds=None))


def test_view_fits_eighty_columns_however_many_hyperparameters_there_are():
    names = {f"a_rather_long_hyperparameter_{i}": i / 7 for i in range(40)}
    lines = shown(80, best_point=names)
    assert all(len(text) <= 80 for text in lines)
    assert len(lines) < 20
    assert "more" in lines[-1]


def test_view_tells_states_rungs_budget_slots_and_what_is_left():
    text = "\n".join(shown(100))
    for told in ("digits #3  running", "slots 2/2", "about 3 min to go", "22: 20 frozen, 2 running", "22 of 40 trials",
                 "0.01 of 0.5 slot hours", "0.9877 accuracy, trial 3.4 at 27 units, baseline 0.1", "lr=0.0001  width=64"):  # fmt: skip
        assert told in text


def test_columns_stand_still_while_numbers_grow():
    before, after = shown(80), shown(80, rungs=[RungStatus(1, 40, 1, 2, 30, 0.5), RungStatus(3, 6, 1, 0, 5, 0.9)])
    assert before[2].index("frozen") == after[2].index("frozen")


def test_a_user_s_text_is_not_markup():
    assert "[bold]x[/] #3" in shown(80, name="[bold]x[/]")[0]


def told(statuses):
    lines = Lines()
    return [s for s in statuses if lines.due(s)]


@pytest.mark.parametrize(("seconds", "most"), [(60, 45), (3600, 130), (86400, 200)])
def test_lines_become_rarer_the_longer_it_runs(seconds, most):
    steps = (status(wall_seconds=s / 2, best=s, units=s) for s in range(2 * seconds))
    assert len(told(steps)) < most


def test_another_state_or_phase_is_told_at_once():
    changes = [{"phase": "search"}, {"phase": "finishing"}, {"phase": "confirm"}, {"state": "done", "phase": "over"}]
    assert len(told(status(wall_seconds=50000.0, **c) for c in changes)) == 4


def test_silence_while_nothing_changes():
    assert len(told(status(wall_seconds=float(s)) for s in range(1000))) == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3599.4, "59 min 59 s"),
     (3599.6, "1 h 00 min"), (93784.0, "26 h 03 min"), (None, "-")],
)  # fmt: skip
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "under 5 s"), (38, "about 40 s"), (58, "about 1 min"), (200, "about 3 min"),
     (2000, "about 35 min"), (3500, "about 1 h"), (9000, "about 2.5 h")],
)  # fmt: skip
def test_estimates_do_not_pretend(seconds, text):
    assert roughly(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (True, "True"), (12345, "12,345"), (0.00001234567, "1.235e-05"), ("sgd", "sgd")]
)
def test_numbers(value, text):
    assert number(value) == text


def test_folding_breaks_between_pairs_only():
    assert folded("a=1  b=2  c=3", 9) == ["a=1  b=2", "c=3"]
    assert folded("a=1  b=2  c=3", 9, 2) == ["a=1  b=2", "c=3"]
    assert folded("alpha=1  beta=2  gamma=3  delta=4", 28, 1) == ["alpha=1  beta=2  and 2 more"]
