"""One file of a dataset, as manifests hold it."""

import msgspec


class File(msgspec.Struct, frozen=True, array_like=True):
    """One file. `path`: relative to the dataset, with `/`. `size`: bytes. `blake3`: of its bytes, empty where they were not read.

    `tag`: what its store calls this version of it (`etag:...`, `version:...`), or what else tells it apart; empty for most.
    """

    path: str
    size: int
    blake3: str
    tag: str = ""
