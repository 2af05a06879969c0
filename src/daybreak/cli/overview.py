"""`daybreak --help`, written without the library that parses commands: it is asked for often and should cost nothing."""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence

Command = tuple[str, str, str, str]  # group, name, where, help


def asked_for(words: Sequence[str]) -> bool:
    """Whether these words ask for the overview."""
    return not words or list(words) in (["--help"], ["-h"], ["help"])


def overview(about: str, commands: Sequence[Command]) -> str:
    """Every command under its group, in the order of the table."""
    width = min(shutil.get_terminal_size((100, 24)).columns, 110)
    bold = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("", "")
    return "\n".join(["Usage: daybreak COMMAND", "", about.strip(), *_groups(commands, width, bold), "", FOOT])


FOOT = "daybreak COMMAND --help says more about each; --version prints the version."


def _groups(commands: Sequence[Command], width: int, bold: tuple[str, str]) -> Iterator[str]:
    column = max(len(name) for _, name, _, _ in commands) + 4
    last = ""
    for group, name, _, text in commands:
        if group != last:
            yield f"\n{bold[0]}{group}{bold[1]}"
            last = group
        first, *more = textwrap.wrap(text, max(20, width - column))
        yield f"  {name}".ljust(column) + first
        yield from (" " * column + line for line in more)
