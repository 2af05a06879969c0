"""Logical shards against DistributedDataParallel: step time and bytes sent at W = 1, 2 and 4 workers on this machine's CPUs.

    python benchmarks/shards.py [--workers 1 2 4] [--seconds 6] [--shards 8] [--only cnn]

A small residual CNN (BatchNorm, dropout), a small transformer, and a wide perceptron whose gradients are large for its work; the same
global batch for all, gloo, one thread per worker. Blocks of steps of three ways take turns in the same processes, so that a busy
machine slows all alike:

  exact       daybreak.sharded: S micro-batches, summed in the tree
  ddp micro   DDP, the same S micro-batches: gradients are accumulated under no_sync, sent with the last one
  ddp         DDP, one big batch per worker

To reach: exact within 1.15x of DDP's step time at equal W. Bytes are those that the kernel counted on the process's TCP sockets
(TCP_INFO), so for every way alike. With more workers than cores they take turns: then only the ratios say something. CPU time is rank 0's,
all threads; it says something on a busy machine, too, but not what waiting costs.
"""

import argparse
import contextlib
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import time

GOAL = 1.15
WAYS = ("exact", "ddp micro", "ddp")
BATCH = {"cnn": 64, "mlp": 256, "transformer": 32}


SHAPE = {"cnn": (3, 32, 32), "mlp": (1024,)}


def cnn():
    from torch import nn

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.path = nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
                nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs),
            )  # fmt: skip
            self.short = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

        def forward(self, x):
            return nn.functional.relu(self.path(x) + self.short(x))

    widths = (32, 64, 128, 256)
    blocks = [Block(a, b, 2) for a, b in itertools.pairwise(widths)]
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), *blocks,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(256, 10),
    )  # fmt: skip


def transformer():
    from torch import nn

    class Language(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(1000, 192)
            layer = nn.TransformerEncoderLayer(192, 6, 768, dropout=0.1, batch_first=True)
            self.layers = nn.TransformerEncoder(layer, 3)
            self.head = nn.Linear(192, 1000)

        def forward(self, tokens):
            return self.head(self.layers(self.embed(tokens))).flatten(0, 1)

    return Language()


def mlp():
    from torch import nn

    layers = [part for _ in range(4) for part in (nn.Linear(1024, 1024), nn.BatchNorm1d(1024), nn.ReLU())]
    return nn.Sequential(*layers, nn.Dropout(0.1), nn.Linear(1024, 10))


BUILD = {"cnn": cnn, "mlp": mlp, "transformer": transformer}


def data(kind):
    import torch

    if kind in SHAPE:
        return torch.randn(BATCH[kind], *SHAPE[kind]), torch.randint(0, 10, (BATCH[kind],))
    tokens = torch.randint(0, 1000, (BATCH[kind], 64))
    return tokens, tokens.roll(-1, 1)


def sent_bytes():
    """What this process has sent on all its TCP sockets: tcpi_bytes_sent of Linux's struct tcp_info."""
    total = 0
    for name in os.listdir("/proc/self/fd"):
        if not os.path.realpath(f"/proc/self/fd/{name}").rpartition("/")[2].startswith("socket:"):
            continue
        with socket.socket(fileno=os.dup(int(name))) as copy:
            if copy.type == socket.SOCK_STREAM and copy.family in (socket.AF_INET, socket.AF_INET6):
                info = copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
                total += int.from_bytes(info[200:208], "little")
    return total


def ways(kind, shards, rank, workers):
    """Name -> a function that does one step."""
    import torch
    from torch import nn

    import daybreak

    x, y = data(kind)

    def fresh():
        torch.manual_seed(0)
        model = BUILD[kind]()
        return model, torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)

    def loss_of(model, rows):
        return nn.functional.cross_entropy(model(x[rows]), y[rows].flatten())

    model, optimizer = fresh()
    trainer = daybreak.sharded(model, shards=shards, seed=0)

    def exact():
        trainer.step(lambda rows: loss_of(model, rows), range(BATCH[kind]))
        optimizer.step()
        optimizer.zero_grad()

    def ddp(pieces):
        inner, optimizer = fresh()
        model = nn.parallel.DistributedDataParallel(inner) if workers > 1 else inner
        mine = torch.arange(BATCH[kind]).chunk(workers)[rank].chunk(pieces)

        def step():
            for number, rows in enumerate(mine):
                waits = workers > 1 and number < len(mine) - 1
                with model.no_sync() if waits else contextlib.nullcontext():
                    (loss_of(model, rows) / len(mine)).backward()
            optimizer.step()
            optimizer.zero_grad()

        return step

    return {"exact": exact, "ddp micro": ddp(shards // workers), "ddp": ddp(1)}


def work(kind, shards, seconds):
    import torch
    import torch.distributed as dist

    rank, workers = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    torch.set_num_threads(1)
    if workers > 1:
        dist.init_process_group("gloo")
    steps, times, sent = ways(kind, shards, rank, workers), {way: [] for way in WAYS}, {}
    busy = {way: [] for way in WAYS}
    rounds = 0
    began = time.perf_counter()
    while rounds < 4 or going_on(began, seconds, workers):
        for way in WAYS:
            steps[way]() if not rounds else None
            before, cpu = sent_bytes(), time.process_time()
            for _ in range(3):
                at = time.perf_counter()
                steps[way]()
                times[way].append(time.perf_counter() - at)
            busy[way].append((time.process_time() - cpu) / 3)
            sent[way] = (sent_bytes() - before) / 3
        rounds += 1
    if rank == 0:
        median = statistics.median
        print(json.dumps({way: (median(times[way]), median(busy[way]), sent[way]) for way in WAYS}))


def going_on(began, seconds, workers):
    """Rank 0's clock decides for all."""
    import torch
    import torch.distributed as dist

    more = torch.tensor([float(time.perf_counter() - began < seconds)])
    if workers > 1:
        dist.broadcast(more, 0)
    return bool(more.item())


def measure(kind, workers, options):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        __file__,
        "--as-worker",
        kind,
        "--shards",
        str(options.shards),
        "--seconds",
        str(options.seconds),
    ]
    place = {
        "WORLD_SIZE": str(workers),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "GLOO_SOCKET_IFNAME": "lo",
    }
    processes = [
        subprocess.Popen(
            command, env={**os.environ, **place, "RANK": str(rank), "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE
        )
        for rank in range(workers)
    ]
    outputs = [process.communicate()[0] for process in processes]
    return json.loads(outputs[0].splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--only", choices=sorted(BATCH), nargs="+", default=sorted(BATCH))
    parser.add_argument("--as-worker", choices=sorted(BATCH), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.as_worker:
        return work(options.as_worker, options.shards, options.seconds)
    print(
        f"{os.cpu_count()} cores; {options.shards} shards; ratios of median step times in the same processes; goal {GOAL}x"
    )
    for kind in options.only:
        for workers in options.workers:
            result = measure(kind, workers, options)
            exact = result["exact"]
            for way in WAYS:
                wall, cpu, sent = result[way]
                print(
                    f"{kind:12} W={workers} {way:10} {1 / wall:7.2f} steps/s  exact takes {exact[0] / wall:5.2f}x as long, "
                    f"{exact[1] / cpu:5.2f}x the CPU time  {sent / 2**20:7.2f} MiB sent per step and worker"
                )
    return None


if __name__ == "__main__":
    main()
