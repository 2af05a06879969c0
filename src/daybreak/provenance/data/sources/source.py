"""What reads a dataset of one kind.

Built-in kinds stand beside this module; packages add theirs by the entry point group `daybreak.data`.
"""

from typing import Protocol

from daybreak.provenance.data.hashing import Hasher
from daybreak.provenance.data.manifest import Manifest


class Source(Protocol):
    """Reads datasets of one kind. An instance has no state, so that it may be used from any thread."""

    kind: str

    def matches(self, place: str) -> bool:
        """Whether what lies at `place` (an absolute path, or a URL) is of this kind: by names and small files, never by a network."""
        ...

    def manifest(self, place: str, hasher: Hasher) -> Manifest:
        """Its manifest now; bytes of local files are hashed by `hasher`, which knows those that have not changed.

        Raises `UsageError` when it cannot be read, with what to do; `OSError` of the file system passes through.
        """
        ...
