"""From what a command was told to a deployment that can be wanted; and waiting until it is what is served."""

import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import msgspec

from daybreak.base.errors import DamagedFile, DaybreakError, ModelFailed, NotFound, UsageError
from daybreak.base.home import Home
from daybreak.registry import package
from daybreak.registry.store import Registry
from daybreak.serving import desired, grpc, same, status
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.guard import check_reach
from daybreak.serving.sockets import reserve
from daybreak.serving.tls import context_of
from daybreak.serving.tokens import Tokens

CHAMPION = "champion"
LONGEST = 240  # characters of an example that is shown whole
POLL = 0.05
NEEDED = ("httptools", "onnxruntime", "starlette", "uvloop")


def served(home: Home, reference: str, arm: str = CHAMPION) -> Served:
    """What `digits@production`, `digits@3`, `digits` or a package's folder names.

    Raises `NotFound`, and `DamagedFile` where a version is not what was registered. Its files are hashed by the replica that loads them.
    """
    if "@" not in reference and (Path(reference) / package.RECORD).is_file():
        reference = f"./{reference}" if "/" not in reference else reference  # a folder's name, said without a slash
    found = Registry(home).registered(reference)
    kept = str(found.folder) if "/" in reference else reference
    return Served(arm, found.name, found.version, str(found.folder), reference=kept)


def begin(home: Home, wanted: Deployment) -> Deployment:
    """Want a deployment that does not run yet. Raises `UsageError` where it runs, may not, or its files do not do."""
    folder = desired.folder_of(home, wanted.name)
    if status.supervised(folder):
        name = wanted.name
        raise UsageError(
            f"deployment {name} runs already: daybreak deployment swap {name} MODEL@VERSION changes what it serves, "
            f"daybreak deployment stop {name} ends it, --name begins another"
        )
    check(home, wanted)
    reserve(wanted.host, wanted.port).close()
    grpc.check(wanted)
    return desired.write(folder, wanted)


def again(wanted: Deployment) -> Deployment:
    """A deployment that was stopped, to `begin` as it was. Raises `NotFound` where a version of it was retired."""
    for one in wanted.served:
        if not (Path(one.package) / package.RECORD).is_file():
            raise NotFound(
                f"{one.model} {one.version}, which {wanted.name} served, is gone: "
                f"daybreak deployment swap {wanted.name} {one.model}@VERSION names another, all else stays; then start it"
            )
    return wanted


def check(home: Home, wanted: Deployment) -> None:
    """Raises `UsageError` for what cannot be deployed so."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"serving needs {', '.join(missing)}, which are not installed: pip install 'daybreak[serve]'")
    limits = wanted.limits
    counts = {"--replicas": wanted.replicas, "--threads": wanted.threads, "--batch": limits.batch}
    counts |= {"--max-body": limits.body, "--max-rows": limits.rows, "--queue": limits.queue}
    for name, value in (counts | {"--connections": limits.connections}).items():
        if value < 1:
            raise UsageError(f"{name} is at least 1, got {value}")
    for name, seconds in (("--deadline", limits.deadline), ("--drain", limits.drain)):
        if not seconds > 0:
            raise UsageError(f"{name} is more than 0 seconds, got {seconds}")
    if not 0 <= wanted.port < 2**16:
        raise UsageError(f"--port is 0 to 65535, got {wanted.port}")
    context_of(wanted)
    check_reach(wanted.host, wanted.name, Tokens(home.tokens, wanted.name), "daybreak token create NAME")


def swapped(wanted: Deployment, new: Served, *, other_inputs: bool = False) -> Deployment:
    """The deployment with another version for one arm.

    Raises `NotFound` for an arm that it lacks, `UsageError` while a test runs, and where rows look otherwise unless `other_inputs`.
    """
    if wanted.split is not None:
        raise UsageError(f"{wanted.name} runs a test, whose versions stay: daybreak ab stop {wanted.name} ends it")
    arms = [one.arm for one in wanted.served]
    if new.arm not in arms:
        raise NotFound(f"{wanted.name} has the arms {', '.join(arms)}, not {new.arm}")
    before = wanted.served[arms.index(new.arm)]
    if not other_inputs:
        same.check_inputs(before, new, f"say --other-inputs to serve it nevertheless, or deploy {new.model} apart")
    changed = msgspec.structs.replace(new, thresholds=before.thresholds)
    return msgspec.structs.replace(
        wanted, served=tuple(changed if one.arm == new.arm else one for one in wanted.served)
    )


def with_threshold(wanted: Deployment, output: str, score: float | None, arm: str = "") -> Deployment:
    """The deployment with the score from which an output's second class is told (None: the model's own), of one arm or all.

    Raises `NotFound` for an output or arm that is not there, `UsageError` for a score or an output that cannot be.
    """
    if score is not None and not 0 <= score <= 1:
        raise UsageError(f"a threshold is a score, 0 to 1, got {score:g}")
    if arm and arm not in (arms := [one.arm for one in wanted.served]):
        raise NotFound(f"{wanted.name} has the arms {', '.join(arms)}, not {arm}")
    changed = tuple(_threshold(one, output, score) if arm in ("", one.arm) else one for one in wanted.served)
    return msgspec.structs.replace(wanted, served=changed)


def _threshold(one: Served, output: str, score: float | None) -> Served:
    outputs = {found.name: found for found in package.read(Path(one.package)).signature.outputs}
    if output not in outputs:
        raise NotFound(f"{one.model} {one.version} has the outputs {', '.join(outputs)}, not {output}")
    if len(outputs[output].classes) != 2:  # noqa: PLR2004
        raise UsageError(f"a threshold chooses between two classes, {output} has {len(outputs[output].classes)}")
    kept = {name: value for name, value in one.thresholds.items() if name != output}
    return msgspec.structs.replace(one, thresholds=kept if score is None else kept | {output: score})


def settled(folder: Path, generation: int, seconds: float, alive: Callable[[], bool]) -> status.Status:
    """Wait until this generation is served. Raises what `failed` makes of the reason where it is refused, or does not come.

    `alive`: whether it can still come.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = status.read(folder)
        if found is not None and found.refused >= generation:
            why = found.notices[-1].text if found.notices else "it cannot be served; see the log"
            raise failed(desired.read(folder), why)
        if found is not None and found.generation >= generation and found.state in ("serving", "degraded"):
            return found
        if not alive():
            why = found.notices[-1].text if found is not None and found.notices else "its process ended"
            told = f"{folder.name} does not serve: {why}; its log is {folder / 'log'}"
            raise failed(desired.read(folder), told)
        time.sleep(POLL)
    raise ModelFailed(
        f"{folder.name} does not serve generation {generation} after {seconds:.0f} s; its log is {folder / 'log'}"
    )


def failed(wanted: Deployment, why: str) -> DaybreakError:
    """Why it is not served: `DamagedFile` where a package is not what was registered, as for every command that loads one.

    Else `ModelFailed`. Asked only when serving has failed: a replica hashes what it loads, and a deployment need not wait for it twice.
    """
    for one in wanted.served:
        try:
            package.verify(Path(one.package))
        except DaybreakError as error:
            return DamagedFile(why if str(error) in why else f"{why}: {error}")
        except OSError:
            continue
    return ModelFailed(why)


def example(one: Served) -> str:
    """A row of its package as JSON; empty where the package has none."""
    try:
        with (Path(one.package) / package.EXAMPLES).open("rb") as lines:
            line = lines.readline()
    except FileNotFoundError:
        return ""
    return msgspec.json.encode(msgspec.json.decode(line)["inputs"]).decode() if line else ""


def curl(url: str, deployment: Deployment, home_option: str = "") -> str:
    """A command that asks the deployment for an answer, ready to be typed."""
    row = example(deployment.served[0])
    if not row or len(row) > LONGEST or "'" in row:
        return f'curl {url}/predict -d "$(daybreak deployment example {deployment.name}{home_option})"'
    return f"curl {url}/predict -d '{row}'"
