"""Folds over windows of live rows: what drifts, beyond what chance does."""

from daybreak.monitoring import reference
from daybreak.monitoring.records import Partial, Reference
from daybreak.monitoring.window import Window

__all__ = ["Partial", "Reference", "Window", "reference"]
