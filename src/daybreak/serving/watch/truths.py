"""In the supervisor: feedback that tells the truth meets the answer that was remembered."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from daybreak.monitoring.performance import Outcomes
from daybreak.serving.events import Event, Feedback, Prediction
from daybreak.serving.watch.waiting import Waiting

MOST = 200_000  # answers that wait for their truth: 20 MB

Version = tuple[str, int]  # arm, version


class Truths:
    """Answers that wait for their truth, the newest of them, and for a while truths that were read before their answer.

    They are forgotten with the process; feedback to others is not counted.
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[int, str | float] = OrderedDict()
        self._waiting = Waiting()

    def met(self, events: Iterable[Event], outputs: dict[Version, str]) -> dict[Version, Outcomes]:
        """Outcomes of what came, by version. `outputs`: by version the name of the output that is scored."""
        found: dict[Version, Outcomes] = {}
        for event in events:
            truth: Feedback | None = None
            if isinstance(event, Prediction) and event.answer is not None:
                self._remember(event.id, event.answer)
                truth = self._waiting.take(event.id)
            elif isinstance(event, Feedback) and event.kind == "truth":
                truth = event
            if truth is not None:
                self._meet(truth, outputs, found)
        return found

    def _remember(self, request: str, answer: str | float) -> None:
        self._answers[_short(request)] = answer
        if len(self._answers) > MOST:
            self._answers.popitem(last=False)

    def _meet(self, event: Feedback, outputs: dict[Version, str], found: dict[Version, Outcomes]) -> None:
        """The first piece of feedback counts."""
        answer = self._answers.pop(_short(event.id), None)
        if answer is None:
            if event.id not in self._waiting:
                self._waiting.put(event)
            return
        version = event.arm, event.version
        truth = _of(event.truth, outputs.get(version, ""))
        if truth is not None:
            found[version] = _with(found.get(version, Outcomes()), answer, truth)


def _short(request: str) -> int:
    """A request by the MAC that its id ends with: 64 bits that are as good as chance."""
    try:
        return int(request[-16:], 16)
    except ValueError:  # of another maker of ids
        return hash(request)


def _of(truth: Any, output: str) -> Any:
    """The truth of one output, of a piece of feedback that may name several."""
    return truth.get(output) if isinstance(truth, dict) else truth


def _with(outcomes: Outcomes, answer: str | float, truth: Any) -> Outcomes:
    if isinstance(answer, str):
        return outcomes.and_class(answer, truth)
    if isinstance(truth, bool) or not isinstance(truth, int | float):
        return outcomes
    return outcomes.and_number(answer, float(truth))


def joined(left: Outcomes, right: Outcomes) -> Outcomes:
    """Outcomes of both."""
    return Outcomes(
        left.rows + right.rows, left.right + right.right, left.errors + right.errors, left.squares + right.squares
    )
