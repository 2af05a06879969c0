"""Credentials by reference: named profiles, whose values are looked up where an attempt starts and are stored nowhere by us.

    # profiles.toml of the home, or ~/.config/daybreak/profiles.toml; mode 0600
    [research]
    variables = {HF_ENDPOINT = "https://hub.example.org"}               # as they are
    from_env = ["HF_TOKEN"]                                              # from the environment of the controller
    command = "aws configure export-credentials --profile research"     # prints JSON (AWS's), or lines NAME=value

    [cloud]
    chain = "aws"                                                        # the cloud's own: nothing is handed over

What a profile names belongs to it: attempts of experiments that do not name the profile do not inherit these variables either.
"""

import json
import os
import re
import shlex
import stat
import subprocess
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from daybreak.base.errors import NotFound, UsageError
from daybreak.base.home import Home
from daybreak.spec.models import Experiment

FILE = "profiles.toml"
PATIENCE = 60.0  # seconds a command may take
AWS = {
    "AccessKeyId": "AWS_ACCESS_KEY_ID",
    "SecretAccessKey": "AWS_SECRET_ACCESS_KEY",
    "SessionToken": "AWS_SESSION_TOKEN",
}
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
FORM = "variables = {NAME = 'value'}, from_env = ['NAME'], command = '...' or chain = 'aws'"


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the values of some variables come from. `chain`: the cloud whose own library finds them in the attempt."""

    variables: dict[str, str] = {}
    from_env: list[str] = []
    command: str | list[str] = []
    chain: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Variables it is known to set; a command may set others."""
        return (*self.variables, *self.from_env)


def profiles(home: Home) -> dict[str, Profile]:
    """Every profile by name; the home's own go before the user's.

    Raises `UsageError` for a file that others can read, or that is none of profiles.
    """
    found: dict[str, Profile] = {}
    for file in files(home):
        found = _read(file) | found
    return found


def files(home: Home) -> tuple[Path, Path]:
    """Where profiles are looked for: the home, then the user's configuration."""
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return home.path / FILE, own / "daybreak" / FILE


def must_exist(home: Home, names: Collection[str]) -> None:
    """Raises `NotFound` when one is not there, with those that are."""
    if not names:
        return
    known = profiles(home)
    for name in names:
        if name not in known:
            raise NotFound(
                f"there is no credentials profile {name} (there {_listed(known)}): "
                f"add [{name}] to {files(home)[0]} (mode 0600), with {FORM}"
            )


def named(spec: Experiment) -> list[str]:
    """The profiles of an experiment: its own, and those of data that its attempts open themselves."""
    opens = (source.profile for source in spec.data.values() if source.profile and not source.snapshot)
    return list(dict.fromkeys([*spec.credentials, *opens]))


def values(home: Home, names: Iterable[str]) -> dict[str, str]:
    """The variables of some profiles; runs their commands.

    Raises `NotFound`, and `UsageError` with what could not be had, never with a value.
    """
    named = list(dict.fromkeys(names))
    must_exist(home, named)
    known = profiles(home) if named else {}
    found: dict[str, str] = {}
    for name in named:
        found |= _values(name, known[name])
    return found


def withheld(home: Home) -> frozenset[str]:
    """Variables that belong to a profile, so that nobody has them who was not given it. None where the file cannot be read."""
    try:
        return frozenset(name for profile in profiles(home).values() for name in profile.names)
    except UsageError:
        return frozenset()


def _values(name: str, profile: Profile) -> dict[str, str]:
    found = dict(profile.variables)
    for variable in profile.from_env:
        if variable not in os.environ:
            raise UsageError(
                f"profile {name} takes {variable} from the environment, where it is not set: set it, and start the controller "
                "again from there (daybreak controller shutdown), or use `command`"
            )
        found[variable] = os.environ[variable]
    return found | (_of_command(name, profile.command) if profile.command else {})


def _of_command(name: str, command: str | list[str]) -> dict[str, str]:
    words = shlex.split(command) if isinstance(command, str) else command
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = "took too long" if isinstance(error, subprocess.TimeoutExpired) else error.strerror
        raise UsageError(f"profile {name} runs {words[0]}, which cannot be done: {why}") from error
    if done.returncode:
        told = done.stderr.strip().splitlines()[-1:]
        raise UsageError(
            f"profile {name} runs {words[0]}, which ended with exit code {done.returncode}: {' '.join(told)}"
        )
    found = dict(_pairs(done.stdout))
    if not found:
        raise UsageError(
            f"profile {name} runs {words[0]}, which must print JSON or lines NAME=value, and printed neither"
        )
    return found


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    if text.lstrip().startswith("{"):
        try:
            said: dict[str, Any] = json.loads(text)
        except ValueError:
            return
        yield from (
            (AWS.get(name, name), value)
            for name, value in said.items()
            if isinstance(value, str) and name != "Expiration"
        )
        return
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and VARIABLE.fullmatch(name):
            yield name, value.strip("\"'")


def _read(file: Path) -> dict[str, Profile]:
    try:
        found = file.stat()
        if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.getuid():
            raise UsageError(
                f"{file} holds credentials, so it must be yours, and nobody else may read it: "
                f"chmod 600 {shlex.quote(str(file))}"
            )
        plain = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file} must be a file of credentials profiles in TOML: {error}") from error
    return {name: _profile(name, data, file) for name, data in plain.items()}


def _profile(name: str, data: Any, file: Path) -> Profile:
    try:
        profile = msgspec.convert(data, Profile)
    except msgspec.ValidationError as error:
        raise UsageError(f"profile {name} of {file}: {error}; it has {FORM}") from error
    if bad := [
        variable for variable in profile.names if not VARIABLE.fullmatch(variable) or variable.startswith("DAYBREAK_")
    ]:
        raise UsageError(f"profile {name} of {file}: no variable can be named {bad[0]!r} here")
    return profile


def _listed(known: Mapping[str, Profile]) -> str:
    return f"are {', '.join(sorted(known))}" if known else "is none"


def kinds(profile: Profile) -> list[str]:
    """Where its values come from, in words, without a value."""
    return [
        *(["file"] if profile.variables else []),
        *(["environment"] if profile.from_env else []),
        *(["command"] if profile.command else []),
        *([f"{profile.chain}'s own chain"] if profile.chain else []),
    ]
