"""A made-up experiment for the report page, as large and as odd as asked for."""

from math import nan

from daybreak.base.streams import Stream
from daybreak.cli.front import front
from daybreak.wire.api import RungStatus, Status
from daybreak.wire.rows import AttemptRow, ExperimentRow, NoticeRow, TrialRow

RUNGS = (1, 3, 9, 27)


def two_objectives(trials=60):
    """The same, with the milliseconds of a prediction as a second objective: deeper and better networks take longer."""
    data = made_up(trials)
    row = data["experiment"]
    row.spec["objectives"].append({"metric": "milliseconds", "direction": "minimize"})
    for trial in data["trials"]:
        trial.last["milliseconds"] = 0.5 + 9 * max(trial.last["accuracy"], 0.0) ** 2 * trial.point["layers"]
    return data | {"front": [trial.trial for trial in front(row, data["trials"])]}


def made_up(trials=60, name="made up", extra=(), bad=True):
    """What `gather` gives, for so many trials; `extra` names hyperparameters whose values are strings of the same text."""
    stream = Stream(1, "report")
    found, curves, attempts, clock = [], [], [], [0.0, 0.0, 0.0, 0.0]
    for number in range(1, trials + 1):
        point = {
            "lr": 10 ** (-4 + 3 * stream.uniform()), "width": stream.choice([16, 32, 64, 128]), "layers": 1 + stream.below(6),
            "optimizer": stream.choice(["sgd", "adamw", "lion"]), "augment.noise": stream.uniform() / 10,
            "augment.shift": stream.below(21),
            "smoothing": stream.uniform() * 0.3, "weight_decay": 10 ** (-6 + 5 * stream.uniform()), "warmup_steps": 10 + stream.below(990),
        } | {text: text for text in extra}  # fmt: skip
        if point["optimizer"] == "sgd":
            point["momentum"] = stream.uniform()
        reach = RUNGS[min(3, sum(stream.uniform() < 0.35 for _ in range(3)))]
        top = 0.95 - (stream.normal() * 0.05) ** 2 - abs(point["lr"] - 0.02) * 3
        values = [top - 0.5 / (unit + 1) + stream.normal() * 0.01 for unit in range(1, reach + 1)]
        failed, wild = bad and number % 17 == 5, bad and number % 23 == 7
        if wild:
            values[-1] = nan
        score = None if failed or wild else max(values)
        found.append(TrialRow(
            experiment=1, trial=number, state="failed" if failed else "finished" if reach == 27 else "frozen", why="", point=point,
            source="sampler:density", seed=number, units=reach, target=None, rung=RUNGS.index(reach), attempts=1, slot_seconds=reach * 0.5,
            score=score, best={} if score is None else {"accuracy": score}, last={"accuracy": values[-1]},
            rungs=[(rung, [values[rung - 1]]) for rung in RUNGS if rung <= reach], history=[], checkpoint=None,
            checkpoint_units=0, graced=False, failure="ValueError: width and layers do not fit" if failed else "", created=0.0, ended=None,
        ))  # fmt: skip
        curves.append({"trial": number, "metric": "accuracy", "steps": list(range(1, reach + 1)), "values": values})
        slot = clock.index(min(clock))
        attempts.append(AttemptRow(
            experiment=1, trial=number, epoch=1, state="ended", reason="crashed" if failed else "frozen", why="a new point",
            machine="local", slots=[slot], how="fork", pid=1, from_units=0, to_units=reach, granted=clock[slot], started=clock[slot],
            ended=clock[slot] + reach * 0.5, slot_seconds=reach * 0.5, user_seconds=reach * 0.45,
        ))  # fmt: skip
        clock[slot] += reach * 0.5
    found.sort(key=lambda t: (t.score is None, -(t.score or 0.0)))
    rungs = [
        RungStatus(r, sum(t.units >= r for t in found), 0, 0, sum(t.units == r for t in found), 0.9) for r in RUNGS
    ]
    return {
        "experiment": _experiment(name, found, extra, max(clock)),
        "front": [],
        "objective": {"metric": "accuracy", "direction": "maximize"},
        "trials": found,
        "curves": curves[:600],
        "hidden_curves": max(0, trials - 600),
        "attempts": attempts,
        "believed": ["not audited: daybreak audit 1.1", f"{name} looked at 3 times"],
        "notices": [NoticeRow(1, 1, 0.0, "warning", f"something to know about {name}", None)],
        "importance": {"lr": 0.61, "width": 0.2, "optimizer": 0.12, "layers": 0.07},
        "status": _status(name, rungs, max(clock)),
    }


def _experiment(name, trials, extra, end):
    space = {
        "lr": {"kind": "log", "low": 1e-4, "high": 1e-1}, "width": {"kind": "choice", "options": [16, 32, 64, 128]},
        "layers": {"kind": "int", "low": 1, "high": 6}, "optimizer": {"kind": "choice", "options": ["sgd", "adamw", "lion"]},
        "momentum": {"kind": "uniform", "low": 0.0, "high": 1.0}, "weight_decay": {"kind": "log", "low": 1e-6, "high": 1e-1},
    } | {text: {"kind": "choice", "options": [text]} for text in extra}  # fmt: skip
    cut = {
        "units": 1, "next": 3, "correlation": 0.62, "low": 0.41, "high": 0.77, "graced": 9, "bracket": 0,
        "regret": {"seen": 9, "share": 0.11, "low": 0.02, "high": 0.38, "missed": 0.1, "gain": 0.004},
    }  # fmt: skip
    point = {
        "trial": trials[0].trial,
        "mean": 0.93,
        "low": 0.92,
        "high": 0.94,
        "values": [0.93, 0.92, 0.94],
        "failed": 0,
    }
    return ExperimentRow(
        experiment=1, name=name, state="done", why="budget used", owner="ada", priority=0,
        spec={"name": name, "space": space, "objectives": [{"metric": "accuracy", "direction": "maximize"}]}, spec_hash="0" * 64,
        submitted=0.0, started=0.0, ended=end, trials=len(trials), units=sum(t.units for t in trials),
        slot_seconds=sum(t.slot_seconds for t in trials),
        best_trial=trials[0].trial, best={"accuracy": trials[0].score}, baseline=0.55,
        summary={
            "facts": {"guard": {"units": 30, "share": 0.05, "trials": 9, "cuts": [cut], "lifted": []}}, "confirm": {"points": [point]},
        },
    )  # fmt: skip


def _status(name, rungs, end):
    return Status(
        version=1, experiment=1, name=name, state="done", why="", at=end, metric="accuracy", direction="maximize", states={}, rungs=rungs,
        best_trial=1, best=0.9, best_units=27, best_point={}, slots_busy=0, slots_total=4, units=1, slot_seconds=1.0, wall_seconds=end,
        budget={}, eta_seconds=0.0, baseline=None, phase="over", notices=[], waiting_why="",
    )  # fmt: skip
