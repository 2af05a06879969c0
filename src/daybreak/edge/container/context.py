"""Write the context: Dockerfile, requirements, the wheel, the package, a token's hash."""

import platform
import shutil
from pathlib import Path

from daybreak.base.errors import UsageError
from daybreak.edge.container import wheel
from daybreak.edge.container.pins import pins
from daybreak.registry import package as packages
from daybreak.registry.package import Package
from daybreak.serving import tokens

PORT = 8080
USER = 10001
HOME = "/srv/daybreak"
DOCKERFILE = """\
# {told}, by Daybreak. Build:  docker build -t {name}:{version} .
# Reaches the base image and a package index, nothing else; another index: --build-arg PIP_INDEX_URL=https://...
ARG BASE=python:{python}-slim
FROM ${{BASE}}

ARG PIP_INDEX_URL=https://pypi.org/simple
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \\
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DAYBREAK_HOME={home}

# What changes seldom comes first: exact versions, those that the model was proven with.
COPY requirements.txt /tmp/requirements.txt
RUN python -m pip install --only-binary=:all: -r /tmp/requirements.txt
COPY {wheel} /tmp/
RUN python -m pip install --no-deps --no-index /tmp/{wheel}

RUN groupadd --gid {user} daybreak && useradd --uid {user} --gid {user} --no-create-home --home-dir {home} daybreak \\
    && mkdir -p {home}/deployments && chown -R {user}:{user} {home}
COPY --chown={user}:{user} tokens.json {home}/tokens.json
COPY --chown={user}:{user} model {home}/model
USER {user}:{user}
WORKDIR {home}
VOLUME {home}/deployments
EXPOSE {port}
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s --retries=3 \\
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/v2/health/ready', timeout=2)"]
ENTRYPOINT ["daybreak", "deploy", "{home}/model", "--name", "{name}", "--host", "0.0.0.0", "--port", "{port}"]
"""
IGNORE = "**\n!Dockerfile\n!requirements.txt\n!tokens.json\n!*.whl\n!model/**\n"


def write(folder: Path, target: Path, days: float) -> tuple[Package, str]:
    """A context of the package in `folder`; the record, and the one token that opens it (its hash is in the context).

    Raises `UsageError` where `target` holds something already, or a version is not known here; `NotFound`, `DamagedFile`.
    """
    package = packages.verify(folder)
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"a container's context is written to an empty folder, {target} is not; name another")
    lines = pins(package)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, target / "model", ignore=shutil.ignore_patterns("__pycache__"))
    (target / "requirements.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
    made = wheel.write(target)
    _, token = tokens.create(
        target / "tokens.json", f"{package.name}-container", ("predict", "feedback", "read"), days=days
    )
    (target / "tokens.json").chmod(0o600)
    (target / "tokens.lock").unlink(missing_ok=True)
    (target / "Dockerfile").write_text(dockerfile(package, made.name), encoding="utf-8")
    (target / ".dockerignore").write_text(IGNORE, encoding="utf-8")
    return package, token


def dockerfile(package: Package, wheel_name: str) -> str:
    """Its text."""
    version = ".".join(platform.python_version_tuple()[:2])
    return DOCKERFILE.format(
        told=f"{package.name} version {package.version}",
        name=package.name,
        version=package.version,
        python=version,
        wheel=wheel_name,
        user=USER,
        home=HOME,
        port=PORT,
    )
