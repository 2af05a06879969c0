"""What an audit of a run was of, by digest: light enough to be asked beside every result."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from daybreak.base.errors import DamagedFile
from daybreak.base.hashing import hash_bytes, hash_json
from daybreak.base.home import Home

DIGITS = 16  # of a hash in a file's name


class Binding(msgspec.Struct, frozen=True):
    """An audit counts for runs of the same code and data; what it says of a model, for this checkpoint alone."""

    code: str  # digest of the captured code; "" where none was captured
    data: dict[str, str]  # dataset -> blake3 over its files
    model: str = ""  # digest of the checkpoint; "" where none is kept

    @property
    def key(self) -> str:
        """What audits of one code and data have in common, in the names of their files."""
        return hash_json([self.code, sorted(self.data.values())])[:DIGITS]

    @property
    def empty(self) -> bool:
        """Neither code nor data was captured: nothing says that two runs are of the same."""
        return not (self.code or self.data)

    def same(self, other: "Binding") -> bool:
        """Whether an audit of the other counts here."""
        return self.code == other.code and sorted(self.data.values()) == sorted(other.data.values())


def files(home: Home, binding: Binding, experiment: int) -> Iterator[Path]:
    """Where audits of a binding lie; of this experiment alone where the binding is empty."""
    return home.path.glob(f"experiments/{experiment if binding.empty else '*'}/audits/{binding.key}-*.json")


def verified(file: Path) -> bytes:
    """The bytes of a record. Raises `DamagedFile` when they are not what its name says."""
    data = file.read_bytes()
    if hash_bytes(data)[:DIGITS] != file.stem.rpartition("-")[2]:
        raise DamagedFile(f"a record must match the hash in its name, {file} does not: it was altered; audit again")
    return data
