"""Real virtual environments with tiny packages: wheels in a folder, no index, no network."""

import hashlib
import json
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

from daybreak.provenance import uv, wheels


def tiny_wheel(folder, name, version, extra=()):
    """A wheel of one module `name` with `VERSION`."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = [
        (f"{name}.py", f"VERSION = {version!r}\n".encode(), False),
        (f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(), False),
        (f"{info}/WHEEL", b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n", False),
        (f"{info}/entry_points.txt", f"[console_scripts]\n{name}-tool = {name}:main\n".encode(), False),
        *extra,
    ]
    target = folder / f"{name}-{version}-py3-none-any.whl"
    wheels.write(target, files, info)
    return target


def make(folder):
    """An empty virtual environment; its interpreter."""
    subprocess.run([uv.find(), "venv", "-q", "--no-config", "--python", sys.executable, folder], check=True)
    return folder / "bin" / "python"


def install(python, *requirements, links=None):
    """Install with uv, from a folder of wheels or from files."""
    words = [uv.find(), "pip", "install", "-q", "--no-config", "--offline", "--no-index", "--python", python]
    words += ["--find-links", links] if links else []
    subprocess.run([*words, *requirements], check=True)


def site(python):
    """Its folder of packages."""
    return next((Path(python).parents[1] / "lib").glob("python3.*")) / "site-packages"


def install_editable(python, project, name, version):
    """What `pip install -e` leaves: a .pth file that points into the project, and metadata."""
    packages = site(python)
    info = packages / f"{name}-{version}.dist-info"
    info.mkdir()
    (packages / f"_{name}.pth").write_text(f"{project / 'src'}\n")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    (info / "direct_url.json").write_text(json.dumps({"url": project.as_uri(), "dir_info": {"editable": True}}))
    names = [f"_{name}.pth", *(f"{info.name}/{file}" for file in ("METADATA", "WHEEL", "direct_url.json", "RECORD"))]
    (info / "RECORD").write_text("".join(f"{file},{hashed(packages / file)},\n" for file in names))


def hashed(path):
    """As RECORD writes it."""
    if not path.is_file():
        return ""
    return "sha256=" + urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


def said_by(python, program):
    """What a program prints."""
    return subprocess.run([python, "-c", program], check=True, capture_output=True, text=True).stdout.strip()
