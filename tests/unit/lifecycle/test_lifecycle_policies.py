"""A failure whose output matched a log policy: given up at once, sent to other slots, or only told."""

from daybreak.lifecycle.commands import Launch
from daybreak.spec.models import Retry, Search
from daybreak.wire.worker import Failure


def fail(script, key, policy, line="a line", rank=0):
    failure = Failure("exit", "ended with exit code 1", "", f"f{line}", policy, "pattern", line, rank)
    return script.end(key, "crashed", failure=failure)


def of(kind, orders):
    return [order for order in orders if isinstance(order, kind)]


def begin(script, slots=1, gang=1):
    script.offer(slots)
    orders = script.submit(search=Search(max_units=9, max_trials=1), retry=Retry(attempts=3), resources={"slots": gang})
    return of(Launch, orders)[0]


def test_out_of_memory_is_not_tried_again(script):
    launch = begin(script)

    fail(script, launch.attempt, "fail", "CUDA out of memory")

    assert script.trial(1).state == "failed"
    assert any("not tried again" in text and "CUDA out of memory" in text for _, text in script.notices())


def test_elsewhere_takes_another_slot_and_is_no_crash(script):
    launch = begin(script, slots=2)

    (again,) = of(Launch, fail(script, launch.attempt, "elsewhere", "ECC"))

    assert (launch.slots, again.slots) == ((0,), (1,))
    assert script.trial(1).crashes == 0


def test_of_a_gang_only_the_slot_of_the_rank_that_said_so_is_avoided(script):
    launch = begin(script, slots=3, gang=2)

    (again,) = of(Launch, fail(script, launch.attempt, "elsewhere", "ECC", rank=1))

    assert (launch.slots, again.slots) == ((0, 1), (0, 2))


def test_where_there_is_no_other_slot_it_goes_back_to_the_same_a_few_times(script):
    begin(script)
    tries = 0
    while script.trial(1).state != "failed":
        tries += 1
        fail(script, script.trial(1).live.key, "elsewhere", "ECC")

    assert tries == 5 + 1 + 3  # elsewhere, then as a crash that is retried three times
    assert any("slot 0 of machine m has failed 3 times" in text for _, text in script.notices())


def test_a_policy_that_only_tells_leaves_a_crash_a_crash(script):
    launch = begin(script)

    orders = fail(script, launch.attempt, "tell", "link 3 flapped")

    assert len(of(Launch, orders)) == 1
    assert script.trial(1).crashes == 1
    assert any("link 3 flapped" in text for _, text in script.notices())
