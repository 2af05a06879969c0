"""People as a history knows them: they pause and resume, ask for more, change priorities and widths, stop, pin checkpoints."""

from collections.abc import Sequence
from typing import Any

from daybreak.base.streams import Stream
from daybreak.lifecycle.events import Asked
from daybreak.spec.models import Experiment

Saved = tuple[int, int, str]  # experiment, trial, digest of a checkpoint


class People:
    """Fake, and seeded: what they ask for is a function of the streams."""

    def __init__(self, specs: Sequence[Experiment], seed: int, pins: float) -> None:
        self.specs = specs
        self.pins = pins  # chance that an event is preceded by a pin or its end
        self._paused: set[int] = set()
        self._pinning = Stream(seed, "pins")

    def pin(self, saved: Sequence[Saved]) -> Asked | None:
        """Somebody pins one of these checkpoints, or lets go of it; mostly nobody does."""
        if not saved or self._pinning.uniform() >= self.pins:
            return None
        experiment, trial, digest = self._pinning.choice(saved)
        value = {"trial": trial, "digest": digest, "why": "a colleague needs it"}
        return Asked(experiment, "pin" if self._pinning.below(3) else "unpin", value)

    def resume(self) -> Asked | None:
        """They resume what they paused, one experiment at a time."""
        return Asked(self._paused.pop(), "resume") if self._paused else None

    def ask(self, kind: str, stream: Stream) -> Asked | None:
        """Something of a kind, for one of the experiments; None for what nobody asks for."""
        experiment = 1 + stream.below(len(self.specs))
        if kind == "pause":
            self._paused.add(experiment)
            return Asked(experiment, "pause")
        if kind == "resume":
            self._paused.discard(experiment)
            return Asked(experiment, "resume")
        if kind == "priority":
            return Asked(experiment, "priority", stream.below(3))
        if kind == "widen":
            return Asked(experiment, "extend", {"resources": {"slots": 1 + stream.below(2)}})
        if kind == "stop" and stream.below(4) == 0:
            return Asked(experiment, "stop", by="ada")
        return Asked(experiment, "extend", self._more(experiment, stream)) if kind == "extend" else None

    def _more(self, experiment: int, stream: Stream) -> dict[str, Any]:
        """Half as much again of every limit there is, or a longer horizon."""
        spec = self.specs[experiment - 1]
        if spec.search.max_units is not None and stream.below(3) == 0:
            return {"max_units": spec.search.max_units * spec.search.reduction}
        limits = spec.budget.model_dump(exclude_none=True)
        limits.pop("price_per_slot_hour", None)
        return {
            "budget": {
                name: value * 1.5 if isinstance(value, float) else value * 3 // 2 + 1 for name, value in limits.items()
            }
        }
