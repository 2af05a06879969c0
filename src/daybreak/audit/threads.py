"""One thread for many small pieces of work: on a busy machine threads that wait for each other at every piece take ten times as long."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS and OpenMP use one thread for what is inside; also a decorator."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
