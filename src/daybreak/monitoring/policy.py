"""What is worth an alarm."""

from typing import Literal

import msgspec

Question = Literal["psi", "wasserstein", "jensen-shannon", "classes", "missing", "out of range", "new values"]


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is worth an alarm. Effects are the least that matter.

    `level`: the chance of any alarm of drift in a window without change; beside it feedback (`performance.measured`) is tested at `level`,
    and confidence (`performance.estimated`) raises an alarm where two 95 % intervals lie apart.
    `psi`, `wasserstein` (in standard deviations of the reference), `jensen_shannon` (a distance in [0, 1]): numbers. `classes`: the share
    of rows that changed class (total variation). `shares`: change of the share of rows that are missing, out of range or of new values.
    `accuracy`: how far accuracy falls, `error`: how much larger the mean error gets, as a share of it; of `truths` answers at least whose
    truth came back. `alarming`: the distances of numbers that may raise an alarm; the others are told.
    """

    rows: int = 500
    level: float = 0.01
    psi: float = 0.1
    wasserstein: float = 0.25
    jensen_shannon: float = 0.134  # what PSI 0.1 is between close distributions
    classes: float = 0.05
    shares: float = 0.02
    accuracy: float = 0.02
    error: float = 0.1
    truths: int = 100
    alarming: tuple[Literal["psi", "wasserstein", "jensen-shannon"], ...] = ("psi", "wasserstein")
