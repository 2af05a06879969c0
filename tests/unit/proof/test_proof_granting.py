"""A process that trains again gets the recorded GPUs where they are, this machine's where they are not."""

import pytest

from daybreak.proof import granting
from daybreak.proof.granting import on_devices_here

RECORDED = [{"CUDA_VISIBLE_DEVICES": "GPU-aaaa", "OMP_NUM_THREADS": "1"}, {"CUDA_VISIBLE_DEVICES": "GPU-bbbb"}]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("GPU 0: H200 (UUID: GPU-aaaa)\nGPU 1: H200 (UUID: GPU-bbbb)\n", ["GPU-aaaa", "GPU-bbbb"]),
        ("GPU 0: H200 (UUID: GPU-cccc)\nGPU 1: H200 (UUID: GPU-dddd)\n", ["0", "1"]),
    ],
    ids=["the same machine", "another machine"],
)
def test_gpus(monkeypatch, listed, expected):
    monkeypatch.setattr(granting, "listing", lambda: listed)
    assert [one["CUDA_VISIBLE_DEVICES"] for one in on_devices_here(RECORDED)] == expected


def test_what_ran_on_a_cpu_sees_no_gpu_here_either(monkeypatch):
    monkeypatch.setattr(granting, "listing", lambda: "GPU 0: H200 (UUID: GPU-aaaa)\n")
    assert on_devices_here([{"CUDA_VISIBLE_DEVICES": ""}]) == [{"CUDA_VISIBLE_DEVICES": ""}]
