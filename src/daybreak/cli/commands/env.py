"""`env`: the environment a run was captured with: shown, locked, kept, made again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.output import console, errors_console, number, print_json, styled, table
from daybreak.cli.writing import written
from daybreak.client.client import Client
from daybreak.client.environments import Recorded, recorded
from daybreak.provenance.record import Code, Git, Record

app = App(name="env", help="Environments of runs: packages, Python and machine; locked, kept and made again.")

Run = Annotated[str, Parameter(help="An experiment (3, digits) or one of its trials (3.17); the newest if left out.")]


@app.command
def show(run: Run = "", *, json: Json = False, home: HomeFolder = None) -> None:
    """Show the code, the packages, the Python and the machine of a run, and what could not be had again.

    JSON: {experiment, code, python, implementation, platform, executable, lock, packages, local, note, kept, unrecoverable, machine,
    secrets}.
    """
    with Client(home) as client:
        found = recorded(client, run)
    if json:
        print_json(found.described())
        return
    console().print(table(["", ""], _facts(found.record)))
    kept = set(found.kept)
    packages = found.record.environment.packages
    rows = ([name, version, _origin(found, name, kept)] for name, version in packages.items())
    console().print(table(["package", "version", ""], rows))
    _tell_lost(found)


@app.command
def recreate(
    run: Run = "",
    *,
    to: Annotated[Path | None, Parameter(help="The folder to make; left out: daybreak-env-NUMBER here.")] = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Make a virtual environment with a run's exact versions: from kept wheels, and from the index what is not kept.

    The versions are checked afterwards. Needs uv: pip install 'daybreak[reproduce]'. With all wheels kept it needs no network.

    Exit status: 0 made; 2 it cannot be made here: which packages, and why.

    JSON: {experiment, folder, python}.
    """
    with Client(home) as client:
        found = recorded(client, run)
    folder = (to or Path(f"daybreak-env-{found.experiment.experiment}")).absolute()
    with _progress() as tell:
        python = found.recreate(folder, progress=tell)
    if json:
        print_json({"experiment": found.experiment.experiment, "folder": str(folder), "python": str(python)})
    else:
        packages = len(found.record.environment.packages)
        console().print(f"{packages} packages as in experiment {found.experiment.experiment}: {python}", soft_wrap=True)


@app.command
def lock(
    run: Run = "",
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Write it to this file, not to the screen.")
    ] = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Write a run's pylock.toml (PEP 751), with the hashes and origins that the index says. It is asked once for each environment.

    Exit status: 0, also when the index lacks packages: they are named; 2 when no index answers.

    JSON: {experiment, output, pylock, unrecoverable}; `pylock` is the text where no file is written.
    """
    with Client(home) as client:
        found = recorded(client, run)
    with _progress() as tell:
        text = found.lock(progress=tell)
    if output is not None:
        with written(output):
            output.write_bytes(text)
    if json:
        described = found.described()
        shown = {"output": str(output) if output else None, "pylock": None if output else text.decode()}
        print_json({"experiment": described["experiment"], **shown, "unrecoverable": described["unrecoverable"]})
        return
    if output is None:
        console().out(text.decode(), highlight=False, end="")
    _tell_lost(found)


@app.command
def keep(run: Run = "", *, json: Json = False, home: HomeFolder = None) -> int:
    """Keep a wheel of each package of a run in the home, so that its environment can be made again without any index.

    Wheels are taken from pip's folders of wheels (find-links), else packed from the installed files; they are shared between runs.

    Exit status: 0 all kept; 1 some cannot be kept: which, and why.

    JSON: {experiment, kept, bytes, missing}.
    """
    with Client(home) as client:
        found = recorded(client, run)
    with _progress() as tell:
        missing = found.keep(progress=tell)
    if json:
        told = {"kept": found.kept, "bytes": found.kept_bytes(), "missing": missing}
        print_json({"experiment": found.experiment.experiment, **told})
        return int(bool(missing))
    console().print(
        f"{len(found.kept)} of {len(found.record.environment.packages)} packages kept, {number(found.kept_bytes())} bytes"
    )
    for line in missing:
        errors_console().print(styled(("warning", "yellow"), f": {line}"), soft_wrap=True)
    return int(bool(missing))


def _facts(record: Record) -> list[list[str]]:
    """Name and value of each thing that is known of a run, but its packages."""
    environment, machine = record.environment, record.machine
    cpu = machine.get("cpu", {})
    cores = f"{cpu.get('usable', '?')} of {cpu.get('cores', '?')} cores"
    named = {
        part: " ".join(f"{k}={v}" for k, v in machine.get(part, {}).items())
        for part in ("threads", "settings", "container")
    }
    facts = [
        ("code", _code(record.code)),
        ("git", _git(record.code.git) if record.code.git is not None else "not a git repository, or no git"),
        ("left out", ", ".join(f"{left.path} ({left.why})" for left in record.code.left_out)),
        ("Python", f"{environment.python} ({environment.executable})" if environment.python else environment.note),
        ("platform", f"{environment.platform}, {machine.get('system', '')}"),
        ("CPU", f"{cpu.get('model', '')}, {cores}, {' '.join(cpu.get('flags', []))}"),
        *(("GPU", f"{gpu.get('model')}, driver {gpu.get('driver')}") for gpu in machine.get("gpus", [])),
        *named.items(),
        ("secrets", f"{', '.join(record.secrets)} (named, not stored)" if record.secrets else ""),
        ("command", " ".join(record.command)),
        ("by", f"{record.user} on {record.host}"),
    ]
    return [[name, value] for name, value in facts if value]


def _code(code: Code) -> str:
    return (
        f"{number(code.files)} files, {number(code.bytes)} bytes, blake3 {code.digest[:16]}"
        if code.digest
        else code.note
    )


def _git(git: Git) -> str:
    words = [
        git.commit[:12],
        f"on {git.branch}" if git.branch else "",
        git.remote,
        "with uncommitted changes" if git.dirty else "",
    ]
    modules = [f"{module.path} at {module.commit[:12]}" for module in git.submodules]
    return "; ".join([" ".join(filter(None, words)), *modules, *git.notes])


def _origin(found: Recorded, name: str, kept: set[str]) -> str:
    local = found.record.environment.local.get(name)
    words = [f"from {local.folder}{', editable' if local.editable else ''}"] if local is not None else []
    return ", ".join(words + (["kept"] if name in kept else []))


def _tell_lost(found: Recorded) -> None:
    for lost in found.unrecoverable:
        told = f": {lost.package} {lost.version} may not be had elsewhere: {lost.why}"
        errors_console().print(styled(("warning", "yellow"), told), soft_wrap=True)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Say what is being done: on a terminal in one line that is written over; what differs here from the run's machine stays."""
    if not errors_console().is_terminal:
        yield lambda text: errors_console().print(text, soft_wrap=True)
        return
    with errors_console().status("") as status:

        def tell(text: str) -> None:
            if "may differ" in text:
                errors_console().print(text, soft_wrap=True)
            else:
                status.update(text)

        yield tell
