"""What a simulated machine is like."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """Slots and the costs of using them, in seconds and bytes."""

    slots: int
    name: str = "simulated"
    start_seconds: float = 0.05  # from a launch to the user's first line
    resume_seconds: float = 0.1  # loading a checkpoint
    freeze_seconds: float = 0.1  # saving one
    checkpoint_bytes: int = 2**20
    crash: float = 0.0  # probability that an attempt crashes on the way to its first target
    seed: int = 0  # of the crashes
    points: bool = False  # whether metric points are logged, as a real agent does; a simulation need not keep them
