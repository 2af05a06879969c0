"""In a replica: some answers are remembered in `events/`, so that feedback that tells the truth later says how good the model is."""

import logging

import msgspec
import numpy as np

from daybreak.monitoring.columns import CONFIDENCE, WHOLE, measured
from daybreak.monitoring.records import Column, Reference
from daybreak.serving.calls import Batch
from daybreak.serving.events import Prediction, Writer

BURST = 60.0  # seconds' worth of answers that may come at once

_log = logging.getLogger("daybreak.serving")


class Remembering:
    """Writes `Prediction` events of requests with one row, as many a second as are asked for."""

    def __init__(self, events: Writer) -> None:
        self._events = events
        self._left = 0.0
        self._at = 0.0

    def answered(self, batch: Batch, reference: Reference, rate: float) -> None:
        """Remember answers of a batch while there is room."""
        self._left = min(rate * BURST, self._left + rate * max(0.0, batch.at - self._at))
        self._at = batch.at
        column = next((column for column in reference.outputs if column.name == reference.predicted), None)
        if column is None or self._left < 1 or column.name not in batch.outputs:
            return
        try:
            self._write(batch, column)
        except (TypeError, ValueError, IndexError):
            _log.warning("answers could not be remembered: they are not what the model's reference describes")
            self._left = 0.0

    def _write(self, batch: Batch, column: Column) -> None:
        served, place = batch.arm.served, 0
        threshold = served.thresholds.get(
            column.name, column.threshold
        )  # what people were told, not what the reference would say
        tracks = measured(msgspec.structs.replace(column, threshold=threshold), batch.outputs[column.name])
        answers, sure = tracks[WHOLE], tracks.get(CONFIDENCE)
        for call in batch.calls:
            answer = answers[place] if call.rows == 1 else None
            if answer is not None and call.id and self._left >= 1:
                score = None if sure is None else float(np.asarray(sure)[place])
                told = answer if isinstance(answer, str) else float(answer)
                seconds = batch.now - call.arrived
                event = Prediction(
                    call.id, batch.at, served.arm, served.version, seconds, told, score, output=column.name
                )
                self._events.add(event)
                self._left -= 1
            place += call.rows
