"""A thread with room for deep recursion, watched by the one that waits for it.

A program may be a thousand calls deep, each through several functions of the host; the host's own limit is raised to
what a large stack certainly holds.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autodiff.program import limits
from autodiff.program.limits import Limits

STACK = 512 << 20  # bytes; only what is used becomes memory
RECURSION = 20_000  # of the host; exceptions through nested generators cost the square of their number
SPARE = 64 << 20  # bytes beyond the limit that the host may need for itself
TURN = 0.02  # seconds between two calls to stop, of which a step under way can miss one
GRACE = 1.0  # seconds that an operation may go on after the time limit


def deep(function: Callable[[], Any], limits_: Limits) -> Any:
    """What a function returns or raises, run in a thread of its own, behind a wall of memory.

    Raises LimitReached (`limit-time`) when it does not end, and leaves it to the end of the process; Ctrl-C stops the
    function at its next step.
    """
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((function(), None))
        except BaseException as error:
            outcome.append((None, error))

    before = threading.stack_size(STACK), sys.getrecursionlimit()
    thread = threading.Thread(target=run, daemon=True)
    try:
        sys.setrecursionlimit(RECURSION)
        with wall(limits_.memory + STACK):
            thread.start()
            _wait(thread, limits_.seconds)
    finally:
        threading.stack_size(before[0])
        if outcome:
            sys.setrecursionlimit(before[1])
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


@contextmanager
def wall(memory: int) -> Iterator[None]:
    """Have the system refuse memory beyond the limit, where it can, so that one operation cannot take it all."""
    try:
        import resource

        with open("/proc/self/statm", "rb") as file:
            used = int(file.read().split()[5]) * resource.getpagesize()
        before = resource.getrlimit(resource.RLIMIT_DATA)
        allowed = used + memory + SPARE
        if before[1] != resource.RLIM_INFINITY:
            allowed = min(allowed, before[1])
        resource.setrlimit(resource.RLIMIT_DATA, (allowed, before[1]))
    except (ImportError, OSError, ValueError):
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _wait(thread: threading.Thread, seconds: float) -> None:
    try:
        thread.join(min(seconds, threading.TIMEOUT_MAX))
    except KeyboardInterrupt:
        limits.interrupt()
        thread.join(GRACE)
        raise
    until = time.monotonic() + GRACE
    while thread.is_alive():
        if time.monotonic() > until:
            raise limits.out_of_time()
        limits.stop(limits.out_of_time)
        thread.join(TURN)
