"""Where the statements of a dialogue run: each in a thread with room for deep recursion, which can be interrupted.

An operation of the host that is under way cannot be stopped from outside.  It is left to its end, what would come after
it in its statement never happens, and the next statement waits until then.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from autodiff.program import limits
from autodiff.program.deep import GRACE, RECURSION, STACK, wall
from autodiff.program.limits import Interrupted, Limits

PATIENCE = 0.4  # seconds that a statement has to notice that it should end, each time it is told
TURN = 0.1


class Worker:
    """Runs one thing after another; `busy` while something that was given up is still running."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        return self._left is not None and self._left.is_alive()

    def run(self, function: Callable[[], Any], limits_: Limits) -> Any:
        """What a function returns or raises; raises KeyboardInterrupt for Ctrl-C, and LimitReached (`limit-time`)."""
        while self.busy:
            assert self._left is not None
            self._left.join(TURN)
        outcome: list[tuple[Any, BaseException | None]] = []

        def body() -> None:
            try:
                outcome.append((function(), None))
            except BaseException as error:
                outcome.append((None, error))

        limits.start(limits_)
        before = threading.stack_size(STACK), sys.getrecursionlimit()
        thread = threading.Thread(target=body, daemon=True)
        try:
            sys.setrecursionlimit(RECURSION)
            with wall(limits_.memory + STACK):
                thread.start()
                self._wait(thread, limits_.seconds)
        finally:
            threading.stack_size(before[0])
            if not thread.is_alive():
                sys.setrecursionlimit(before[1])
        value, error = outcome[0]
        if error is not None:
            raise error
        return value

    def _wait(self, thread: threading.Thread, seconds: float) -> None:
        try:
            thread.join(min(seconds + GRACE, threading.TIMEOUT_MAX))
        except KeyboardInterrupt:
            self._stop(thread)
            raise
        if thread.is_alive():
            late = limits.out_of_time()
            self._stop(thread)
            raise late

    def _stop(self, thread: threading.Thread) -> None:
        """Tell a statement to end, at its next step, or else at the host's next instruction."""
        self._left = thread
        try:
            limits.interrupt()
            thread.join(PATIENCE)
            if thread.is_alive():
                _throw(thread, Interrupted)
                thread.join(PATIENCE)
        except KeyboardInterrupt:
            _throw(thread, Interrupted)  # who presses twice does not wait


def _throw(thread: threading.Thread, error: type[BaseException]) -> None:
    """Have the host raise an exception in a thread, as soon as that runs Python code."""
    import ctypes

    if thread.is_alive() and thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(error))


__all__ = ["Worker"]
