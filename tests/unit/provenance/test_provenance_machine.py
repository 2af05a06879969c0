"""What is known of the machine."""

import json
import subprocess
import sys

import pytest

from daybreak.provenance import machine


def test_the_facts_are_plain_data_and_name_processor_threads_and_settings(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    monkeypatch.setenv("API_TOKEN", "hush")
    found = machine.facts()
    assert json.loads(json.dumps(found)) == found
    assert found["cpu"]["cores"] >= found["cpu"]["usable"] >= 1
    assert found["threads"]["OMP_NUM_THREADS"] == "3"
    assert found["settings"]["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert "hush" not in json.dumps(found)


def test_no_framework_is_imported_but_one_that_is_there_is_asked():
    program = """
import json, sys
from daybreak.provenance import machine
before = machine.facts()
assert not {"torch", "numpy", "threadpoolctl"} & set(sys.modules), "facts imports nothing heavy"
import torch
print(json.dumps([before.get("torch"), machine.facts()["torch"], machine.facts()["blas"]]))
"""
    pytest.importorskip("torch")
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    before, torch, blas = json.loads(told)
    assert before is None
    assert torch["version"]
    assert torch["threads"] >= 1
    assert torch["cpu_capability"]
    assert any(library.get("num_threads") for library in blas)


def test_containers_are_known_by_the_files_their_makers_leave(tmp_path, monkeypatch):
    for name in ("APPTAINER_CONTAINER", "SINGULARITY_CONTAINER", "KUBERNETES_SERVICE_HOST", "DAYBREAK_IMAGE"):
        monkeypatch.delenv(name, raising=False)
    assert machine.container(tmp_path) == {}
    (tmp_path / ".dockerenv").touch()
    (tmp_path / "proc" / "self").mkdir(parents=True)
    ident = "ab" * 32
    (tmp_path / "proc" / "self" / "mountinfo").write_text(
        f"1 2 0:1 /var/lib/docker/containers/{ident}/hosts /etc/hosts rw\n"
    )
    assert machine.container(tmp_path) == {"kind": "docker", "id": ident}
    monkeypatch.setenv("DAYBREAK_IMAGE", "sha256:1234")
    assert machine.container(tmp_path)["image"] == "sha256:1234"


def test_gpus_are_asked_of_nvidia_smi_where_the_driver_has_no_files(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA X100, 570.1'\necho 'NVIDIA X100, 570.1'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert machine._asked_gpus() == [{"model": "NVIDIA X100", "driver": "570.1"}] * 2
    program.write_text("#!/bin/sh\nexit 9\n")
    assert machine._asked_gpus() == []


def test_differences_that_can_change_bits_are_told_and_others_are_not():
    then = {
        "python": "3.11.7",
        "cpu": {"model": "A", "flags": ["avx2", "avx512f"]},
        "torch": {"version": "2.13.0", "threads": 2},
    }
    now = {
        "python": "3.12.1",
        "cpu": {"model": "B", "flags": ["avx2"]},
        "torch": {"version": "2.13.0", "threads": 4},
        "host": "x",
    }
    assert machine.differences(then, then) == []
    assert machine.differences(then, now) == [
        "Python was 3.11.7, here it is 3.12.1",
        "the CPU was A, here it is B",
        "torch's threads was 2, here it is 4",
        "this CPU lacks the run's instruction sets avx512f",
    ]
    assert machine.differences(then, {}) == []
