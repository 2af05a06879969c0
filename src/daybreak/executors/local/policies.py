"""Log policies: what an attempt's output says about whether, and where, its trial is tried again.

Looked at when an attempt fails: the end of the output of each of its processes, and the failure itself. The experiment's own
policies come first, then the built-in ones; of a policy the last line that matches is told.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from msgspec import structs

from daybreak.executors.local.processes import tail
from daybreak.spec.models import LogPolicy
from daybreak.wire.worker import Failure

LOOKED_AT = 64 * 1024  # bytes at the end of each process's output
LONGEST_LINE = 1000  # characters; a pattern of somebody's must not keep the agent busy with a line without end
LONGEST_TOLD = 200

OUT_OF_MEMORY = (
    r"CUDA out of memory|OutOfMemoryError|CUDA_ERROR_OUT_OF_MEMORY|cuda runtime error.*out of memory|Cannot allocate memory"
    r"|\bMemoryError\b|std::bad_alloc|RESOURCE_EXHAUSTED: Out of memory|can't allocate memory: you tried to allocate"
)
# Xid 48: double-bit ECC error; 63, 64: a row or page is retired; 94, 95: contained and uncontained (NVIDIA, "XID Errors").
ECC_ERROR = (
    r"uncorrectable (?:double.bit )?ECC error|CUDA_ERROR_ECC_UNCORRECTABLE|\bXid\b[^\n]{0,40}?\b(?:48|63|64|94|95)\b"
)
BUILT_IN = (LogPolicy(pattern=OUT_OF_MEMORY, action="fail"), LogPolicy(pattern=ECC_ERROR, action="elsewhere"))


def judged(failure: Failure, policies: Sequence[LogPolicy], logs: Sequence[Path]) -> Failure:
    """The failure with the policy that its attempt's output calls for; as it is where none does. `logs`: one per rank."""
    itself = [*failure.tail.splitlines(), f"{failure.kind}: {failure.message}"]
    outputs = [tail(path, LOOKED_AT).splitlines() for path in logs] or [[]]
    outputs[0] += itself
    for policy in (*policies, *BUILT_IN):
        for rank, lines in enumerate(outputs):
            line = _last_match(policy.pattern, lines)
            if line is not None:
                told = line.strip()[:LONGEST_TOLD]
                return structs.replace(failure, policy=policy.action, pattern=policy.pattern, line=told, rank=rank)
    return failure


def _last_match(pattern: str, lines: Sequence[str]) -> str | None:
    search = _compiled(pattern).search
    shortened: Iterable[str] = (line[:LONGEST_LINE] for line in reversed(lines))
    return next((line for line in shortened if search(line)), None)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
