"""Fitting, transforming, predicting, scoring: who learned from which rows, and who is asked about which."""

from collections.abc import Iterable

from daybreak.audit.code import known
from daybreak.audit.code.axes import row_by_row
from daybreak.audit.code.machine import RULE_OF, Evaluation, Leak, Machine, parted, tainted
from daybreak.audit.code.values import (
    Columns,
    Fit,
    Instance,
    Rows,
    Score,
    Site,
    Taint,
    Use,
    Value,
    contents,
    covers,
    derived,
    overlap,
)

DOUBLED = "rows put below themselves"
HELD_OUT = frozenset({"test", "validation", "fold"})


def fit(m: Machine, model: Value, rows: Value, site: Site, *, anew: bool = True, supervised: bool = False) -> None:
    """A model or transformer learns from rows. `anew`: it forgets what it learned before."""
    made = Fit(m.strong(rows.rows), dict(rows.taints), site, anew)
    if anew:
        model.fits = [made]
        model.watched = []
    elif all(known_fit.rows != made.rows for known_fit in model.fits):
        model.fits.append(made)
    if supervised:
        model.shape = "supervised"


def transformed(m: Machine, owner: Value, value: Value) -> Value:
    """Rows after a fitted transformer: what it learned is in them now."""
    result = derived(value)
    kind = None if row_by_row(owner.options) else known.kind_of(owner.name)
    steps = [None if isinstance(step, Instance) else known.kind_of(step.name) for step in pipeline_steps(owner)]
    if steps:
        kind = next((each for each in steps if each not in {None, "vocabulary"}), None)
    if kind is None:
        return result
    for made in owner.fits:
        if made.rows:
            result.taints[Taint(kind, owner.name or "a transformer", made.site, made.rows)] = value.columns
    return result


def pipeline_steps(owner: Value) -> list[Value]:
    """The transformers in a pipeline, pipelines within it included."""
    found: list[Value] = []
    if owner.name in known.PIPELINES:
        for step in owner.parts:
            found += pipeline_steps(step) or [step]
    return found


def asked(m: Machine, model: Value, value: Value, site: Site, *, scored: bool = False) -> None:
    """A model is asked about rows: look whether it, or what prepared them, has seen them before."""
    rows = m.strong(value.rows)
    if not rows or not model.fits:
        return
    fitted = frozenset(atom for made in model.fits for atom in made.rows)
    own = _seen(m, model, rows)
    everything = dict(value.taints)
    for made in model.fits:
        everything |= made.taints
    for part in model.parts if model.name in {"Sequential", "Model"} else ():  # a layer that was adapted beforehand
        for taint in transformed(m, part, Value()).taints:
            everything[taint] = None
    if not overlap(fitted, rows):
        for taint, columns in everything.items():
            judge(m, taint, columns, fitted, rows, site)
    for watched, at in model.watched:
        if overlap(watched, rows) and m.tested(rows):
            m.note(Leak("test_in_early_stopping", model.name, at, split_of(m, rows) or site, rows=rows))
    m.evaluations.append(Evaluation(site, rows, scored, own, model.shape == "supervised", model.fits[-1].site))


def _seen(m: Machine, model: Value, rows: Rows) -> bool:
    """Whether the model was fitted on these very rows; noted where they are held out."""
    own = False
    for made in model.fits:
        for fitted in made.rows:
            for atom in rows:
                if not fitted.covers(atom):
                    continue
                role = m.role(atom)
                if role in HELD_OUT and (role == "test" or fitted != atom):
                    m.note(
                        Leak(
                            "test_in_fit",
                            model.name or "the model",
                            made.site,
                            split_of(m, rows),
                            rows=rows,
                            kind="model",
                        )
                    )
                else:
                    own = own or fitted == atom
    return own


def judge(m: Machine, taint: Taint, columns: Columns, fitted: Rows, rows: Rows, site: Site) -> None:
    """What was learned and is in the rows: look whether it came from rows that are held out."""
    if not covers(taint.rows, rows):
        return
    split = _first_cut(m, taint.rows, rows) or split_of(m, rows)
    if covers(taint.rows, fitted):
        rule = "test_in_fit" if _late(m, taint, split) else RULE_OF[taint.kind]
        mild = not any(m.role(atom) == "test" or m.role(atom) is None for atom in rows) and taint.kind != "resampling"
        mild = mild and all(m.role(atom) == "train" for atom in taint.rows)
        tainted(m, taint, columns, split or site, rule=rule, mild=mild)
    elif (
        taint.kind != "vocabulary"
        and taint.what != DOUBLED
        and m.role_of(rows) & {"test", "fold"}
        and m.role_of(taint.rows) <= HELD_OUT
        and taint.what not in known.DRAWINGS | {"resample", "sample(replace=True)"}
    ):
        tainted(m, taint, columns, split_of(m, rows), rule="fit_on_test")


def _late(m: Machine, taint: Taint, split: Site | None) -> bool:
    """Whether it was learned after the split, from both sides put together or from what was there before."""
    if len(taint.rows) > 1 and HELD_OUT & m.role_of(taint.rows):
        return True
    return split is not None and split.file == taint.site.file and taint.site.line > split.line and not m.stack


def _first_cut(m: Machine, whole: Rows, rows: Rows) -> Site | None:
    for a in whole:
        for b in rows:
            if a.covers(b) and len(b.path) > len(a.path):
                cut = m.cuts.get(b.path[len(a.path)].key)
                if cut:
                    return cut.site
    return None


def split_of(m: Machine, rows: Rows) -> Site | None:
    """Where these rows were parted from others, last."""
    for atom in rows:
        for step in reversed(atom.path):
            if step.key in m.cuts:
                return m.cuts[step.key].site
    return None


def predicted(m: Machine, model: Value, value: Value, site: Site) -> Value:
    """A model's answer about rows."""
    asked(m, model, value, site)
    rows = m.strong(value.rows)
    return Value(rows, uses=frozenset({Use(model, rows)}), time=value.time)


def scores_of(m: Machine, uses: Iterable[Use], site: Site, *, metric: bool = True) -> frozenset[Score]:
    """Scores that are computed from predictions here. `metric`: they are meant to be, other than a loss that is trained on."""
    found = set()
    for use in uses:
        found.add(Score(use.model, use.rows, site, len(m.loops)))
        if metric and use.model.fits and use.model.fits[-1].whole:
            own = any(made.rows and made.rows == use.rows for made in use.model.fits)
            supervised = use.model.shape == "supervised"
            m.evaluations.append(Evaluation(site, use.rows, True, own, supervised, use.model.fits[-1].site))
    if any(loop.seeded for loop in m.loops):
        m.seeded.add(site)
    return frozenset(found)


def watch(m: Machine, model: Value, held: Value, site: Site) -> None:
    """Rows decide when training ends."""
    inside = contents(held)
    if inside.rows:
        model.watched.append((m.strong(inside.rows), site))


def cross_validated(m: Machine, value: Value, node_site: Site) -> None:
    """Rows are parted and put together by cross-validation."""
    m.splits += 1
    parted(m, value, node_site, implicit=True)
