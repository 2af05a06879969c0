"""Property tests draw 25 examples each and no deadline: the machine may be busy. DAYBREAK_EXAMPLES=500 looks harder.

No test sees the user's own home, and a session leaves no process behind.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "daybreak",
    max_examples=int(os.environ.get("DAYBREAK_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    print_blob=True,
)
settings.load_profile("daybreak")

collect_ignore = ["data"]  # scripts that tests read, some of them named like tests

LONG = (
    "docs",
    "process",
    "e2e",
)  # begun first: with a long test at the end one of two workers would wait for the other
PATIENCE = 20.0  # seconds in which what a test ended must be gone; a controller without work ends after 5 in tests


@pytest.hookimpl(trylast=True)  # behind pytest-randomly
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Folders with LONG tests first; within them, and among the others, the order stays."""
    items.sort(key=lambda item: item.path.relative_to(Path(__file__).parent).parts[0] not in LONG)


@pytest.fixture(scope="session", autouse=True)
def users_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The user's folder, for this process and all that it starts; in the end nothing of the session runs any more."""
    base = tmp_path_factory.getbasetemp()
    user = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(user))
        patch.setenv("DAYBREAK_HOME", str(user / "home"))
        yield user
    deadline = time.monotonic() + PATIENCE
    while (left := started_under(base)) and time.monotonic() < deadline:
        time.sleep(0.05)
    told = [f"{process.pid}: {command}" for process, command in left.items()]
    for process in left:
        process.kill()
    assert not told, "processes that the tests started and did not end: " + "; ".join(told)


def started_under(base: Path) -> dict[psutil.Process, str]:
    """Living processes that name a folder of the session's or work in one, with their command lines."""
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = {}
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            if process.pid not in ours and (str(base) in command or Path(process.cwd()).is_relative_to(base)):
                found[process] = command
        except (psutil.Error, OSError):  # it has just ended, or is somebody else's
            continue
    return found
