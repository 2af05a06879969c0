"""One file of a dataset, as manifests hold it."""

import msgspec

LEFT_OUT = "dv:"  # a tag that says which rows of the file are none of the dataset's


class File(msgspec.Struct, frozen=True, array_like=True):
    """One file. `path`: relative to the dataset, with `/`. `size`: bytes. `blake3`: of its bytes, empty where they were not read.

    `tag`: what its store calls this version of it (`etag:...`, `version:...`), or what else tells it apart; empty for most.
    """

    path: str
    size: int
    blake3: str
    tag: str = ""

    @property
    def left_out(self) -> str:
        """Which of its rows are left out, by the name of a deletion vector; empty for none."""
        return self.tag if self.tag.startswith(LEFT_OUT) else ""
