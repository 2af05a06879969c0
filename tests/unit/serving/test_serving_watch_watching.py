"""The supervisor's part: parts become windows, windows are judged when they are due, and a restart counts each part once."""

import msgspec
import numpy as np
import pytest

from daybreak.monitoring import reference
from daybreak.monitoring.window import Window
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.events import Feedback, Prediction, Writer
from daybreak.serving.watch import closed, parts, standing
from daybreak.serving.watch.settings import Watch, told
from daybreak.serving.watch.watching import Watching

NOON = 1_700_049_600.0
WATCH = Watch(every=60.0, truths=10.0)


def numbers(rows, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(shift, 1, rows)


def answered(x):
    return {"high": np.column_stack([x <= 0, x > 0]).astype(float)}


class Desk:
    """A deployment's folder, replicas that write parts, and a supervisor that may be started again."""

    def __init__(self, path, watch=WATCH):
        self.folder = path / "deployments" / "shop"
        self.package = path / "package"
        self.package.mkdir(parents=True)
        x = numbers(3000, seed=99)
        self.reference = reference.make({"x": x}, answered(x), truth=[str(int(value > 0)) for value in x])
        (self.package / "reference.json").write_bytes(reference.to_json(self.reference))
        self.watch = watch
        self.messages, self.said, self.count = [], [], 0
        self.restart()

    def restart(self):
        self.watching = Watching(self.folder, "", lambda message, _: self.messages.append(message), self.said.append)

    @property
    def deployment(self):
        served = (Served("champion", "digits", 3, str(self.package)),)
        return Deployment("shop", served, watch=told(self.watch))

    def counted(self, x, at=NOON, arm="champion", version=3):
        window = Window(self.reference)
        window.add({"x": x}, answered(x), len(x))
        part = parts.Part(arm, "digits", version, str(self.package), at, at, window.take())
        self.count += 1
        file = self.folder / parts.FOLDER / f"{self.count}{parts.SUFFIX}"
        parts.write(file, [part])
        return file

    def tick(self, at=NOON):
        return self.watching.tick(self.deployment, at).arms[0]

    def windows(self, at=NOON):
        return list(closed.of_day(self.folder, closed.day_of(at)))


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_a_window_is_judged_when_it_is_old_and_full_enough(desk):
    desk.counted(numbers(400))
    assert (desk.tick(NOON + 100).standing, desk.tick().open_rows) == ("waiting", 400)
    desk.counted(numbers(400, seed=1))
    assert desk.tick(NOON + 59).standing == "waiting"
    arm = desk.tick(NOON + 60)
    assert (arm.standing, arm.rows, arm.open_rows) == ("ok", 800, 0)
    assert desk.messages == []
    assert [window.verdict.rows for window in desk.windows()] == [800]


def test_a_window_that_is_very_full_is_judged_at_once(tmp_path):
    desk = Desk(tmp_path, msgspec.structs.replace(WATCH, most=700))
    desk.counted(numbers(700))
    assert desk.tick().rows == 700


def test_a_window_that_never_fills_is_closed_at_last(desk):
    desk.counted(numbers(30))
    assert desk.tick(NOON + 86_400).standing == "too few rows"
    assert desk.windows()[0].verdict.tests == ()


def test_drift_is_told_once_more_is_told_and_so_is_its_end(desk):
    for place, shift in enumerate((0.0, 0.8, 0.8, 0.0, 0.0)):
        at = NOON + 2000 * place
        desk.counted(numbers(600, shift, seed=place), at)
        desk.tick(at + 60)
    assert [(message.news, message.until) for message in desk.messages] == [
        ("began", NOON + 2000),
        ("recovered", NOON + 6000),
    ]
    first = desk.messages[0]
    assert (first.deployment, first.arm, first.model, first.version, first.rows) == (
        "shop",
        "champion",
        "digits",
        3,
        600,
    )
    assert set(first.alarms) == {"input x", "output high"}
    assert "digits 3 (champion)" in first.subject
    assert standing.read(desk.folder).standing == "ok"


def test_a_supervisor_that_starts_again_counts_each_part_once(desk):
    file = desk.counted(numbers(300))
    held = file.read_bytes()
    desk.tick()
    assert not file.exists()
    file.write_bytes(held)  # as if it had died after it wrote down what it had merged, before the file was removed
    desk.restart()
    assert desk.tick().open_rows == 300
    desk.counted(numbers(300, seed=1))
    assert desk.tick(NOON + 60).rows == 600


def test_a_version_that_is_served_no_more_is_judged_and_closed(desk):
    desk.counted(numbers(600), arm="v2", version=4)
    desk.tick(NOON + 50)
    assert desk.windows() == []
    desk.tick(NOON + 61)
    assert [(window.arm, window.version) for window in desk.windows()] == [("v2", 4)]


def test_a_part_that_cannot_be_read_is_left_aside(desk):
    desk.counted(numbers(10)).write_bytes(b"torn")
    desk.counted(numbers(20))
    assert desk.tick().open_rows == 20


def test_settings_that_make_no_sense_are_told_once_and_the_defaults_are_taken(desk):
    served = desk.deployment.served
    for _ in range(2):
        desk.watching.tick(Deployment("shop", served, watch={"ever": 3}), NOON)
    assert len(desk.said) == 1
    assert "`watch` of deployment.json" in desk.said[0]


def test_a_model_without_a_reference_is_told_to_have_none(desk):
    (desk.package / "reference.json").unlink()
    arm = desk.tick()
    assert (arm.standing, arm.model) == ("no reference", "digits")


def test_feedback_that_tells_the_truth_measures_the_model(desk):
    writer = Writer(desk.folder / "events", 1)
    for number in range(200):
        name = f"champion.3.{number}"
        writer.add(Prediction(name, NOON, "champion", 3, 0.01, "1", 1.0))
        writer.add(Feedback(name, NOON, "champion", 3, "truth", truth={"high": "1"} if number % 4 else "0"))
        writer.add(Feedback(name, NOON, "champion", 3, "truth", truth="0"))  # said again: the first counts
    writer.add(Feedback("champion.3.unknown", NOON, "champion", 3, "truth", truth="1"))
    writer.close()
    assert desk.tick().truths == 200
    desk.counted(numbers(600))
    arm = desk.tick(NOON + 60)
    assert (arm.performance.score.value, arm.performance.score.rows, arm.truths) == (0.75, 200, 0)
    assert arm.standing == "drift"
    assert "answers whose truth came back" in arm.says
    assert list(desk.messages[0].alarms) == ["performance"]


def test_old_windows_and_reports_are_forgotten(desk):
    desk.counted(numbers(600))
    desk.tick(NOON + 60)
    (desk.folder / "reports").mkdir()
    old = desk.folder / "reports" / f"{closed.day_of(NOON)}.html"
    old.touch()
    assert desk.watching.new_day(NOON, 30) == ""
    assert desk.watching.new_day(NOON + 40 * 86_400, 30) == closed.day_of(NOON)
    assert closed.days(desk.folder) == []
    assert not old.exists()


def test_another_model_of_the_same_name_and_version_begins_anew(desk):
    desk.counted(numbers(600, 0.8))
    assert desk.tick(NOON + 60).standing == "drift"
    desk.counted(numbers(200), NOON + 70)
    desk.tick(NOON + 70)
    desk.restart()
    (served,) = desk.deployment.served
    other = msgspec.structs.replace(desk.deployment, served=(msgspec.structs.replace(served, model="letters"),))
    now = desk.watching.tick(other, NOON + 80).arms[0]
    assert (now.model, now.standing, now.rows, now.open_rows, now.alarms) == ("letters", "waiting", 0, 0, {})
    assert standing.read(desk.folder).standing == "waiting"
