"""Keep what is decrypted off disks that nobody thinks of."""

import resource


def no_core_dumps() -> None:
    """Let a process that crashes write its memory nowhere, nor those that it starts. Swap is the machine's affair: docs/serving/edge.md."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
