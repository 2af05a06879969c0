"""uv, as a program: where it is, which indexes it is to ask, and what it answered.

uv does not read pip's configuration, so indexes, `find-links`, certificates and timeouts that pip is told by its files or by
PIP_ variables are passed on. What uv's own variables say (UV_DEFAULT_INDEX, ...) it reads itself.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from daybreak.base.errors import UsageError
from daybreak.provenance.secrets import redacted_text

PATIENCE = 3600.0  # seconds; a slow line and a CUDA build of torch


class UvFailed(Exception):
    """uv ended with an error; the message is what it said, users in URLs left out."""


def run(*words: str, offline: bool = False, given: str | None = None) -> str:
    """Run `uv WORDS`; what it printed. Raises `UvFailed`, and `UsageError` where there is no uv."""
    told = [find(), *words, "--no-config", "--color", "never", *(["--offline"] if offline else [])]
    own = {
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "hardlink"),
    }
    environment = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "CONDA_PREFIX"}}
    try:
        done = subprocess.run(
            told,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            input=given or "",
            env=_certificates() | environment | own,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UvFailed(str(error)) from error
    if done.returncode:
        raise UvFailed(redacted_text((done.stderr or done.stdout).strip()))
    return done.stdout


def find() -> str:
    """The program: beside our interpreter, or on the PATH. Raises `UsageError`."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise UsageError(
            "environments are locked and made again by uv, which is not here: pip install 'daybreak[reproduce]'"
        )
    return found


def indexes() -> list[str]:
    """Options that name the indexes and folders of wheels that pip is configured with; those of pip count as one set, as in pip."""
    settings = _pip_settings()
    words = ["--index-strategy", "unsafe-best-match"]
    if settings.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        words.append("--no-index")
    for option, flag in (
        ("index-url", "--default-index"),
        ("extra-index-url", "--index"),
        ("find-links", "--find-links"),
    ):
        for value in settings.get(option, "").split():
            words += [flag, value]
    return words


def wheel_folders() -> list[Path]:
    """Folders of wheels that pip is configured with (`find-links`)."""
    links = _pip_settings().get("find-links", "").split()
    return [path for link in links if (path := Path(link.removeprefix("file://"))).is_dir()]


def _certificates() -> dict[str, str]:
    settings = _pip_settings()
    names = {"SSL_CERT_FILE": settings.get("cert", ""), "UV_HTTP_TIMEOUT": settings.get("default-timeout", "")}
    return {name: value for name, value in names.items() if value}


@cache
def _pip_settings() -> dict[str, str]:
    """Pip's options, those of `install` over those of `global`, and variables over both; {} where there is no pip."""
    found: dict[str, str] = {}
    for _section, option, value in sorted(
        re.findall(r"^(global|install|:env:)\.([a-z-]+)=(.*)$", _pip_config(), re.MULTILINE), key=_strength
    ):
        found[option] = str(ast.literal_eval(value))
    return found


def _strength(setting: tuple[str, str, str]) -> int:
    return ("global", "install", ":env:").index(setting[0])


def _pip_config() -> str:
    for words in ([sys.executable, "-m", "pip"], ["pip"], ["pip3"]):
        try:
            done = subprocess.run([*words, "config", "list"], capture_output=True, text=True, check=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            continue
        return done.stdout
    return "\n".join(
        f":env:.{name[4:].lower().replace('_', '-')}={value!r}"
        for name, value in os.environ.items()
        if name.startswith("PIP_")
    )
