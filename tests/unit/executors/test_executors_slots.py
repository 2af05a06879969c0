"""What a machine offers: read from recorded `nvidia-smi` output, from limits on CPUs, and from what the user says."""

import pytest

from daybreak.base.errors import UsageError
from daybreak.executors.local import slots as module
from daybreak.executors.local.slots import (
    GIB,
    Device,
    detect_slots,
    parse_listing,
    parse_memory,
    usable_cpus,
    visible,
)

TWO_GPUS = """\
GPU 0: NVIDIA GeForce RTX 3090 (UUID: GPU-6e8c5b3a-1f5b-6c1d-9d7e-0c1a2b3c4d5e)
GPU 1: NVIDIA GeForce RTX 3090 (UUID: GPU-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0)
"""
MIG = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)
  MIG 1g.5gb      Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)
  MIG 1g.5gb      Device  1: (UUID: MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb)
  MIG 3g.20gb     Device  2: (UUID: MIG-1e5b7a3c-0f0e-5f9b-8c5d-0b4b8f1a2c3d)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-2dc4a9ee-6e9e-7a3c-51c5-6b3f4d5e6f70)
"""
OLD_MIG = """\
GPU 0: A100-SXM4-40GB (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)
  MIG 7g.40gb Device 0: (UUID: MIG-GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77/0/0)
"""
MEMORY = """\
GPU-6e8c5b3a-1f5b-6c1d-9d7e-0c1a2b3c4d5e, 24576
GPU-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0, [N/A]
"""


@pytest.fixture
def machine(monkeypatch):
    """A machine with this many CPUs and these GPUs."""

    def pretend(cpus=8, devices=()):
        monkeypatch.setattr(module, "usable_cpus", lambda: cpus)
        monkeypatch.setattr(module, "list_devices", lambda: list(devices))

    return pretend


def brief(slots):
    return [(slot.number, slot.kind, slot.device, slot.threads) for slot in slots]


def test_whole_gpus_are_read_with_their_uuids():
    assert parse_listing(TWO_GPUS) == [
        Device("gpu", 0, "NVIDIA GeForce RTX 3090", "GPU-6e8c5b3a-1f5b-6c1d-9d7e-0c1a2b3c4d5e"),
        Device("gpu", 1, "NVIDIA GeForce RTX 3090", "GPU-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
    ]


def test_mig_instances_take_the_place_of_the_gpu_they_are_cut_from():
    devices = parse_listing(MIG)
    assert [(one.kind, one.number, one.name, one.memory // GIB) for one in devices] == [
        ("mig", 0, "1g.5gb", 5),
        ("mig", 0, "1g.5gb", 5),
        ("mig", 0, "3g.20gb", 20),
        ("gpu", 1, "NVIDIA A100-SXM4-40GB", 0),
    ]


def test_the_older_form_of_mig_names_is_read_too():
    [device] = parse_listing(OLD_MIG)
    assert device.uuid == "MIG-GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77/0/0"


@pytest.mark.parametrize(
    "listing", ["", "No devices found.\n", "Failed to initialize NVML: Driver/library version mismatch\n"]
)
def test_a_listing_without_devices_has_none(listing):
    assert parse_listing(listing) == []


def test_memory_is_read_by_uuid_where_it_is_known():
    assert parse_memory(MEMORY) == {"GPU-6e8c5b3a-1f5b-6c1d-9d7e-0c1a2b3c4d5e": 24 * GIB}


@pytest.mark.parametrize(
    ("allowed", "numbers"), [(None, [0, 1]), ("", []), ("1", [1]), ("GPU-6e8c", [0]), ("1,0", [0, 1]), ("-1", [])]
)
def test_devices_hidden_from_this_process_are_not_offered(allowed, numbers):
    assert [device.number for device in visible(parse_listing(TWO_GPUS), allowed)] == numbers


def test_cpu_slots_are_the_default_where_there_is_no_gpu(machine):
    machine(cpus=3)
    assert brief(detect_slots()) == [(0, "cpu", "", 1), (1, "cpu", "", 1), (2, "cpu", "", 1)]


def test_gpus_are_the_default_where_there_are_any_and_share_the_cpus(machine):
    machine(cpus=8, devices=parse_listing(TWO_GPUS))
    found = detect_slots()
    assert [(slot.kind, slot.threads) for slot in found] == [("gpu", 4), ("gpu", 4)]
    assert found[1].device.startswith("GPU-0f1e")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4", [1 * 2] * 4),
        ("cpu", [1] * 8),
        ("cpu:4", [2] * 4),
        ("cpu:4x2", [2] * 4),
        ("cpu:2x16", [16] * 2),
        ("12", [1] * 12),
    ],
)
def test_the_user_says_how_many_cpu_slots_and_how_many_threads_each(machine, text, expected):
    machine(cpus=8)
    assert [slot.threads for slot in detect_slots(text)] == expected


def test_the_user_picks_gpus_by_number_and_mixes_kinds(machine):
    machine(cpus=8, devices=parse_listing(TWO_GPUS))
    assert [slot.device[:8] for slot in detect_slots("gpu:1")] == ["GPU-0f1e"]
    assert [slot.device[:8] for slot in detect_slots("1")] == ["GPU-6e8c"]
    assert [(slot.number, slot.kind) for slot in detect_slots("gpu:0+cpu:2")] == [(0, "gpu"), (1, "cpu"), (2, "cpu")]


def test_the_user_picks_mig_instances_by_their_gpu(machine):
    machine(devices=parse_listing(MIG))
    assert len(detect_slots("mig:0")) == 3
    assert len(detect_slots("gpu")) == 1


@pytest.mark.parametrize(
    "text", ["0", "many", "cpu:0", "cpu:x2", "cpu:2x0", "gpu:0", "gpu:a", "mig", "3+", "tpu:1", "-1"]
)
def test_what_cannot_be_had_is_refused_with_the_rule(machine, text):
    machine()
    with pytest.raises(UsageError, match=r"slots are COUNT|nvidia-smi") as caught:
        detect_slots(text)
    assert caught.value.exit_code == 2


def test_more_gpus_than_there_are_is_refused_with_what_to_say_instead(machine):
    machine(devices=parse_listing(TWO_GPUS))
    with pytest.raises(UsageError, match="cpu:3"):
        detect_slots("3")


@pytest.mark.parametrize(("quota", "most"), [("150000 100000", 2), ("50000 100000", 1), ("max 100000", 10_000)])
def test_a_containers_share_of_cpus_counts(tmp_path, quota, most):
    (tmp_path / "cpu.max").write_text(quota)
    assert 1 <= usable_cpus(tmp_path) <= most


def test_the_older_control_groups_count_too(tmp_path):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("100000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cpus(tmp_path) == 1
