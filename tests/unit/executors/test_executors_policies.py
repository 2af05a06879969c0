"""What the end of an attempt's output says about trying its trial again."""

import pytest

from daybreak.executors.local.failures import make_failure
from daybreak.executors.local.policies import judged
from daybreak.spec.models import LogPolicy

MEMORY = [
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
    "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.",
    "OSError: [Errno 12] Cannot allocate memory",
    "MemoryError",
    "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 1.00 TiB: MemoryError",
    "terminate called after throwing an instance of 'std::bad_alloc'",
]
ECC = [
    "RuntimeError: CUDA error: uncorrectable ECC error encountered",
    "NVRM: Xid (PCI:0000:41:00): 48, pid=1234, An uncorrectable double bit error (DBE) has been detected",
    "kernel: NVRM: Xid (PCI:0000:41:00): 63, Row remapper: row remapping event",
    "Xid 64 on GPU 3",
]
OTHERS = ["ValueError: bad lr", "Xid (PCI:0000:41:00): 31, MMU fault", "step 48 of 63", "memory: 3 GB free"]


@pytest.fixture
def log(tmp_path):
    return tmp_path / "out.log"


@pytest.mark.parametrize("line", MEMORY)
def test_what_ran_out_of_memory_is_not_tried_again(log, line):
    log.write_text(f"epoch 1\n{line}\n")

    failure = judged(make_failure("exit", "ended with exit code 1"), (), [log])

    assert (failure.policy, failure.line) == ("fail", line)


@pytest.mark.parametrize("line", ECC)
def test_an_ecc_error_sends_the_trial_elsewhere(log, line):
    log.write_text(line)

    assert judged(make_failure("exit", "ended with exit code 1"), (), [log]).policy == "elsewhere"


@pytest.mark.parametrize("line", OTHERS)
def test_other_failures_stay_what_they_are(log, line):
    log.write_text(line)
    failure = make_failure("exit", "ended with exit code 1")

    assert judged(failure, (), [log]) == failure


def test_the_failure_itself_is_looked_at_too(log):
    failure = make_failure("OutOfMemoryError", "CUDA out of memory. Tried to allocate 20 MiB")

    assert judged(failure, (), [log]).policy == "fail"


def test_own_policies_come_first_and_the_rank_that_printed_is_named(log, tmp_path):
    other = tmp_path / "out.rank1.log"
    log.write_text("all is well\n")
    other.write_text("link 3 flapped\nlink 7 flapped\nMemoryError\n")
    own = (LogPolicy(pattern=r"link \d+ flapped", action="elsewhere"),)

    failure = judged(make_failure("exit", "ended with exit code 1"), own, [log, other])

    assert (failure.policy, failure.rank, failure.line) == ("elsewhere", 1, "link 7 flapped")


def test_only_the_end_of_the_output_is_looked_at(log):
    log.write_text("MemoryError\n" + "fine\n" * 40_000)
    failure = make_failure("exit", "ended with exit code 1")

    assert judged(failure, (), [log]) == failure
