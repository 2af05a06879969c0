"""Options of `daybreak audit`, by what they are about."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from daybreak.audit.about import Task

if TYPE_CHECKING:
    from daybreak.validation.asking import Told
    from daybreak.validation.functions import Functions
    from daybreak.validation.running import Options

Columns = Annotated[tuple[str, ...], Parameter(consume_multiple=True)]


@Parameter(name="*")
@dataclass(frozen=True)
class Data:
    """What is read, and what its columns are for."""

    train: Annotated[
        str, Parameter(help="The training side: CSV, Parquet, JSONL, NumPy, a folder of pictures, sounds, texts.")
    ] = ""
    test: Annotated[str, Parameter(help="The test side, of the same kind.")] = ""
    validation: Annotated[str, Parameter(help="The validation side, where there is one.")] = ""
    split_by: Annotated[
        str, Parameter(help="A CSV file with the columns sample and split, or a column of the data.")
    ] = ""
    target: Annotated[str, Parameter(help="The column to predict: its name, or its number (-1: the last).")] = ""
    group: Annotated[Columns, Parameter(help="Columns whose rows belong together: patient, speaker, scene.")] = ()
    time: Annotated[str, Parameter(help="The column that says when a sample was taken.")] = ""
    id: Annotated[Columns, Parameter(help="Columns that name a row and say nothing about it.")] = ()
    task: Annotated[Task | None, Parameter(help="Left out: the target says; forecast has to be declared.")] = None
    known: Annotated[Columns, Parameter(help="Columns at hand when a prediction is asked for.")] = ()
    unknown: Annotated[Columns, Parameter(help="Columns not at hand then: a model must not use them.")] = ()
    text: Annotated[Columns, Parameter(help="Columns of free text, where they are not recognised.")] = ()
    names: Annotated[Columns, Parameter(help="Names of the columns of a table without a header.")] = ()
    header: Annotated[
        bool | None,
        Parameter(negative="--no-header", help="Whether the first line names the columns; left out: looked at."),
    ] = None
    delimiter: Annotated[str, Parameter(help="Between the cells of a text table; left out: looked at.")] = ""

    def request(self, data: str) -> dict[str, Any]:
        """As `readers.request.Request` takes it."""
        given = asdict(self)
        return given | {name: given[name] or None for name in ("train", "test", "validation")} | {"data": data or None}


def _each(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names as they are given: one by one, or with commas between."""
    return tuple(part.strip() for name in names for part in name.split(",") if part.strip())


@Parameter(name="*")
@dataclass(frozen=True)
class Asking:
    """What is asked, and of how much."""

    only: Annotated[Columns, Parameter(help="Ask these rules alone: overlap, overlap.exact, groups, ...")] = ()
    skip: Annotated[Columns, Parameter(help="Leave these rules out.")] = ()
    predictions: Annotated[
        Path | None, Parameter(help="Your model's predictions for the test rows, in order: CSV or .npy.")
    ] = None
    model: Annotated[Path | None, Parameter(help="Your model's file, which --predict is given.")] = None
    predict: Annotated[
        str, Parameter(help="Your module:function(model file, test rows) that returns predictions; scored as above.")
    ] = ""
    preprocess: Annotated[
        str, Parameter(help="Your module:function(train, test) that returns features: it must not look at test.")
    ] = ""
    fit: Annotated[
        str, Parameter(help="Your module:function(train, test) that trains and predicts: run on shuffled labels.")
    ] = ""
    rows: Annotated[
        int, Parameter(help="Most rows of a side held in memory; exact overlap reads all, however many.")
    ] = 200_000

    def options(self, told: "Told") -> "Options":
        """As `validation.running.run` takes them. Raises `UsageError` for predictions that cannot be read."""
        from daybreak.validation.predictions import read
        from daybreak.validation.running import Options

        predictions = None if self.predictions is None else read(self.predictions)
        only, skip = _each(self.only), _each(self.skip)
        return Options(only=only, skip=skip, most_rows=self.rows, predictions=predictions, told=told)

    def functions(self) -> "Functions":
        """The user's own functions, of the code in this folder."""
        from daybreak.validation.functions import Functions

        return Functions(self.preprocess, self.fit, self.predict, self.model)


@Parameter(name="*")
@dataclass(frozen=True)
class Showing:
    """How it is told."""

    html: Annotated[Path | None, Parameter(help="Write one self-contained page with the pairs side by side.")] = None
    all: Annotated[bool, Parameter(help="Also tell why rules had nothing to look at.")] = False
    json: Annotated[bool, Parameter(help="Print one JSON document for programs.")] = False
