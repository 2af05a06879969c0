"""`daybreak.sharded`: one training on several workers, in a plain PyTorch loop.

def main(run):
    model = build(run.params)
    optimizer = torch.optim.AdamW(model.parameters(), lr=run.params.lr)
    trainer = daybreak.sharded(model, shards=8, run=run)
    run.keep(model=model, optimizer=optimizer, trainer=trainer)
    for epoch in run.epochs(9):
        trainer.train()
        for rows in batches(len(x), 64, seed=run.seed, epoch=epoch, drop_last=True):
            loss = trainer.step(lambda part: cross_entropy(model(x[part]), y[part]), rows)
            optimizer.step()
            optimizer.zero_grad()
        trainer.eval()
        run.report(loss=loss, accuracy=accuracy(model, x_valid, y_valid))
"""

from collections.abc import Iterable
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.train.run import Run
from daybreak.train.shards.exact import Exact
from daybreak.train.shards.exchange import Exchange
from daybreak.train.shards.fast import Fast
from daybreak.train.shards.group import join

Trainer = Exact | Fast


def sharded(
    model: Any,
    *,
    shards: int = 8,
    run: Run | None = None,
    seed: int | None = None,
    exact: bool = True,
    accumulate: int = 1,
    threads: int = 1,
    overlap: bool = True,
    buffers: Iterable[str] = (),
) -> Trainer:
    """A trainer for `model`, whose parameters are on their device already.

    The workers are those of the process group, which is made here where the environment describes one (a trial of several slots,
    torchrun); else this process alone. In the exact mode the weights are the same to the bit on any number W of workers: `shards` and W
    are powers of two and W <= shards. `exact=False` is ordinary DDP. `seed`: of the shards' random streams, by default the run's.
    `accumulate`: each shard's part is computed in so many pieces, one after another. `threads` of torch in each worker, the same at every
    W. `overlap=False`: gradients travel only after the backward pass. `buffers`: names of buffers that training changes, beside those of
    BatchNorm and InstanceNorm. Raises `UsageError`.
    """
    for name, value in (("accumulate", accumulate), ("threads", threads)):
        if value < 1:
            raise UsageError(f"{name} >= 1 must hold, got {name}={value}")
    first = next(iter(model.parameters()), None)
    if first is None:
        raise UsageError("a model must have parameters to be trained, got one without")
    rank, workers = join(first.device)
    seed = seed if seed is not None else run.seed if run is not None else 0
    if not exact:
        return Fast(model, rank, workers, seed=seed, accumulate=accumulate)
    trainer = Exact(
        model,
        Exchange(rank, workers),
        shards=shards,
        seed=seed,
        accumulate=accumulate,
        threads=threads,
        overlap=overlap,
        buffers=buffers,
    )
    if run is not None:
        run.at_unit_end.append(trainer.settle)
        run.alike = True
    return trainer
