"""Debian's Chromium for tests of pages, installed where it is missing: prints its path, or on standard error why there is none.

    python3 tools/browser.py || echo "no Chromium here: its tests are skipped"

Needs the standard library alone; root, and apt-get, where it has to install. Exit status 1 where there can be no browser.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
LONGEST = 600.0  # seconds of a command


def main() -> int:
    """Find it, else install it."""
    try:
        print(found() or installed())
    except (OSError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", None) or ""
        print(f"no Chromium: {error} {detail}".strip(), file=sys.stderr)
        return 1
    return 0


def found() -> str | None:
    """The path of one that is here."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def installed() -> str:
    """Install Debian's package; its path. Raises `OSError`, `CalledProcessError`, `TimeoutExpired`."""
    if shutil.which("apt-get") is None or os.getuid() != 0:
        raise FileNotFoundError("it is not installed, and only root can install it, with apt-get (package chromium)")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
    )
    for command in commands:
        subprocess.run(command, check=True, env=quiet, capture_output=True, text=True, timeout=LONGEST)
    path = found()
    if path is None:
        raise FileNotFoundError("apt-get installed the package chromium, but there is no program of its name")
    return path


if __name__ == "__main__":
    sys.exit(main())
