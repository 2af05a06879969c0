"""`pylock.toml` (PEP 751) of an environment: exact versions at once; hashes and origins when the index is asked, through uv.

At hand-in nobody is asked, so that a run starts quickly and without a network: packages stand there with name and version, and where
they came from when no index was it (a folder, a repository, a file). `complete` asks the index for the rest. The same packages give the
same bytes.
"""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from daybreak.base.errors import DamagedFile
from daybreak.provenance import uv
from daybreak.provenance.installed import Installed, Package
from daybreak.provenance.record import Unrecoverable
from daybreak.provenance.secrets import redacted

Tell = Callable[[str], None]
NOT_THERE = "no index or folder of wheels that is configured here has this version"


def text(found: Installed) -> str:
    """The lock of what is installed, without asking anybody."""
    import tomli_w

    minor = ".".join(found.python.split(".")[:2])
    entries = [_entry(package) for package in sorted(found.packages, key=lambda package: package.key)]
    own = {"python": found.python, "implementation": found.implementation, "platform": found.platform}
    lock = {"lock-version": "1.0", "requires-python": f"=={minor}.*", "created-by": "daybreak", "packages": entries}
    return tomli_w.dumps(lock | {"tool": {"daybreak": own}})


def complete(lock: str, *, offline: bool = False, tell: Tell | None = None) -> tuple[str, list[Unrecoverable]]:
    """The lock with what the index says of each package, and the packages it does not have.

    Raises `uv.UvFailed` when no index answers, `UsageError` where there is no uv.
    """
    import tomli_w

    data = tomllib.loads(lock)
    of_index = {entry["name"]: entry["version"] for entry in data["packages"] if not _has_origin(entry)}
    python = data["tool"]["daybreak"]["python"]
    if tell is not None:
        tell(f"asking the index for {len(of_index)} packages")
    found, lost = _asked(of_index, python, offline=offline)
    data["packages"] = [entry | found.get(entry["name"], {}) for entry in data["packages"]]
    return tomli_w.dumps(data), [Unrecoverable(name, of_index[name], NOT_THERE) for name in lost]


def missing(packages: Mapping[str, str], python: str) -> list[Unrecoverable]:
    """Those of some packages that the index does not have. Raises as `complete`."""
    return [Unrecoverable(name, packages[name], NOT_THERE) for name in _asked(packages, python, offline=False)[1]]


def requirements(lock: str, wanted: Mapping[str, str]) -> list[str]:
    """Lines that install packages of a lock: by their origin, or by version with the hashes that a complete lock has.

    Raises `DamagedFile` for a lock that was tampered with.
    """
    entries = {entry["name"]: entry for entry in tomllib.loads(lock)["packages"]}
    lines = [_requirement(name, version, entries.get(name, {})) for name, version in wanted.items()]
    if odd := next((line for line in lines if "\n" in line or "\r" in line), None):
        raise DamagedFile(f"a requirement is one line, the lock says {odd!r}: it was tampered with")
    return lines


def _requirement(name: str, version: str, entry: Mapping[str, Any]) -> str:
    if "vcs" in entry:
        vcs = entry["vcs"]
        return f"{name} @ {vcs['type']}+{vcs['url']}@{vcs['commit-id']}{_subdirectory(vcs)}"
    archive = entry.get("archive", {})
    if "url" in archive:
        return f"{name} @ {archive['url']}{_subdirectory(archive)}"
    if "path" in archive and Path(archive["path"]).is_file():
        return f"{name} @ {Path(archive['path']).as_uri()}"
    files = [*entry.get("wheels", []), *([entry["sdist"]] if "sdist" in entry else [])]
    hashes = [f"{kind}:{value}" for file in files for kind, value in file.get("hashes", {}).items()]
    return " ".join([f"{name}=={version}", *(f"--hash={one}" for one in hashes)])


def _asked(wanted: Mapping[str, str], python: str, *, offline: bool) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What uv says of each package; and those it does not find: one that is missing fails all, so the failing half is halved."""
    if not wanted:
        return {}, []
    try:
        return _compiled(wanted, python, offline=offline), []
    except uv.UvFailed as error:
        if len(wanted) == 1:
            if _is_silent(str(error)):
                raise
            return {}, list(wanted)
    answers = [_asked(half, python, offline=offline) for half in _halves(wanted)]
    return {name: entry for found, _ in answers for name, entry in found.items()}, [
        name for _, lost in answers for name in lost
    ]


def _halves(wanted: Mapping[str, str]) -> list[dict[str, str]]:
    names = list(wanted)
    middle = len(names) // 2
    return [{name: wanted[name] for name in part} for part in (names[:middle], names[middle:])]


def _compiled(wanted: Mapping[str, str], python: str, *, offline: bool) -> dict[str, dict[str, Any]]:
    pins = "\n".join(f"{name}=={version}" for name, version in wanted.items())
    told = uv.run(
        *("pip", "compile", "-", "--format", "pylock.toml", "--no-deps", "--no-header", "--python-version", python),
        *("--prerelease", "allow", *uv.indexes()),
        given=pins,
        offline=offline,
    )
    return {entry["name"]: entry for entry in tomllib.loads(told)["packages"]}


def _is_silent(message: str) -> bool:
    """Whether uv speaks of a network that does not answer, not of a package that is not there."""
    return any(
        words in message for words in ("error sending request", "dns error", "Failed to fetch", "Could not connect")
    )


def _entry(package: Package) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": package.key, "version": package.version}
    source = package.source or {}
    if package.folder is not None:
        return entry | {"directory": {"path": str(package.folder), "editable": package.editable}}
    url = redacted(str(source.get("url", "")))
    if "vcs_info" in source:
        vcs = source["vcs_info"]
        return entry | {"vcs": {"type": vcs["vcs"], "url": url, "commit-id": vcs["commit_id"]} | _within(source)}
    if "archive_info" in source and (known := _archive_hashes(source["archive_info"])):
        place = {"path": url.removeprefix("file://")} if url.startswith("file:") else {"url": url}
        return entry | {"archive": place | {"hashes": known} | _within(source)}
    return entry


def _archive_hashes(info: Mapping[str, Any]) -> dict[str, str]:
    if info.get("hashes"):
        return dict(info["hashes"])
    kind, equals, value = str(info.get("hash", "")).partition("=")
    return {kind: value} if equals else {}


def _has_origin(entry: Mapping[str, Any]) -> bool:
    return bool({"directory", "vcs", "archive"} & set(entry))


def _within(source: Mapping[str, Any]) -> dict[str, str]:
    return {"subdirectory": str(source["subdirectory"])} if source.get("subdirectory") else {}


def _subdirectory(entry: Mapping[str, Any]) -> str:
    return f"#subdirectory={entry['subdirectory']}" if "subdirectory" in entry else ""
