"""Arrays between a process and its worker: a length, a head in MessagePack, then the arrays' bytes as they lie in memory. No pickle.

Words and arrays of their own size travel inside the head. A frame is `{"call": ..., "arrays": ...}` or an answer, as both sides agree.
"""

import socket
import time
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, Any]
LENGTH = 8  # bytes that say how long the head is, and as many for the body
OWN = {"dtype", "shape", "data"}  # what an array of its own size is told as
LARGEST = 1 << 34  # bytes of one frame; more is a fault on the other side


class Unsendable(TypeError):
    """A value that a frame cannot hold; nothing was sent."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def send(to: socket.socket, head: dict[str, Any], arrays: Arrays, deadline: float | None = None) -> None:
    """Send one frame. Raises `OSError`, `TimeoutError` past the deadline (of `time.monotonic`).

    Raises `Unsendable`, before a byte is sent, for values that a frame cannot hold.
    """
    told, bodies = _packed(head, arrays)
    size = sum(body.nbytes for body in bodies)
    _limit(to, deadline)
    to.sendall(len(told).to_bytes(LENGTH, "little") + size.to_bytes(LENGTH, "little") + told)
    for body in bodies:
        _limit(to, deadline)
        to.sendall(body.reshape(-1).view(np.uint8).data)


def receive(of: socket.socket, deadline: float | None = None) -> tuple[dict[str, Any], Arrays]:
    """The next frame. Raises `EOFError` where the other side is gone, `OSError`, `TimeoutError`, `ValueError` for what is no frame."""
    lengths = _exactly(of, 2 * LENGTH, deadline)
    head_size, body_size = int.from_bytes(lengths[:LENGTH], "little"), int.from_bytes(lengths[LENGTH:], "little")
    if head_size + body_size > LARGEST:
        raise ValueError(f"a frame has at most {LARGEST} bytes, got {head_size + body_size}")
    head = _decode(_exactly(of, head_size, deadline))
    body = _exactly(of, body_size, deadline)
    return head, {name: _array(told, body) for name, told in head.pop("arrays").items()}


def _packed(head: dict[str, Any], arrays: Arrays) -> tuple[bytes, list[NDArray[Any]]]:
    bodies: list[NDArray[Any]] = []
    try:
        described = {name: _described(np.asarray(array), bodies) for name, array in arrays.items()}
        return _encode({**head, "arrays": described}), bodies
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Unsendable(f"words, numbers and arrays of them travel, nothing else ({error})") from error


def _described(array: NDArray[Any], bodies: list[NDArray[Any]]) -> Any:
    if array.dtype.kind in "OUST":
        return {"values": [_value(value) for value in array.reshape(-1).tolist()], "shape": array.shape}
    _check_plain(array)
    start = sum(body.nbytes for body in bodies)
    bodies.append(np.ascontiguousarray(array))
    return {"dtype": array.dtype.str, "shape": array.shape, "start": start}


def _value(value: Any) -> Any:
    """A word as it is, an array with its type."""
    if isinstance(value, np.ndarray):
        _check_plain(value)
        return {"dtype": value.dtype.str, "shape": value.shape, "data": value.tobytes()}
    return value


def _check_plain(array: NDArray[Any]) -> None:
    """Raises `TypeError` for an array whose bytes are addresses."""
    if array.dtype.hasobject:
        raise TypeError(f"got an array of {array.dtype} inside another")


def _array(told: dict[str, Any], body: bytearray) -> NDArray[Any]:
    shape = tuple(told["shape"])
    if "values" in told:
        held = np.empty(len(told["values"]), object)
        for place, value in enumerate(told["values"]):
            held[place] = _own(value) if isinstance(value, dict) and value.keys() == OWN else value
        return held.reshape(shape)
    dtype = np.dtype(told["dtype"])
    return np.frombuffer(body, dtype, int(np.prod(shape, dtype=np.int64)), told["start"]).reshape(shape)


def _own(value: dict[str, Any]) -> NDArray[Any]:
    return np.frombuffer(bytearray(value["data"]), value["dtype"]).reshape(value["shape"])


def _exactly(of: socket.socket, size: int, deadline: float | None) -> bytearray:
    held = bytearray(size)
    view = memoryview(held)
    while view:
        _limit(of, deadline)
        got = of.recv_into(view)
        if not got:
            raise EOFError("the other side is gone")
        view = view[got:]
    return held


def _limit(which: socket.socket, deadline: float | None) -> None:
    if deadline is not None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        which.settimeout(left)
