"""What verify concludes, and which cause it names, from trainings whose answer is known."""

import msgspec
import pytest
from bench import UNITS, Training, recorded_trial, steady, verified

from daybreak.base.errors import UsageError
from daybreak.proof.certificate import Parting
from daybreak.proof.pinning import elsewhere
from daybreak.proof.verifying import TOO_MANY, Wish
from daybreak.provenance import machine
from daybreak.provenance.record import Environment, Record
from daybreak.train.failures import failure
from daybreak.train.shards import tree


def noisy(units, turn, **_):
    """Every training draws anew from the third unit on."""
    return units / 4 + (turn if units >= 3 else 0)


def by_threads(units, threads, **_):
    """Sums in another order on other thread counts."""
    return units / 4 + threads / 1024


def racing(units, threads, turn, **_):
    """On several threads no two trainings are alike."""
    return units / 4 + (turn if threads > 1 else 0)


def forgetful(units, start, **_):
    """Something is not kept over a freeze."""
    return units / 4 + start / 1024


def test_what_trains_to_the_same_bits_reaches_resume_and_says_why_no_more(tmp_path):
    made, bench = verified(tmp_path, Training(steady))
    assert (made.verified, made.level, made.units, made.of) == (True, "resume", UNITS, UNITS)
    assert [check.what for check in made.checks] == ["from nothing", "from a checkpoint of the rerun at 4"]
    assert any("elastic: not tried" in note for note in made.notes)
    assert made.parting is made.cause is None
    assert len(bench.trained) == 2


def test_shards_are_trained_on_every_size_that_they_can_be_cut_into(tmp_path):
    made, _ = verified(tmp_path, Training(steady, sharded=True))
    assert made.level == "elastic"
    assert [check.world_size for check in made.checks if check.level == "elastic"] == [2, 4]


def test_a_size_on_which_it_cannot_be_trained_is_noted_and_fails_nothing(tmp_path):
    made, _ = verified(tmp_path, Training(steady, sharded=True, most=2))
    assert (made.verified, made.level) == (True, "elastic")
    assert "elastic: not on 4 processes: 4 processes share 2 shards" in made.notes
    made, _ = verified(tmp_path, Training(steady, sharded=True, most=1))
    assert (made.verified, made.level) == (True, "resume")
    assert sum("elastic: not on" in note for note in made.notes) == 2


def test_too_few_shards_are_known_by_the_name_of_what_is_raised():
    with pytest.raises(UsageError) as raised:
        tree.check(shards=2, workers=4)
    assert failure(raised.value).kind == TOO_MANY


def test_a_size_on_which_it_crashes_is_not_proven(tmp_path):
    made, _ = verified(tmp_path, Training(steady, sharded=True, most=2, refusal="ConnectionError"))
    assert (made.verified, made.level, made.outcome) == (False, "resume", "not proven")
    assert [check.same for check in made.checks if check.level == "elastic"] == [True, False]
    assert "trained again on 4 processes: 4 processes share 2 shards" in made.cause.told


def test_what_adapters_say_of_their_limits_stands_in_the_certificate(tmp_path):
    made, _ = verified(tmp_path, Training(steady, limits=("keras: shuffled otherwise",)))
    assert made.verified
    assert made.limits == ("keras: shuffled otherwise",)


def test_what_depends_on_the_number_of_processes_is_not_elastic_and_threads_are_not_blamed(tmp_path):
    made, _ = verified(tmp_path, Training(lambda units, world_size, **_: units / 4 + world_size // 4, sharded=True))
    assert (made.verified, made.level) == (False, "resume")
    assert made.cause.kind == "processes"
    assert "on 4 it is not" in made.cause.told
    assert (made.parting.step, made.parting.size) == (1, 1.0)


def test_a_level_that_was_not_asked_for_is_not_tried(tmp_path):
    made, bench = verified(tmp_path, Training(steady), Wish(("rerun",), steps=5))
    assert (made.level, made.asked, made.units, made.of) == ("rerun", ("rerun",), 5, UNITS)
    assert len(bench.trained) == 1


def test_an_unseeded_generator_is_named_with_the_first_unit_and_tensor(tmp_path):
    (tmp_path / "train.py").write_text("import random\n\nnoise = random.Random()\n")
    made, _ = verified(tmp_path, Training(noisy))
    assert (made.verified, made.level) == (False, "none")
    assert made.parting == Parting(3, tensor="kept.model.w")
    assert made.cause.kind == "generator"
    assert "random.Random(), at train.py:3" in made.cause.told


def test_code_that_says_nothing_of_why_is_told_as_such(tmp_path):
    made, _ = verified(tmp_path, Training(noisy))
    assert (made.cause.kind, made.cause.told[:40]) == ("code", "the code is not deterministic here, and ")


def test_an_operator_that_torch_names_comes_before_a_look_at_the_code(tmp_path):
    made, _ = verified(tmp_path, Training(noisy, undetermined=("index_add_cuda_",)))
    assert made.cause.kind == "operator"
    assert "index_add_cuda_" in made.cause.told


def test_a_race_of_threads_is_known_by_one_thread_being_repeatable(tmp_path):
    made, _ = verified(tmp_path, Training(racing), threads=2)
    assert made.cause.kind == "threads"
    assert "on one thread, twice: the same bits" in made.cause.evidence


def test_another_thread_count_that_gives_the_record_is_the_cause(tmp_path):
    recorded_on_2 = {"weights": lambda units, **_: by_threads(units, 2)}
    made, _ = verified(tmp_path, Training(by_threads), **recorded_on_2)
    assert made.cause.kind == "threads"
    assert made.cause.told.startswith("on 2 threads it is the same as recorded, on 1 it is not")
    assert (made.parting.step, made.parting.metric, made.parting.size) == (1, "loss", 1 / 1024)


def test_what_is_not_kept_over_a_freeze_is_known_by_the_recorded_segments(tmp_path):
    made, _ = verified(tmp_path, Training(forgetful), weights=forgetful)
    assert made.cause.kind == "not kept"
    assert "trained again in the 2 segments that were recorded: as recorded" in made.cause.evidence
    assert made.parting.step == 4


def test_a_record_in_one_go_cannot_be_resumed_from_where_something_is_not_kept(tmp_path):
    made, _ = verified(tmp_path, Training(forgetful), weights=forgetful, freezes=(UNITS,))
    assert (made.level, made.cause.kind) == ("rerun", "not kept")
    assert made.cause.told.startswith("from nothing it is the same as recorded, from a checkpoint it is not")


def test_metrics_that_part_while_all_states_hold_were_altered(tmp_path):
    made, _ = verified(tmp_path, Training(steady), loss=lambda weight: weight if weight < 2 else 0.0)
    assert (made.cause.kind, made.parting.step, made.parting.metric) == ("record", 8, "loss")


def environment(**packages):
    return Record(environment=Environment(packages=packages), machine=machine.facts())


def test_versions_that_are_not_as_they_were_are_the_likeliest_where_all_else_is_equal(tmp_path):
    captured = environment(msgspec="0.0.1")
    made, _ = verified(tmp_path, Training(steady), weights=lambda units, **_: units / 2, captured=captured)
    assert made.cause.kind == "code"  # in this recording no code was captured: likelier than a version
    assert any(line.startswith("msgspec was 0.0.1, here it is ") for line in made.cause.evidence)


@pytest.mark.parametrize(
    ("there", "kind", "said"),
    [
        ({"cpu": {"model": "Z80"}}, "instruction set", "the CPU was Z80"),
        ({"gpus": [{"model": "GTX 1"}]}, "GPU model", "the GPU was GTX 1"),
        ({"torch": {"threads": 96}}, "threads", "torch's threads was 96"),
        ({"torch": {"version": "0.4"}}, "library", "torch's version was 0.4"),
    ],
)
def test_each_difference_of_machines_names_a_cause(tmp_path, monkeypatch, there, kind, said):
    here = {"cpu": {"model": "this"}, "gpus": [{"model": "this"}], "torch": {"threads": 1, "version": "2"}}
    monkeypatch.setattr(machine, "facts", lambda: here)
    recording, _ = recorded_trial(tmp_path, captured=Record(machine=there))
    assert [(one.kind, one.said.partition(",")[0]) for one in elsewhere(recording, recording.python)][1:] == [
        (kind, said)
    ]


def test_many_other_packages_are_counted(tmp_path):
    recording, _ = recorded_trial(tmp_path, captured=environment(**{f"made-up-{n}": "1" for n in range(20)}))
    told = [str(one) for one in elsewhere(recording, recording.python)]
    assert "made-up-0 was 1, here it is not installed" in told
    assert "and 8 more packages have other versions here" in told


def test_a_failure_is_told_and_nothing_is_looked_for(tmp_path):
    made, bench = verified(tmp_path, Training(steady, most=0))
    assert (made.level, made.cause.kind, len(bench.trained)) == ("none", "failure", 1)
    assert "processes share 0 shards" in made.cause.told


def test_a_recorded_checkpoint_whose_file_is_not_what_its_hash_says_is_told(tmp_path):
    recording, _ = recorded_trial(tmp_path)
    file = recording.vault.folder / (digest := recording.recorded.attempts[0].saved[0].digest)[:2] / digest[2:]
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not what was saved")
    made, _ = verified(tmp_path, Training(steady))
    assert (made.level, made.parting.step, made.cause.kind) == ("none", 3, "record")
    assert f"{digest[:12]} at 3 units is damaged" in made.cause.told
    assert [state.standing for state in made.checks[0].states] == ["damaged", "same file"]
    assert msgspec.json.encode(made)
