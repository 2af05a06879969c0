"""Folders of pictures or sounds: each file is a row, in the order of their names."""

from collections.abc import Iterator
from typing import Any

from daybreak.base.errors import BadRow, UsageError
from daybreak.batch.places import Input, bytes_of, members
from daybreak.batch.plan import Plan
from daybreak.batch.sources import Piece, Taken, Wanted
from daybreak.signature import media
from daybreak.signature.arrays import sifted
from daybreak.signature.columns import objects
from daybreak.signature.fields import Signature

KINDS = {"images": "image", "sounds": "audio"}


class Folder:
    """One folder, with those below it."""

    def __init__(self, index: int, given: Input, plan: Plan, signature: Signature) -> None:
        self._index, self._path, self._plan, self._signature = index, given.path, plan, signature
        kind = KINDS[given.kind]
        fields = [field for field in signature.inputs if field.kind == kind]
        others = [field.name for field in signature.inputs if not field.optional and field.kind != kind]
        if len(fields) != 1 or others:
            wanted = ", ".join(f"{field.name} ({field.kind})" for field in signature.inputs)
            raise UsageError(
                f"a folder of {given.kind} is for a model that takes one {kind} and nothing else, it takes {wanted}; give a table"
            )
        self._field, self._names = fields[0], [name for name, _, _ in members(given.path)]

    def check(self) -> None:
        """Nothing is kept of a folder. Raises `UsageError`."""
        if self._plan.keep:
            raise UsageError(
                f"--keep names columns of tables, {self._path} is a folder; the output names each row's file"
            )

    def count(self) -> int:
        """One a file."""
        return len(self._names)

    def pieces(self, wanted: Wanted) -> Iterator[Piece]:
        """Bytes of files; they are decoded where they are predicted."""
        size = self._plan.part_rows
        for number in range(-(-len(self._names) // size)):
            if wanted(number):
                names = self._names[number * size : (number + 1) * size]
                held = [(name, bytes_of(f"{self._path}/{name}")) for name in names]
                yield Piece(self._index, number, held, min(1.0, (number + 1) * size / len(self._names)))

    def taken(self, piece: Piece) -> Taken:
        """Pictures or sounds."""
        start = piece.number * self._plan.part_rows
        rows: list[int] = []
        values: list[Any] = []
        faults: dict[int, BadRow] = {}
        for place, (name, data) in enumerate(piece.held, start):
            try:
                values.append(media.read(self._field, data, place))
                rows.append(place)
            except BadRow as bad:
                faults[place] = BadRow(bad.code, f"{name}: {bad}", place, bad.where)
        columns, _ = sifted(self._signature, {self._field.name: objects(values)})
        return Taken(columns, rows, {}, faults, [piece.held[row - start][0] for row in rows])
