"""How `daybreak monitor status` tells of the window that is open."""

import pytest

from daybreak.cli.monitored import show_standing
from daybreak.serving.watch import standing

NOON = 1_700_049_600.0


@pytest.mark.parametrize(
    ("wait", "told"), [(120.0, "judged in 2 min 00 s if it then has 500"), (-9.0, "judged once it has 500")]
)
def test_when_the_open_window_is_judged(wait, told, capsys):
    due = {"open_rows": 256, "judged_rows": 500, "judged_at": NOON + wait}
    arm = standing.ArmStanding("champion", "price", 1, "waiting", "the first window is not full yet", **due)
    show_standing("shop", standing.of_arms(NOON, (arm,)), NOON)
    assert f"the open window has 256 rows, {told}" in capsys.readouterr().out
