"""The supervisor's side of a test: events are folded once, whatever restarts; a challenger that must go is taken back."""

import os

import msgspec
import pytest
from experiment_cases import BEGAN, PLAIN, Traffic, served, with_a_test

from daybreak.monitoring.drift import Finding
from daybreak.rollout.comparison import Rules
from daybreak.rollout.outcomes import Outcome
from daybreak.serving import desired
from daybreak.serving.events import Feedback, Mirrored, Prediction, Reader, sweep
from daybreak.serving.experiment.following import STATE, Following
from daybreak.serving.experiment.record import Challenger, begun, experiment_of, grown, over
from daybreak.serving.experiment.reporting import published, report
from daybreak.serving.experiment.steering import KEEP, Steering
from daybreak.serving.experiment.supervising import drifted
from daybreak.serving.watch import standing
from daybreak.serving.watch.standing import ArmStanding, Standing

RATES = {"champion": 0.1, "v4": 0.16}


def told(test):
    return report(test, BEGAN + 3600)


def test_what_was_answered_and_told_becomes_a_readout(tmp_path):
    traffic = Traffic(tmp_path)
    traffic.ask(6_000, RATES)
    test = Following(tmp_path, experiment_of(traffic.deployment))
    test.poll()
    found = told(test)
    assert found.verdict.state == "better"
    assert found.verdict.said.startswith("v4 is better by ")
    assert sum(arm.requests for arm in found.arms) == 6_000
    assert [(arm.name, arm.role, arm.version, arm.weight) for arm in found.arms] == [
        ("champion", "champion", 3, 0.5),
        ("v4", "challenger", 4, 0.5),
    ]
    assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found


def test_a_test_that_has_ended_says_what_it_found_and_wants_no_more(tmp_path):
    traffic = Traffic(tmp_path)
    traffic.ask(2_000, {"champion": 0.1, "v4": 0.1})

    def found(deployment):
        test = Following(tmp_path, experiment_of(deployment))
        test.poll()
        return told(test)

    running, ended = found(traffic.deployment), found(over(traffic.deployment, BEGAN + 60, "stopped"))
    assert "more outcomes would show" in running.verdict.said
    assert running.readings[0].reading.more > 0
    assert ended.verdict.said.startswith("It ended too early to tell: v4 is between")
    assert [(one.reading.more, "more outcomes" in one.said) for one in ended.readings] == [(None, False)] * 2


def test_a_restart_counts_each_event_once(tmp_path):
    traffic = Traffic(tmp_path)
    first = Following(tmp_path, experiment_of(traffic.deployment))
    for kept in (True, False):
        traffic.ask(500, RATES)
        first.poll()
        if kept:
            first.keep()  # what comes after it is folded again from its events
    again, anew = (Following(tmp_path, experiment_of(traffic.deployment)) for _ in range(2))
    (tmp_path / STATE).unlink()
    anew = Following(tmp_path, experiment_of(traffic.deployment))
    for test in (again, anew):
        test.poll()
    assert told(first) == told(again) == told(anew)


@pytest.mark.parametrize("damage", [lambda data: data[:100], lambda data: b""])
def test_a_damaged_state_is_folded_anew(tmp_path, damage):
    traffic = Traffic(tmp_path)
    traffic.ask(500, RATES)
    first = Following(tmp_path, experiment_of(traffic.deployment))
    first.poll()
    first.keep()
    (tmp_path / STATE).write_bytes(damage((tmp_path / STATE).read_bytes()))
    again = Following(tmp_path, experiment_of(traffic.deployment))
    again.poll()
    assert told(again) == told(first)


def test_feedback_sent_twice_counts_once_and_the_last_is_right(tmp_path):
    traffic = Traffic(tmp_path)
    issued = traffic.ask(400)
    for value in (1.0, 1.0, 0.0):
        for one in issued:
            traffic.tell(one, one.partition(".")[0], "conversion", value)
    test = Following(tmp_path, experiment_of(traffic.deployment))
    test.poll()
    assert (told(test).readings[0].reading.champion, told(test).readings[0].reading.challenger) == (0.0, 0.0)


def test_truths_meet_the_answers_that_were_remembered(tmp_path):
    rules = Rules(Outcome("accuracy", "accuracy", 0.02))
    traffic = Traffic(tmp_path, begun(PLAIN, (Challenger(served("v4", 4), 0.5),), rules, "spring", BEGAN, ""))
    for number, one in enumerate(traffic.ask(2_000)):
        arm = one.partition(".")[0]
        right = number % 20 < {"champion": 10, "v4": 18}[arm]
        traffic.writer.add(Prediction(one, BEGAN, arm, 4, 0.001, "7" if right else "1", output="digit"))
        for truth in ({"digit": "3"}, {"digit": "7"})[number % 2 :]:  # half of them are corrected
            traffic.writer.add(Feedback(one, BEGAN, arm, 4, "truth", truth=truth))
    traffic.writer.add(Feedback(one, BEGAN, arm, 4, "rating", 5.0))  # nobody asked for
    traffic.writer.flush()
    test = Following(tmp_path, experiment_of(traffic.deployment))
    test.poll()
    reading = told(test).readings[0].reading
    assert (reading.champion, reading.challenger) == (pytest.approx(0.5, abs=0.05), pytest.approx(0.9, abs=0.05))
    assert sum(reading.outcomes) == 2_000
    assert told(test).verdict.state == "better"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_truth_that_is_read_before_its_answer_waits_for_it(tmp_path, restarted):
    traffic, test = asked_for_accuracy(tmp_path)
    issued = traffic.ask(100)
    for one in issued:
        traffic.writer.add(Feedback(one, BEGAN, one.partition(".")[0], 4, "truth", truth={"digit": "7"}))
    traffic.writer.flush()
    test.poll()
    if restarted:
        test.keep()
        test = Following(tmp_path, experiment_of(traffic.deployment))
    for one in issued:
        traffic.writer.add(Prediction(one, BEGAN, one.partition(".")[0], 4, 0.001, "7", output="digit"))
    traffic.writer.flush()
    test.poll()
    reading = told(test).readings[0].reading
    assert (sum(reading.outcomes), reading.champion, reading.challenger) == (100, 1.0, 1.0)


def test_a_truth_is_compared_with_the_answer_of_its_own_output(tmp_path):
    traffic, test = asked_for_accuracy(tmp_path)
    issued = traffic.ask(100)
    for number, one in enumerate(issued):
        arm = one.partition(".")[0]
        truth = {"churn": "no", "gender": "yes"} if number < 60 else {"gender": "yes"}
        traffic.writer.add(Prediction(one, BEGAN, arm, 4, 0.001, "yes", output="churn"))
        traffic.writer.add(Feedback(one, BEGAN, arm, 4, "truth", truth=truth))
    traffic.writer.flush()
    test.poll()
    reading = told(test).readings[0].reading
    assert (sum(reading.outcomes), reading.champion, reading.challenger) == (60, 0.0, 0.0)


def asked_for_accuracy(folder):
    """Traffic of a test that compares accuracy, and who follows it."""
    rules = Rules(Outcome("accuracy", "accuracy", 0.02))
    traffic = Traffic(folder, begun(PLAIN, (Challenger(served("v4", 4), 0.5),), rules, "spring", BEGAN, ""))
    return traffic, Following(folder, experiment_of(traffic.deployment))


def test_what_an_earlier_test_dealt_is_not_counted(tmp_path):
    traffic = Traffic(tmp_path)
    old = traffic.ask(300, RATES)
    traffic.deployment = desired.change(tmp_path, lambda now: over(now, BEGAN + 30, "done"))
    traffic.deployment = desired.change(
        tmp_path,
        lambda now: begun(now, (Challenger(served("v4", 4), 0.5),), experiment_of(now).rules, "summer", BEGAN + 60, ""),
    )
    for one in old:
        traffic.tell(one, one.partition(".")[0], "conversion", 1.0)
    traffic.ask(200)
    test = Following(tmp_path, experiment_of(traffic.deployment))
    test.poll()
    assert sum(arm.requests for arm in told(test).arms) == 200
    assert told(test).readings[0].reading.challenger == 0.0


def test_a_bad_challenger_is_taken_back_and_people_are_told_once(tmp_path):
    traffic = Traffic(tmp_path, with_a_test(Challenger(served("v4", 4), 0.1)))
    alerts = []
    steering = Steering(tmp_path, alerts.append)
    steering.tick(desired.read(tmp_path), BEGAN + 11)
    traffic.ask(400, failures={"v4": 1.0})
    stale = desired.read(tmp_path)
    for at in (12, 13):
        steering.tick(stale, BEGAN + at)
    now = desired.read(tmp_path)
    assert (now.split, [one.arm for one in now.served]) == (None, ["champion"])
    told = f"{experiment_of(now).because}. The champion answers its units again.".replace("v4 taken", "v4 was taken")
    assert [(one.kind, one.arm, one.version, one.said) for one in alerts] == [("taken back", "v4", ("digits", 4), told)]
    assert "100.00 % of its requests fail (v4)" in told
    assert steering.tick(now, BEGAN + 14).state == "ended"
    assert published(tmp_path).because == experiment_of(now).because


def test_drift_takes_a_challenger_back_but_leaves_the_other(tmp_path):
    two = (Challenger(served("v4", 4), 0.2), Challenger(served("v5", 5), 0.2))
    traffic = Traffic(tmp_path, with_a_test(*two))
    traffic.ask(100)
    alerts = []
    Steering(tmp_path, alerts.append, lambda experiment: {"v5": "class 7 fell from 10 % to 2 %"}).tick(
        desired.read(tmp_path), BEGAN + 12
    )
    now = desired.read(tmp_path)
    assert [one.arm for one in now.served] == ["champion", "v4"]
    why = "taken back: v5 predicts under drift: class 7 fell from 10 % to 2 %"
    assert experiment_of(now).stopped == {"v5": why}
    steering = Steering(tmp_path, alerts.append, lambda experiment: {"v5": "class 7 fell from 10 % to 2 %"})
    after = steering.tick(now, BEGAN + 13)
    assert [arm.stopped for arm in after.arms] == ["", "", why]
    assert (after.verdict.state, after.verdict.rollback, len(alerts)) == ("early", (), 1)


def test_a_verdict_is_an_alert_once(tmp_path):
    traffic = Traffic(tmp_path)
    alerts = []
    steering = Steering(tmp_path, alerts.append)
    for at in range(20, 26):
        traffic.ask(1_500, RATES)
        steering.tick(desired.read(tmp_path), BEGAN + at)
    assert [one.kind for one in alerts] == ["verdict"]
    assert alerts[0].said.startswith("v4 is better by ")


def test_people_are_not_told_again_after_a_restart(tmp_path):
    traffic = Traffic(tmp_path)
    traffic.ask(6_000, RATES)
    alerts = []
    for at in (11, 12):
        Steering(tmp_path, alerts.append).tick(traffic.deployment, BEGAN + at)
    assert [one.kind for one in alerts] == ["verdict"]


def test_a_ramp_is_followed_without_losing_what_was_seen(tmp_path):
    traffic = Traffic(tmp_path, with_a_test(Challenger(served("v4", 4), 0.1)))
    steering = Steering(tmp_path, print)
    traffic.ask(1_000)
    steering.tick(desired.read(tmp_path), BEGAN + 11)
    traffic.deployment = desired.change(tmp_path, lambda now: grown(now, {"v4": 0.5}, BEGAN + 12))
    traffic.ask(1_000)
    found = steering.tick(desired.read(tmp_path), BEGAN + 13)
    assert [arm.weight for arm in found.arms] == [0.5, 0.5]
    assert sum(arm.requests for arm in found.arms) == 2_000
    assert found.ratio.expected[1] == pytest.approx(found.ratio.seen[1], rel=0.2)


def test_shadows_are_compared_and_what_was_seen_is_kept(tmp_path):
    shadow = Challenger(served("v6", 6), 1.0, "shadow")
    traffic = Traffic(tmp_path, with_a_test(shadow))
    for number, issued in enumerate(traffic.ask(200)):
        traffic.writer.add(Mirrored(issued, BEGAN + 1, "v6", 6, 0.003, number % 10 > 0, 0.02))
    traffic.writer.add(
        Mirrored("id", BEGAN + 1, "v6", 6, 0.003, agrees=False, difference=float("nan"), code="model_failed")
    )
    traffic.writer.flush()
    steering = Steering(tmp_path, print)
    found = steering.tick(traffic.deployment, BEGAN + KEEP)
    steering.close()
    assert found.shadows[0].said.startswith("v6 answers like those it shadows (champion first) for 90.0 % of 200 rows")
    assert found.shadows[0].said.endswith("it failed on 1 more.")
    assert found.verdict.said == "no challenger answers requests: there is nothing to compare."
    again = Steering(tmp_path, print).tick(traffic.deployment, BEGAN + KEEP)
    assert again == found


def test_events_from_before_a_test_are_not_read(tmp_path):
    old = Traffic(tmp_path)
    old.ask(100)
    (segment,) = (tmp_path / "events").glob("*.events")
    os.utime(segment, (BEGAN - 60, BEGAN - 60))
    assert Following(tmp_path, experiment_of(old.deployment)).poll() == 0
    os.utime(segment, (BEGAN + 60, BEGAN + 60))
    assert Following(tmp_path, experiment_of(old.deployment)).poll() == 100


def test_what_an_earlier_deployment_said_is_not_said_of_the_next(tmp_path):
    traffic = Traffic(tmp_path)
    steering = Steering(tmp_path, print)
    steering.tick(traffic.deployment, BEGAN + 1)
    assert published(tmp_path) is not None
    steering.tick(PLAIN, BEGAN + 2)
    assert published(tmp_path) is None


def test_events_that_a_test_has_not_read_are_not_swept(tmp_path):
    traffic = Traffic(tmp_path)
    steering = Steering(tmp_path, print)
    steering.tick(traffic.deployment, BEGAN + KEEP)
    traffic.ask(10)
    monitoring = Reader(tmp_path / "events")
    list(monitoring.poll())
    assert sweep(tmp_path / "events", 1e12, monitoring.offsets) == 0
    steering.tick(PLAIN, BEGAN + KEEP)  # a deployment without a test: nobody waits for them
    assert sweep(tmp_path / "events", 1e12, monitoring.offsets) == 1


def test_a_deployment_without_a_test_is_left_alone(tmp_path):
    assert Steering(tmp_path, print).tick(PLAIN, BEGAN) is None
    assert published(tmp_path) is None


def arm_standing(arm, since, *, drifts):
    tests = (Finding("output", "digit", "", "psi", 0.4, 0.1, 0.1, 0.001, 600, alarm=True, says="class 7 fell"),)
    return ArmStanding(arm, "digits", 4, "drift" if drifts else "ok", "", tests=tests if drifts else (), since=since)


@pytest.mark.parametrize(
    ("arms", "found"),
    [
        ({"champion": False, "v4": True}, {"v4": "class 7 fell"}),
        ({"champion": True, "v4": True}, {}),  # the world changes, whoever answers
        ({"champion": False, "v4": False}, {}),
    ],
)
def test_drift_of_a_challenger_alone_is_its_own(tmp_path, arms, found):
    (tmp_path / "windows").mkdir()
    told = tuple(arm_standing(name, BEGAN + 5, drifts=drifts) for name, drifts in arms.items())
    standing.write(tmp_path, Standing(BEGAN + 9, "drift", "", told))
    assert drifted(tmp_path, experiment_of(with_a_test())) == found


def test_drift_from_before_the_test_is_not_the_challengers(tmp_path):
    (tmp_path / "windows").mkdir()
    standing.write(tmp_path, Standing(BEGAN, "drift", "", (arm_standing("v4", BEGAN - 5, drifts=True),)))
    assert drifted(tmp_path, experiment_of(with_a_test())) == {}
