"""Trainers of Lightning and Hugging Face: rows that they validate on, and whether those keep the best state."""

from daybreak.audit.code import known
from daybreak.audit.code.call import Call
from daybreak.audit.code.learning import split_of
from daybreak.audit.code.machine import Leak, Machine
from daybreak.audit.code.values import Const, Items, Site, Value, contents


def made(m: Machine, call: Call) -> None:
    """`Trainer(eval_dataset=..., args=TrainingArguments(load_best_model_at_end=True))`."""
    arguments = call.option("args")
    best = arguments.options.get("load_best_model_at_end")
    keeps = (isinstance(best, Const) and best.value is True) or _stopping(call.option("callbacks"))
    _held(m, call.option("eval_dataset"), call.site, keeps=keeps)


def fitted(m: Machine, trainer: Value, call: Call) -> Value:
    """`trainer.fit(model, train_loader, val_loader)` of Lightning."""
    keeps = _stopping(trainer.options.get("callbacks", Value()))
    _held(m, call.argument(2, "val_dataloaders"), call.site, keeps=keeps)
    return trainer


def _held(m: Machine, held: Value, site: Site, *, keeps: bool) -> None:
    rows = m.strong(contents(held).rows)
    if keeps and m.tested(rows):
        m.note(Leak("test_in_early_stopping", "Trainer", site, split_of(m, rows), rows=rows))


def _stopping(callbacks: Value) -> bool:
    items = callbacks.items if isinstance(callbacks, Items) else [callbacks]
    return any(known.STOPPING.search(item.name) for item in items if item.name)
