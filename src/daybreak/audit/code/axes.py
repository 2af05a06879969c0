"""Along which axis something is computed."""

from daybreak.audit.code.values import Const, Items, Value


def row_by_row(options: dict[str, Value]) -> bool:
    """Whether an axis says that the numbers are computed within each row."""
    for name in ("axis", "dim"):
        axis = options.get(name)
        if isinstance(axis, Const) and axis.value in {1, -1, "columns", 2, "index1"}:
            return True
        if isinstance(axis, Items):
            inside = [each.value for each in axis.items if isinstance(each, Const)]
            return 0 not in inside
        if axis is not None and not isinstance(axis, Const):  # computed: not the first axis alone, most likely
            return True
    return False
