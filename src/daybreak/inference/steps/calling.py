"""The user's own functions, in a process of their own (`inference.worker`)."""

from daybreak.inference.session import Arrays
from daybreak.inference.steps import After, Before, Context, Options
from daybreak.signature.fields import Columns


def before(options: Options, context: Context) -> Before:
    """function(columns) -> feeds, both dicts of arrays. Options: `function` (module:function of the package's code/), `fields` (all)."""
    function, fields = str(options["function"]), options.get("fields")
    worker = context.worker()

    def step(columns: Columns, feeds: Arrays) -> None:
        held = {**columns, **feeds}
        feeds |= worker.call(function, {name: held[name] for name in fields} if fields else held)

    return step


def after(options: Options, context: Context) -> After:
    """function(outputs) -> outputs, both dicts of arrays. Options: `function`, `fields`: inputs that it wants to see as well, by name."""
    function, fields = str(options["function"]), tuple(options.get("fields", ()))
    worker = context.worker()

    def step(outputs: Arrays, columns: Columns, feeds: Arrays) -> None:
        del feeds
        outputs |= worker.call(function, {**outputs, **{name: columns[name] for name in fields}})

    return step
