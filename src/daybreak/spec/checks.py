"""Rules between fields of an experiment. Fields that are known to be faulty are passed over."""

from collections.abc import Collection

from daybreak.spec.domains import Int, Log, Uniform
from daybreak.spec.faults import Faults
from daybreak.spec.models import Experiment


def check(experiment: Experiment, faults: Faults, methods: Collection[str], samplers: Collection[str]) -> None:
    """Add a fault for every broken rule."""
    for name, domain in experiment.space.items():
        if isinstance(domain, Uniform | Log | Int) and not domain.low <= domain.high:
            faults.add_resolved(f"`low <= high` must hold, got low={domain.low}, high={domain.high}", ("space", name))
    del methods, samplers
