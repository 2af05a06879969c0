"""What the audited data is: its columns, what each is for, and its sides.

A *side* is a part of the split: "train", "test", and where there is one "validation". Both sides have the same columns; what differs
was told by the readers. A sample that is a file (a picture, a sound, a text) is a row, too: its content stands in a column of its own.
"""

from typing import Literal

import msgspec

Task = Literal["classification", "regression", "forecast"]

ColumnType = Literal[
    "number",  # float64 or float32
    "integer",
    "boolean",
    "category",  # short strings with few values; also integers that are declared so
    "text",  # free text: sentences, messages, documents
    "time",  # timestamp or date
    "image",  # FixedSizeList<uint8>: a picture at a low resolution, row-major; `shape` is (height, width, channels)
    "audio",  # FixedSizeList<float32>: log-mel energies, row-major; `shape` is (frames, bands)
    "vector",  # FixedSizeList of numbers: an embedding, a window of a series; `shape` is (length,)
    "digest",  # FixedSizeBinary(16): hash of a file's decoded content (pixels, samples, normalised text)
    "empty",  # no value at all
]

Purpose = Literal[
    "feature",
    "target",
    "group",  # samples that share it belong together: patient, speaker, scene
    "time",  # when the sample was taken
    "id",  # names the row; says nothing about it
    "name",  # the file's path, relative to the dataset
    "content",  # the column of the type image, audio, text or digest of samples that are files
    "meta",  # about the file, not in it: bytes, width, duration, silence, EXIF
]

NAME, DIGEST, CONTENT, META = (
    "@name",
    "@digest",
    "@content",
    "@meta.",
)  # columns that readers add for samples that are files


class Column(msgspec.Struct, frozen=True):
    """One column of both sides."""

    name: str
    type: ColumnType
    purpose: Purpose = "feature"
    shape: tuple[int, ...] = ()
    known: bool | None = None  # declared: whether its value is known when a prediction is asked for


class About(msgspec.Struct, frozen=True):
    """The data under audit. `digests`, `sources`: side -> content hash, and where it was read from, as a person wrote it."""

    columns: tuple[Column, ...]
    task: Task | None = None  # None: no target
    declared_task: bool = False  # the user said so; otherwise it was inferred from the target
    classes: tuple[str, ...] = ()  # of a classification's target, canonical, sorted
    ordered: bool = False  # rows stand in an order that means something (a series without a time column)
    rows: dict[str, int] = {}
    digests: dict[str, str] = {}
    sources: dict[str, str] = {}

    def having(self, *purposes: Purpose) -> tuple[Column, ...]:
        """Columns with one of these purposes, in order."""
        return tuple(column for column in self.columns if column.purpose in purposes)

    def typed(self, *types: ColumnType) -> tuple[Column, ...]:
        """Features and content of one of these types, in order."""
        return tuple(c for c in self.columns if c.type in types and c.purpose in {"feature", "content"})

    def column(self, name: str) -> Column:
        """The column of that name. Raises `KeyError`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def target(self) -> Column | None:
        """What is to be predicted."""
        found = self.having("target")
        return found[0] if found else None

    @property
    def files(self) -> bool:
        """Whether samples are files."""
        return bool(self.having("name"))
