"""What an interpreter says of its environment. Run by the interpreter itself: `python -I asking.py [FOLDER ...]`.

A file of its own that needs the standard library alone, of Python 3.8 or later, since it is run by interpreters that have no Daybreak.
The folders are searched first (a submitter's PYTHONPATH, of which `-I` takes no notice). Prints one JSON document:
{python, implementation, executable, platform, prefix, watched: [folder], packages: [{name, version, info, installer, source, wheel}]}.
"""

import json
import platform
import site
import sys
import sysconfig
from pathlib import Path
from typing import Any, Dict, List  # noqa: UP035 (Python 3.8 reads this)


def main(first: List[str]) -> None:  # noqa: UP006
    """Print what there is; the first distribution of a name is the one that is imported."""
    named = [Path(folder).absolute() for folder in [*first, *sys.path, *_of_the_user()]]
    searched = [folder for folder in dict.fromkeys(named) if folder.is_dir()]
    packages: Dict[str, Dict[str, Any]] = {}  # noqa: UP006
    for info in (info for folder in searched for info in sorted(folder.iterdir())):
        if info.name.endswith((".dist-info", ".egg-info")):
            found = _package(info)
            if found["name"] and found["version"]:
                packages.setdefault(found["name"].lower().replace("_", "-").replace(".", "-"), found)
    told = {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "executable": sys.executable,
        "platform": sysconfig.get_platform(),
        "prefix": sys.prefix,
        "watched": [str(folder) for folder in searched],
        "packages": list(packages.values()),
    }
    json.dump(told, sys.stdout)


def _of_the_user() -> List[str]:  # noqa: UP006
    """Where `pip install --user` puts packages; a virtual environment sees it only together with the system's packages."""
    settings = _text(Path(sys.prefix, "pyvenv.cfg")).replace(" ", "").lower()
    alone = sys.prefix != sys.base_prefix and "include-system-site-packages=true" not in settings
    return [] if alone else [site.getusersitepackages()]


def _package(info: Path) -> Dict[str, Any]:  # noqa: UP006
    metadata = _text(info / "METADATA") or _text(info / "PKG-INFO") or _text(info)
    head = metadata.split("\n\n", 1)[0]
    source = _text(info / "direct_url.json")
    return {
        "name": _field(head, "Name"),
        "version": _field(head, "Version"),
        "info": str(info),
        "installer": _text(info / "INSTALLER").strip(),
        "source": json.loads(source) if source else None,
        "wheel": (info / "WHEEL").is_file() and (info / "RECORD").is_file(),
    }


def _field(head: str, name: str) -> str:
    for line in head.splitlines():
        if line.startswith(name + ":"):
            return line.partition(":")[2].strip()
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


if __name__ == "__main__":
    main(sys.argv[1:])
