"""Trials on several slots: one process each, one voice."""

import pytest
from programs import bench_of

from daybreak.lifecycle.events import AttemptEnded, AttemptStarted, CheckpointSaved, RungReported, Slot

GANG = """
import json, os, pathlib

def main(run):
    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "CUDA_VISIBLE_DEVICES")
    place = pathlib.Path(run.params.folder) / f"{run.rank}.json"
    place.write_text(json.dumps({name: os.environ[name] for name in names} | {"size": run.world_size}))
    kept = {}
    run.keep(kept=kept)
    for unit in run.epochs(100):
        if run.rank == run.params.get("fails"): raise RuntimeError("this member failed")
        run.report(score=float(run.rank * 100 + unit))
    (pathlib.Path(run.params.folder) / f"{run.rank}.done").touch()
"""
SLOTS = [Slot(number=0, kind="gpu", device="GPU-a"), Slot(number=1, kind="gpu", device="GPU-b")]


@pytest.fixture
def bench(tmp_path, socket_enabled):
    bench = bench_of(tmp_path, "gang_program:main", GANG, slots=SLOTS)
    yield bench
    bench.close()


def test_members_find_each_other_and_get_one_verdict(bench, tmp_path):
    import json

    key = bench.launch(slots=(0, 1), point={"folder": str(tmp_path)})
    first = bench.wait_for(RungReported, key)
    bench.answer(first, "go", 3)
    second = bench.wait_for(RungReported, key, 2)
    bench.answer(second, "freeze")
    ended = bench.wait_for(AttemptEnded, key)

    told = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1)]
    assert [one["RANK"] for one in told] == ["0", "1"]
    assert [one["CUDA_VISIBLE_DEVICES"] for one in told] == ["GPU-a", "GPU-b"]
    assert {one["WORLD_SIZE"] for one in told} == {"2"}
    assert len({(one["MASTER_ADDR"], one["MASTER_PORT"]) for one in told}) == 1
    assert (first.metrics, second.metrics) == ({"score": 0.0}, {"score": 2.0})  # rank 0 speaks
    assert (ended.reason, ended.units) == ("frozen", 3)
    assert len(bench.seen(CheckpointSaved, key)) == len(bench.seen(AttemptStarted, key)) == 1
    assert ended.slot_seconds > ended.user_seconds


def test_a_member_that_fails_takes_the_others_with_it(bench, tmp_path):
    key = bench.launch(slots=(0, 1), point={"folder": str(tmp_path), "fails": 1})
    ended = bench.wait_for(AttemptEnded, key)
    assert (ended.reason, ended.failure.kind) == ("crashed", "RuntimeError")
    again = bench.launch(slots=(0, 1), trial=2, point={"folder": str(tmp_path)})
    assert bench.wait_for(RungReported, again).units == 1
