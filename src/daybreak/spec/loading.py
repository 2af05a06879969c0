"""Experiment files: text or data in, a resolved `Experiment` out, or `SpecError` with every fault and its place.

Nothing here opens a file: whoever has the text gives its name and folder. Four passes, each collecting faults: YAML
(`yaml_text`), shorthands (`shorthand`), single fields (`fields`), rules between fields (`checks`). A part that is
faulty is left out of the later passes, so that one mistake is told once and hides no other.
"""

import posixpath
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from daybreak.spec.checks import check
from daybreak.spec.faults import Faults, NamedPlaces, Places, shown
from daybreak.spec.fields import EXAMPLES, validate
from daybreak.spec.models import LOGICAL_WORKERS, METHODS, SAMPLERS, Experiment
from daybreak.spec.names import name_of, slug
from daybreak.spec.plain import plain
from daybreak.spec.points import completed
from daybreak.spec.shorthand import normalise
from daybreak.spec.yaml_text import read_yaml

KnownNames = tuple[Collection[str], Collection[str]]  # of methods, of samplers
BUILT_IN: KnownNames = (METHODS, SAMPLERS)


def load(
    text: str,
    *,
    source: str,
    folder: str,
    known_methods: Collection[str] = METHODS,
    known_samplers: Collection[str] = SAMPLERS,
) -> Experiment:
    """Read the YAML text of an experiment file.

    `source` names it in messages; `folder` (absolute) is what the file's own `folder` is relative to. Names of methods and samplers
    must be known or contain a colon; callers add those that packages register. Raises `SpecError` with all faults.
    """
    data, faults = read_yaml(text, source)
    if data is None and not faults.found:
        faults.add(f"an experiment file has at least `run` and `objective`, got nothing: {EXAMPLES['run']}", ())
    if data is None:
        faults.raise_if_any()
    stem = "" if source.startswith("<") else PurePosixPath(source).stem
    return resolve(data, faults, folder, stem, (known_methods, known_samplers))


def from_mapping(
    data: Mapping[str, Any],
    *,
    source: str = "<python>",
    folder: str,
    places: Places | None = None,
    known_methods: Collection[str] = METHODS,
    known_samplers: Collection[str] = SAMPLERS,
) -> Experiment:
    """The same from plain data: shorthands as in a file, or the resolved form (`model_dump(mode="json")`), which loads to an equal value.

    `places` tells where values came from, for messages. Raises `SpecError` with all faults.
    """
    faults = Faults(places or NamedPlaces(source))
    return resolve(data, faults, folder, "", (known_methods, known_samplers))


def resolve(
    data: Any,
    faults: Faults,
    folder: str,
    stem: str = "",
    known: KnownNames = BUILT_IN,
) -> Experiment:
    """Plain data to an experiment; `faults` holds those found so far and says where things were written. Raises `SpecError`."""
    data = plain(data, faults)
    if not isinstance(data, dict):
        faults.add(f"an experiment file is a mapping of keys such as `run` and `objective`, got {shown(data)}", ())
        faults.raise_if_any()
    resolved = normalise(data, faults)
    resolved.setdefault("name", slug(stem) if stem else name_of(resolved.get("run")))
    if isinstance(written := resolved.get("folder", "."), str):
        resolved["folder"] = posixpath.normpath(posixpath.join(folder, written))
    experiment = validate(resolved, faults)
    if experiment is not None:
        check(experiment, faults, *known)
    faults.raise_if_any()
    if experiment is None:
        raise AssertionError("an experiment that cannot be validated has a fault")
    return completed(_settled(experiment))


def _settled(experiment: Experiment) -> Experiment:
    """How many trials a deterministic search trains at once is part of it: written down, so that no machine decides it."""
    search = experiment.search
    if not experiment.deterministic or search.max_concurrent is not None:
        return experiment
    return experiment.model_copy(update={"search": search.model_copy(update={"max_concurrent": LOGICAL_WORKERS})})
