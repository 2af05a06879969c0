"""The resolved truth as text, and its hash."""

from typing import Any

import yaml

from daybreak.base.hashing import hash_json
from daybreak.spec.models import Experiment
from daybreak.spec.space_shorthand import RANGES
from daybreak.spec.yaml_text import read_scalar


def spec_hash(experiment: Experiment) -> str:
    """blake3 of the resolved spec, 64 hexadecimal digits: equal specs have equal hashes, whatever the file looked like."""
    return hash_json(experiment.model_dump(mode="json"))


def to_yaml(experiment: Experiment) -> str:
    """Everything, defaults written out, in the order of the models; spaces flat, domains as a user writes them. Loads to an equal value."""
    data = experiment.model_dump(mode="json")
    data["space"] = {name: _domain(domain) for name, domain in data["space"].items()}
    data["objectives"] = [{item["direction"]: item["metric"]} for item in data["objectives"]]
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)


def _domain(domain: dict[str, Any]) -> Any:
    kind = domain["kind"]
    value = [domain["low"], domain["high"]] if kind in RANGES else domain["options" if kind == "choice" else "value"]
    options = {
        key: domain[key]
        for key, default in (("step", 1 if kind == "int" else None), ("log", False), ("when", None), ("count", None))
        if domain.get(key, default) != default
    }
    if kind == "constant" and isinstance(value, bool | int | float | str) and not options:
        return value
    return _Flow({kind: value, **options})


class _Flow(dict[str, Any]):
    """A mapping that stands on one line."""


class _Dumper(yaml.SafeDumper):
    """Quotes whatever our reader would not read as the same text."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (PyYAML's signature)
        """Equal parts are written out each time."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = None if read_scalar(text) == text else "'"
    if not text.isprintable():
        style = '"'  # the only style with escapes: others lose line ends such as U+0085
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _flow(dumper: yaml.SafeDumper, data: _Flow) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Flow, _flow)
