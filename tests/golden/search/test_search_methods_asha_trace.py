"""Textbook ASHA by promotion, call by call: twelve trials, eta 3, rungs at 1, 3 and 9 units, one slot.

Each line is a fact in and the answer out. Losses are the same at every rung.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "search"))

from inline_snapshot import snapshot
from search_methods_driving import searcher

from daybreak.search.searcher import GoOn

LOSSES = dict(enumerate([7, 3, 5, 8, 1, 9, 2, 6, 4, 12, 11, 10], start=1))


def told():
    method = searcher(max_units=9, max_trials=12, guard=0.0)
    added = 0
    while True:
        wish = method.peek()
        if wish is None and added == 12:
            return
        if wish is None:
            added += 1
            method.added(added, {})
            continue
        yield f"wish: trial {wish.trial} to {wish.to}, value {wish.value:g} ({wish.why})"
        method.taken(wish)
        to = wish.to
        while to is not None:
            decision = method.reported(wish.trial, to, (float(LOSSES[wish.trial]),))
            yield f"  {wish.trial} reports {LOSSES[wish.trial]} at {to}: {type(decision).__name__} ({decision.why})"
            to = decision.to if isinstance(decision, GoOn) else None


def test_textbook_trace():
    assert "\n".join(told()) == snapshot("""\
wish: trial 1 to 1, value 0 (a new point)
  1 reports 7 at 1: Rest (not among the best 0 of 1 at 1 units)
wish: trial 2 to 1, value 0 (a new point)
  2 reports 3 at 1: Rest (not among the best 0 of 2 at 1 units)
wish: trial 3 to 1, value 0 (a new point)
  3 reports 5 at 1: Rest (not among the best 1 of 3 at 1 units)
wish: trial 2 to 3, value 1 (among the best at 1 units)
  2 reports 3 at 3: Rest (not among the best 0 of 1 at 3 units)
wish: trial 4 to 1, value 0 (a new point)
  4 reports 8 at 1: Rest (not among the best 1 of 4 at 1 units)
wish: trial 5 to 1, value 0 (a new point)
  5 reports 1 at 1: GoOn (among the best 1 of 5 at 1 units)
  5 reports 1 at 3: Rest (not among the best 0 of 2 at 3 units)
wish: trial 6 to 1, value 0 (a new point)
  6 reports 9 at 1: Rest (not among the best 2 of 6 at 1 units)
wish: trial 7 to 1, value 0 (a new point)
  7 reports 2 at 1: GoOn (among the best 2 of 7 at 1 units)
  7 reports 2 at 3: Rest (not among the best 1 of 3 at 3 units)
wish: trial 5 to 9, value 1000 (among the best at 3 units)
  5 reports 1 at 9: Finish (stands at the horizon)
wish: trial 8 to 1, value 0 (a new point)
  8 reports 6 at 1: Rest (not among the best 2 of 8 at 1 units)
wish: trial 9 to 1, value 0 (a new point)
  9 reports 4 at 1: Rest (not among the best 3 of 9 at 1 units)
wish: trial 10 to 1, value 0 (a new point)
  10 reports 12 at 1: Rest (not among the best 3 of 10 at 1 units)
wish: trial 11 to 1, value 0 (a new point)
  11 reports 11 at 1: Rest (not among the best 3 of 11 at 1 units)
wish: trial 12 to 1, value 0 (a new point)
  12 reports 10 at 1: Rest (not among the best 4 of 12 at 1 units)
wish: trial 9 to 3, value 1 (among the best at 1 units)
  9 reports 4 at 3: Rest (not among the best 1 of 4 at 3 units)\
""")
