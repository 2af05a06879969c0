"""A throw-away Postgres for tests: `start` prints its URL, `stop` ends it and removes what it left.

    export DAYBREAK_TEST_POSTGRES_URL=$(python3 tools/postgres.py start)
    python3 tools/postgres.py stop

It listens on a Unix socket in a folder of its own and nowhere else, trusts whoever can open that socket, and keeps nothing.
Root may not run a Postgres: then it runs as the `postgres` user (Debian's package is installed where it is missing).
Needs the standard library alone. Exit status 1, with the reason on standard error, where there can be no Postgres.
"""

import argparse
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEFAULT = Path(tempfile.gettempdir()) / f"daybreak-postgres-{os.getuid()}"
PORT = 54329  # names the socket's file only
LONGEST = 30.0  # seconds to start or stop
# Nothing here outlives the tests; but the server must not lie about commits, which some tests are about.
SETTINGS = {"listen_addresses": "", "shared_buffers": "32MB", "max_connections": "20", "autovacuum": "off"}


def main() -> int:
    """Start or stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("do", choices=["start", "stop"])
    parser.add_argument("--dir", type=Path, default=DEFAULT, help=f"where it keeps its files (default: {DEFAULT})")
    arguments = parser.parse_args()
    try:
        if arguments.do == "stop":
            stop(arguments.dir)
        else:
            print(start(arguments.dir))
    except (OSError, KeyError, subprocess.SubprocessError, TimeoutError) as error:
        detail = getattr(error, "stderr", None) or ""
        print(f"no Postgres: {error} {detail}".strip(), file=sys.stderr)
        return 1
    return 0


def start(folder: Path) -> str:
    """Start a fresh server in a folder; the URL of its database. One that runs there already is used."""
    user = server_user()
    if running(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        shutil.chown(folder, user)
        binaries = programs()
        data = folder / "data"
        run(
            [
                binaries / "initdb",
                "-D",
                data,
                "-U",
                "daybreak",
                "--auth=trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C",
            ],
            user,
        )
        options = " ".join(f"-c {name}='{value}'" for name, value in {**SETTINGS, "port": PORT}.items())
        options += f" -c unix_socket_directories='{folder}'"
        run(
            [
                binaries / "pg_ctl",
                "-D",
                data,
                "-l",
                folder / "log",
                "-o",
                options,
                "-w",
                "-t",
                str(int(LONGEST)),
                "start",
            ],
            user,
        )
    return f"postgresql://daybreak@/postgres?host={folder}&port={PORT}"


def stop(folder: Path) -> None:
    """End the server of a folder by its process id (at once: nothing of it is kept) and remove the folder. Idempotent."""
    pid = running(folder)
    if pid is not None:
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + LONGEST
        while running(folder) is not None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {pid} did not end within {LONGEST:.0f} s")
            time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def running(folder: Path) -> int | None:
    """The process id of the server of a folder."""
    try:
        pid = int((folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid


def server_user() -> str:
    """Who runs the server: ourselves, or `postgres` when we are root. Raises `KeyError` if there is no such user."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name
    if not installed():
        install()
    return pwd.getpwnam("postgres").pw_name


def installed() -> list[Path]:
    """Folders with the server's programs, newest version first."""
    found = [Path(name).parent for name in glob.glob("/usr/lib/postgresql/*/bin/initdb")]  # noqa: PTH207 (an absolute pattern)
    found.sort(key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    return [*found, *([Path(on_path).parent] if on_path else [])]


def programs() -> Path:
    """Where initdb and pg_ctl are. Raises `FileNotFoundError`."""
    found = installed()
    if not found:
        raise FileNotFoundError("initdb is not installed (Debian: apt-get install postgresql)")
    return found[0]


def install() -> None:
    """Install Debian's package, without the cluster it would make and start by itself."""
    if shutil.which("apt-get") is None:
        raise FileNotFoundError("initdb is not installed, and there is no apt-get to install it with")
    settings = Path("/etc/postgresql-common/createcluster.conf")
    if not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("create_main_cluster = false\n")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    keep = ["-o", "Dpkg::Options::=--force-confold"]
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *keep, "postgresql"],
    ):
        subprocess.run(command, check=True, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def run(command: list[str | Path], user: str) -> None:
    """Run a program of the server as its user. Raises `CalledProcessError`."""
    other = user if os.getuid() == 0 else None
    group = pwd.getpwnam(user).pw_gid if other else None
    subprocess.run(
        command, check=True, user=other, group=group, extra_groups=[] if other else None, cwd="/",
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
