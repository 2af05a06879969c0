"""Which adapter reads what: formats that are known by what lies in a folder first, then packages' own, then plain files."""

from collections.abc import Iterator
from functools import cache

from daybreak.provenance.data.sources.delta import Delta
from daybreak.provenance.data.sources.files import Files
from daybreak.provenance.data.sources.huggingface import HubRevision, SavedDataset
from daybreak.provenance.data.sources.iceberg import Iceberg
from daybreak.provenance.data.sources.objects import Objects
from daybreak.provenance.data.sources.parquet import Parquet
from daybreak.provenance.data.sources.source import Source

GROUP = "daybreak.data"  # entry points: name = "package.module:Class", made without arguments


def source_of(place: str) -> Source:
    """The adapter for an absolute path or a URL."""
    return next((source for source in _special() if source.matches(place)), Files())


def _special() -> Iterator[Source]:
    yield from (Delta(), Iceberg(), SavedDataset(), HubRevision(), Parquet())
    yield from _registered()
    yield Objects()


@cache
def _registered() -> tuple[Source, ...]:
    from importlib.metadata import entry_points

    return tuple(entry.load()() for entry in entry_points(group=GROUP))
