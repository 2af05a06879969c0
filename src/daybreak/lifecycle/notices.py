"""Few and useful: what a person should know, each thing told once."""

from typing import Literal

from daybreak.lifecycle.commands import Notify
from daybreak.lifecycle.state import Experiment, State
from daybreak.wire.rows import NoticeRow

Level = Literal["info", "warning", "error"]


def notify(state: State, exp: Experiment, level: Level, text: str, trial: int | None = None, once: str = "") -> None:
    """Tell it; with `once`, not if something was told under that name before."""
    if once:
        if once in exp.told:
            return
        exp.told.add(once)
    row = NoticeRow(exp.number, len(exp.notices) + 1, state.at, level, text, trial)
    exp.notices.append(row)
    state.touched.notices.append(row)
    state.out.append(Notify(exp.number, level, text, trial))


def pass_on(state: State, exp: Experiment, *, now: bool = False) -> None:
    """Pass the searcher's notices on; looked at ever more rarely, because a view may be costly."""
    if not now and exp.reports < exp.view_due:
        return
    exp.view_due = exp.reports + max(8, exp.reports // 16)
    told = exp.searcher.view().notices
    for text in told[exp.searcher_told :]:
        notify(state, exp, "info", text)
    exp.searcher_told = len(told)
