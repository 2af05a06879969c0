"""What Ctrl-C leaves behind, in one sentence. `cli.main` ends the command with 130.

@told_of_interrupt("nothing was written")
def command() -> None: ...
"""

from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130  # exit status, as shells have it of SIGINT


@contextmanager
def told_of_interrupt(sentence: str) -> Iterator[None]:
    """Say on standard error what is left when the block, or a function that is decorated so, is interrupted; the interrupt goes on."""
    try:
        yield
    except KeyboardInterrupt:
        tell_interrupt(sentence)
        raise


def tell_interrupt(sentence: str) -> None:
    """On standard error, so that results stay alone."""
    from daybreak.cli.output import errors_console

    errors_console().print(sentence, soft_wrap=True)
