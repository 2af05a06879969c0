"""The warm parent: `python -m daybreak.train.parent FD`. Imports user code once and makes attempts' processes from it.

Speaks `wire.parent` over the socket FD. Three ways to make a process, the best that is safe: `fork` from the full parent; `bare_fork`
from one that holds only the frameworks; `spawn`. A process whose imports have started threads cannot be made safe again, so
falling back replaces this process by a fresh one (`exec`) that is told what to do by its arguments.
"""

import base64
import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import time
from typing import NoReturn

import msgspec

from daybreak.base.errors import ConnectionLost
from daybreak.train import user_code, warmup
from daybreak.train.failures import failure
from daybreak.train.forking import Forking
from daybreak.train.processes import limit_threads, resident_bytes
from daybreak.train.user_code import UserCode
from daybreak.wire import parent as wire
from daybreak.wire.frames import FrameBuffer, pack, receive_frame

HASH_SEED = "PYTHONHASHSEED"


class Orders(msgspec.Struct, frozen=True):
    """What a replaced parent tells its successor."""

    warm: wire.Warm
    began: float  # CLOCK_MONOTONIC
    how: wire.How = "fork"
    why: str = ""
    frameworks: tuple[str, ...] = ()


def main(arguments: list[str]) -> int:
    """Serve until the agent closes the socket; the exit code."""
    fd, *rest = arguments
    connection = socket.socket(fileno=int(fd))
    if (
        os.environ.get(HASH_SEED, "random") == "random"
    ):  # sets and dicts of strings must come out the same in every process
        os.environ[HASH_SEED] = "0"
        _replace(connection, rest)
    try:
        orders = _orders(connection, rest)
        _get_ready(connection, orders)
    except (ConnectionLost, ConnectionError):
        return 0  # the agent has gone
    return 0


def _orders(connection: socket.socket, rest: list[str]) -> Orders:
    if rest:
        return msgspec.msgpack.decode(base64.b64decode(rest[0]), type=Orders)
    began = time.monotonic()
    warm = wire.decode_to_parent(receive_frame(connection))
    if not isinstance(warm, wire.Warm):
        raise ConnectionLost("the first frame of an agent must be Warm")
    _send(connection, wire.Begun())
    return Orders(warm, began, how=warm.how or "fork", why="asked for" if warm.how else "")


def _get_ready(connection: socket.socket, orders: Orders) -> None:
    warm = orders.warm
    limit_threads(1)  # a pool of one starts no thread; children raise it
    sys.path.insert(0, warm.code)
    sys.argv = [warm.run]  # ours mean nothing to user code that looks at them
    code = None
    try:
        os.chdir(warm.folder)
        if orders.how == "fork":
            code = _import_user_code(orders)
            user_code.prepare(code)
        elif orders.how == "bare_fork":
            _import_frameworks(orders.frameworks)
    except BaseException as error:  # noqa: BLE001 (user code may raise anything)
        _send(connection, wire.Unfit(failure=failure(error, warm.code, warm.folder, kind="import")))
        return
    unsafe = warmup.why_unsafe() if orders.how != "spawn" else ""
    if unsafe:
        _fall_back(connection, orders, unsafe)
    gc.collect()
    gc.freeze()  # children do not copy pages only because a collection touched them
    _send(
        connection,
        wire.Ready(
            how=orders.how,
            why=orders.why,
            seconds=time.monotonic() - orders.began,
            modules=len(sys.modules),
            resident=resident_bytes(),
        ),
    )
    _serve(connection, Forking(warm, orders.how, code))


def _import_user_code(orders: Orders) -> UserCode:
    code = user_code.load(orders.warm.run)
    warmup.warm_up()
    return code


def _import_frameworks(names: tuple[str, ...]) -> None:
    for name in names:
        with contextlib.suppress(ImportError):  # made up at run time by its package
            importlib.import_module(name)
    warmup.warm_up()


def _fall_back(connection: socket.socket, orders: Orders, why: str) -> NoReturn:
    how: wire.How = "bare_fork" if orders.how == "fork" else "spawn"
    frameworks = tuple(warmup.loaded_frameworks())
    orders = msgspec.structs.replace(orders, how=how, why=why, frameworks=frameworks)
    _replace(connection, [base64.b64encode(msgspec.msgpack.encode(orders)).decode()])


def _replace(connection: socket.socket, rest: list[str]) -> NoReturn:
    os.set_inheritable(connection.fileno(), True)
    command = [sys.executable, "-P", "-m", "daybreak.train.parent", str(connection.fileno()), *rest]
    os.execv(sys.executable, command)  # noqa: S606 (ourselves, again)


def _serve(connection: socket.socket, forking: Forking) -> None:
    """Make and reap processes until the socket closes; then end them all."""
    read, write = socket.socketpair()
    write.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the command line's business: it freezes
    signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
    forking.close_in_child(connection, read, write)
    frames = FrameBuffer()
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        selector.register(read, selectors.EVENT_READ)
        try:
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if read in ready:
                    read.recv(4096)
                    for reaped in forking.reap():
                        _send(connection, reaped)
                if connection in ready and not _take_orders(connection, frames, forking):
                    return
        finally:
            forking.end_all()


def _take_orders(connection: socket.socket, frames: FrameBuffer, forking: Forking) -> bool:
    data = connection.recv(2**16)
    for body in frames.feed(data):
        frame = wire.decode_to_parent(body)
        if isinstance(frame, wire.Fork):
            _send(connection, forking.start(frame))
    return bool(data)


def _send(connection: socket.socket, frame: wire.FromParent) -> None:
    connection.sendall(pack(wire.encode(frame)))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
