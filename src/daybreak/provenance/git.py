"""What git says about a folder: commit, branch, remote, submodules and the uncommitted diff.

git is asked in processes that run beside whatever else is captured (`Look` starts the first one, `answer` waits), never takes locks,
and may be missing, slow or out of repository: then there are notes, not errors.
"""

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Self

from daybreak.provenance.record import Git, Submodule, stored
from daybreak.provenance.secrets import holds_private_key, redacted
from daybreak.vault.store import Vault

PATIENCE = 5.0  # seconds for each question; a huge repository is not worth more at hand-in
MOST_DIFF = 2 * 2**20  # bytes
QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
SECRETS = (".env", ".env.*", "*.pem", "*.key", "id_rsa*", "id_ed25519*", "credentials*.json", "secrets.*", ".netrc")


class Look:
    """A look at the repository that holds a folder, begun at once: git works on while other things are captured.

    A context manager; at its end no process of git is left.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._git = shutil.which("git") or ""
        self._asked: dict[str, subprocess.Popen[bytes]] = {}
        if self._git and _in_repository(folder):
            without = [f":(top,exclude,glob)**/{name}" for name in SECRETS]
            self._ask("status", "--porcelain=v2", "--branch", "-z")
            self._ask("config", "--get", "remote.origin.url")
            self._ask("diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--", ":/", *without)
            if any((parent / ".gitmodules").is_file() for parent in (folder, *folder.parents)):
                self._ask("submodule", "status", "--recursive")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self._asked.values():
            _end(process)

    def answer(self, vault: Vault) -> Git | None:
        """What it says, the diff put into the vault; None: not a repository, or no git. Raises `VaultError`."""
        if not self._asked:
            return None
        told = _heard(self._asked["status"])
        if told is None:
            return Git(notes=[f"git did not answer within {PATIENCE:g} s, or too much"])
        if self._asked["status"].returncode:
            return Git(notes=["git refuses this repository (whose owner is somebody else, or which is damaged)"])
        return self._read(told.decode(errors="replace"), vault)

    def _read(self, told: str, vault: Vault) -> Git:
        lines = told.split("\0")
        head = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
        entries = [line for line in lines if line[:2] in {"1 ", "2 ", "u ", "? "}]
        changed = [line for line in entries if not line.startswith("? ")]
        is_new = head.get("branch.oid") == "(initial)"
        diff, notes = self._diff(vault) if changed and not is_new else ("", [])
        return Git(
            commit="" if is_new else head.get("branch.oid", ""),
            branch=head.get("branch.head", "").replace("(detached)", ""),
            remote=redacted((_heard(self._asked["config"]) or b"").decode(errors="replace").strip()),
            dirty=bool(entries),
            diff=diff,
            submodules=_submodules(_heard(self._asked["submodule"]) or b"", changed)
            if "submodule" in self._asked
            else [],
            notes=notes + (["there is no commit yet"] if is_new else []),
        )

    def _diff(self, vault: Vault) -> tuple[str, list[str]]:
        """The digest of the uncommitted diff in the vault, or why there is none. Files that may hold secrets are not in it."""
        diff = _heard(self._asked["diff"])
        if diff is None:
            return "", [f"the uncommitted diff is larger than {MOST_DIFF >> 20} MiB or slow to make: it is not kept"]
        if holds_private_key(b"\n".join(line[1:] for line in diff.split(b"\n"))):
            return "", ["the uncommitted diff holds a private key: it is not kept"]
        return (stored(vault, diff) if diff else ""), []

    def _ask(self, *words: str) -> None:
        self._asked[words[0]] = subprocess.Popen(
            [self._git, "-C", str(self._folder), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_outside() | QUIET,
        )


def _in_repository(folder: Path) -> bool:
    return any((parent / ".git").exists() for parent in (folder, *folder.parents))


def _outside() -> dict[str, str]:
    """Our environment without what names another repository (inside of a git hook)."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _heard(process: subprocess.Popen[bytes], most: int = MOST_DIFF) -> bytes | None:
    """What a process says; None when it says more than `most` bytes or takes too long: then it is ended."""
    assert process.stdout is not None  # noqa: S101
    clock = threading.Timer(PATIENCE, process.kill)
    clock.start()
    try:
        said = process.stdout.read(most + 1)
        fits = len(said) <= most
        if not fits:
            process.kill()
        return said if process.wait() >= 0 and fits else None
    finally:
        clock.cancel()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nobody listens any more."""
    if process.poll() is None:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _submodules(told: bytes, changed: list[str]) -> list[Submodule]:
    """From lines `[ +-U]COMMIT PATH (NAME)` and the entries of the status, whose third field begins with S for a submodule."""
    inside = {line.split(" ", 8)[-1] for line in changed if line.split(" ")[2].startswith("S")}
    found = re.findall(r"^([ +U-])([0-9a-f]+) (.+?)(?: \([^)]*\))?$", told.decode(errors="replace"), re.MULTILINE)
    return [Submodule(path, commit, dirty=sign in "+U" or path in inside) for sign, commit, path in found]
