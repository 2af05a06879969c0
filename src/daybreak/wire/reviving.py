"""What registering a model says to `python -m daybreak.release.reviving`, and what that answers, in JSON lines.

registering                    the run's interpreter
Revive(setup, segment, ...) ->     or Foreign(model, ...), in any interpreter
                           <-  Doing(what)          now and then
                           <-  Made(...) | Failed(...)
"""

from typing import Any

import msgspec

from daybreak.wire.segment import Line, Segment, Setup


class Revive(Line, frozen=True, tag="revive"):
    """Bring a trial back to life and export its model into `folder`.

    `function`: "module:function" that is called in place of the training function; `part`: which of what is kept is the model; `samples`:
    a file of rows, or "module:function" that returns them, where training does not ship them; `target`: their column of right answers;
    `classes`: names of the model's classes; `options`: of `export.options.Options`, as plain data.
    """

    setup: Setup
    segment: Segment
    folder: str
    function: str = ""
    part: str = ""
    samples: str = ""
    target: str = ""
    classes: tuple[str, ...] = ()
    options: dict[str, Any] = msgspec.field(default_factory=dict)


class Foreign(Line, frozen=True, tag="foreign"):
    """Export a model that was not trained here: `model` is its file or folder, the rest as in `Revive`.

    `function`: "module:function" that builds the network of a file that holds weights alone (.pt, .pth, .safetensors).
    """

    model: str
    folder: str
    function: str = ""
    samples: str = ""
    target: str = ""
    classes: tuple[str, ...] = ()
    options: dict[str, Any] = msgspec.field(default_factory=dict)


class Doing(Line, frozen=True, tag="doing"):
    """What takes a while."""

    what: str


class Made(Line, frozen=True, tag="made"):
    """The package's files lie in the folder; `exported` is an `export.exporting.Exported` as plain data.

    `reported`: metrics of the export -> what training reported them as, of the very rows that the export was measured on.
    """

    exported: dict[str, Any]
    notes: tuple[str, ...] = ()
    reported: dict[str, str] = msgspec.field(default_factory=dict)


class Failed(Line, frozen=True, tag="failed"):
    """Why not, in sentences; `usage`: the caller asked for something that cannot be, and nothing is broken."""

    why: str
    usage: bool = False


Answer = Doing | Made | Failed


def encode(line: Line) -> bytes:
    """One line, without its end."""
    return msgspec.json.encode(line)


def decode_order(line: bytes) -> Revive | Foreign:
    """What registering said."""
    order: Revive | Foreign = msgspec.json.decode(line, type=Revive | Foreign)
    return order


def decode_answer(line: bytes) -> Answer:
    """What the process said."""
    answer: Answer = msgspec.json.decode(line, type=Answer)
    return answer
