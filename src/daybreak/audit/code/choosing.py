"""Choices among models, hyperparameters, epochs and seeds, and by which rows' scores they are made."""

import ast

from daybreak.audit.code import names
from daybreak.audit.code.axes import row_by_row
from daybreak.audit.code.call import Call
from daybreak.audit.code.machine import Leak, Machine
from daybreak.audit.code.values import Score, Site, Value, contents, joined

_BEST = frozenset({"best", "top", "optimal", "highest", "lowest", "winner", "opt"})
_KEEPS = ("save", "dump", "deepcopy", "state_dict", "save_weights", "copy")


def chosen_by_branch(m: Machine, node: ast.If, test: Value) -> None:
    """`if score > best: keep this one`."""
    if test.scores and _orders(node.test) and m.loops and _keeps(node.body):
        choose(m, test.scores, m.site(node))


def _orders(test: ast.expr) -> bool:
    return any(
        isinstance(each, ast.Compare) and isinstance(each.ops[0], ast.Gt | ast.Lt | ast.GtE | ast.LtE)
        for each in ast.walk(test)
    )


def _keeps(body: list[ast.stmt]) -> bool:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign | ast.Break | ast.AugAssign):
                return True
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in _KEEPS:
                return True
    return False


def choose(m: Machine, scores: frozenset[Score], site: Site) -> None:
    """Note a choice among several scores of one test set."""
    tested = [score for score in scores if m.tested(score.rows)]
    several = any(score.loops for score in tested) or len({id(score.model) for score in tested}) > 1
    if not tested or not several:
        return
    score = max(tested, key=lambda each: each.loops)
    split = _split(m, score)
    if any(loop.seeded for loop in m.loops) or score.site in m.seeded:
        rule = "random_state_searched"
    elif max(len(m.loops), 1) > score.model.born and not _refitted(score):
        rule = "test_in_early_stopping"
    else:
        rule = "test_in_selection"
    m.note(Leak(rule, "", site, split, rows=score.rows))


def _refitted(score: Score) -> bool:
    """Whether the model starts anew in each round, as scikit-learn's do at `fit`."""
    return any(fit.whole for fit in score.model.fits)


def _split(m: Machine, score: Score) -> Site | None:
    for atom in score.rows:
        for step in reversed(atom.path):
            if step.key in m.cuts:
                return m.cuts[step.key].site
    return None


def best_of(m: Machine, call: Call, values: list[Value]) -> Value:
    """`np.argmax(scores)` and `max(results, key=...)` choose; `max(scores)` may only draw an axis: what is done with it tells."""
    inside = [contents(value) for value in values]
    scores = frozenset(score for value in inside for score in value.scores)
    if any(value.uses for value in inside) or row_by_row(call.options):  # the likeliest class of each row
        return joined(inside)
    if scores and (call.name not in {"max", "min", "amax", "amin"} or "key" in call.options):
        choose(m, scores, call.site)
        return Value(scores=scores)
    return Value(scores=scores, shape="best")


def told(m: Machine, value: Value, name: str, site: Site) -> None:
    """The best of several scores gets a name, or is printed."""
    if value.shape == "best" and (not name or _BEST & set(names.words(name))):
        choose(m, value.scores, site)
