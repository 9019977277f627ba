"""How long one answer may take: an alarm clock around what computes.

Reading, waiting for standard input and printing do not count.  The alarm is noticed between two operations (of large
tensors, between two tiles); systems without alarms (Windows) have no such limit.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from autodiff.errors import AutodiffError

try:  # what `signal` wraps in enumerations, which takes as long as parsing an expression
    clock: Any = import_module("_signal")
except ImportError:  # another Python
    clock = None
if not hasattr(clock, "setitimer"):
    clock = None

R = TypeVar("R")
DEFAULT_SECONDS = 600.0
AGAIN = 1.0  # seconds after which the alarm rings again, should the first have been caught on the way

_seconds = 0.0
_running = False


def allow(seconds: float) -> None:
    """Set the limit for every answer from now on."""
    global _seconds
    _seconds = seconds


def within(function: Callable[..., R], *args: Any) -> R:
    """function(*args); raises `limit-time` when that takes too long."""
    global _running
    if not _seconds or _running or clock is None:
        return function(*args)
    try:
        before = clock.signal(clock.SIGALRM, _late)
    except ValueError:  # not the main thread
        return function(*args)
    _running = True
    clock.setitimer(clock.ITIMER_REAL, _seconds, AGAIN)
    try:
        return function(*args)
    finally:
        clock.setitimer(clock.ITIMER_REAL, 0)
        _running = False
        clock.signal(clock.SIGALRM, before)


def _late(*_: Any) -> None:
    raise AutodiffError(
        "limit-time",
        f"this has not ended after {_seconds:g} seconds",
        type="TimeoutError",
        help="--limit-seconds raises the limit",
    )
