"""CPU time (user + system) of `daybreak --help`, beside the bare interpreter and the bare import of the command line's library.

    python benchmarks/help.py [rounds]

Prints milliseconds, the least of some rounds: CPU time has noise in one direction only.
"""

import os
import subprocess
import sys

MEASURED = (
    ("python -c pass", ["-c", "pass"]),
    ('python -c "import cyclopts"', ["-c", "import cyclopts"]),
    ("daybreak --help", ["-m", "daybreak.cli", "--help"]),
    ("daybreak run --help", ["-m", "daybreak.cli", "run", "--help"]),
    ("daybreak ls --help", ["-m", "daybreak.cli", "ls", "--help"]),
)


def cpu_ms(words: list[str], rounds: int) -> float:
    least = float("inf")
    for _ in range(rounds):
        process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{words} ended with {process.returncode}")
        least = min(least, usage.ru_utime + usage.ru_stime)
    return 1000 * least


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    found = {name: cpu_ms(words, rounds) for name, words in MEASURED}
    bare = found["python -c pass"]
    for name, ms in found.items():
        print(f"{name:32} {ms:6.0f} ms of CPU  {ms / bare:5.1f}x the bare interpreter")


if __name__ == "__main__":
    main()
