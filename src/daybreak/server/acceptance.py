"""What is checked of a spec before it is taken into the log, where it would stay."""

from typing import Any

from pydantic import ValidationError

from daybreak.base.errors import DaybreakError, UsageError
from daybreak.search.registry import make_searcher
from daybreak.spec.models import Experiment


def check_spec(spec: dict[str, Any]) -> None:
    """Raises `UsageError` for a spec that cannot be read, and for a search method that cannot be made."""
    try:
        experiment = Experiment.model_validate(spec)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"the spec cannot be read: {place}: {first['msg']}; is the client of another version than the controller? "
            "end that with `daybreak controller shutdown`"
        ) from error
    try:
        make_searcher(experiment)
    except DaybreakError:
        raise
    except Exception as error:
        raise UsageError(
            f"search.method {experiment.search.method!r} cannot be used: {type(error).__name__}: {error}; "
            "mend the package that registers it, or choose another method"
        ) from error
