"""Signs that rows stand in the order of time, and splits that shuffle them."""

from daybreak.audit.code import names
from daybreak.audit.code.machine import Leak, Machine
from daybreak.audit.code.values import Const, Items, Site, Value


def by_time(key: Value | None) -> bool:
    """Whether a sort or an index goes by a column of times."""
    if isinstance(key, Items) and key.items:
        key = key.items[0]
    if not isinstance(key, Const):
        return False
    return any(isinstance(each, str) and names.is_time(each) for each in (key.choices or (key.value,)))


def shuffled(m: Machine, value: Value, site: Site) -> None:
    """Note that rows in the order of time are drawn by chance for a test set."""
    if value.time:
        m.note(Leak("shuffled_series", "", site, value.time))
