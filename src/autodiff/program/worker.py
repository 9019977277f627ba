"""Where the statements of a dialogue run: each in a thread with room for deep recursion, which can be interrupted.

An operation of the host that is under way cannot be stopped from outside.  It is left to its end, what would come after
it in its statement never happens, and the next statement waits until then.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any

from autodiff.program import limits
from autodiff.program.deep import GRACE, RECURSION, STACK, wall
from autodiff.program.limits import Interrupted, Limits

PATIENCE = 0.4  # seconds that a statement has to notice that it should end, each time it is told
TURN = 0.5


class Job:
    """A function in a thread of its own, and what became of it.

    `Thread.join` is not for threads that are waited for again: interrupted, it takes them for ended (Python 3.11).
    """

    __slots__ = ("_ended", "_thread", "outcome")

    def __init__(self, function: Callable[[], Any], context: Context) -> None:
        self.outcome: list[tuple[Any, BaseException | None]] = []
        self._ended = threading.Lock()
        self._ended.acquire()

        def body() -> None:
            try:
                self.outcome.append((context.run(function), None))
            except BaseException as error:
                self.outcome.append((None, error))
            finally:
                self._ended.release()

        self._thread = threading.Thread(target=_silently, args=(body,), daemon=True)

    @property
    def running(self) -> bool:
        return not self.outcome and self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Until it has ended, or for so long; raises KeyboardInterrupt for Ctrl-C."""
        until = time.monotonic() + seconds
        while self.running and (left := until - time.monotonic()) > 0:
            self._ended.acquire(timeout=min(left, TURN))

    def throw(self, error: type[BaseException]) -> None:
        """Have the host raise an exception in it, as soon as it runs Python code."""
        import ctypes

        ident = self._thread.ident
        if self.running and ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(error))


def _silently(body: Callable[[], None]) -> None:
    with suppress(Interrupted):  # thrown when there was nothing left to interrupt
        body()


class Worker:
    """Runs one thing after another; `busy` while something that was given up is still running."""

    __slots__ = ("_context", "_left")

    def __init__(self) -> None:
        self._context = copy_context()  # one for all: NumPy keeps in it how arrays are printed
        self._left: Job | None = None

    @property
    def busy(self) -> bool:
        return self._left is not None and self._left.running

    def run(self, function: Callable[[], Any], limits_: Limits) -> Any:
        """What a function returns or raises; raises KeyboardInterrupt for Ctrl-C, and LimitReached (`limit-time`)."""
        while self.busy:
            assert self._left is not None
            self._left.wait(TURN)
        limits.start(limits_)
        job = Job(function, self._context)
        before = threading.stack_size(STACK), sys.getrecursionlimit()
        try:
            sys.setrecursionlimit(RECURSION)
            with wall(limits_.memory + STACK):
                self._carry_out(job, limits_.seconds)
        finally:
            threading.stack_size(before[0])
            if not job.running:
                sys.setrecursionlimit(before[1])
        if not job.outcome:
            raise KeyboardInterrupt  # it was interrupted just as it ended
        value, error = job.outcome[0]
        if error is not None:
            raise error
        return value

    def _carry_out(self, job: Job, seconds: float) -> None:
        self._left = job
        try:
            job.start()
            job.wait(seconds + GRACE)
        except KeyboardInterrupt:
            self._stop(job)
            raise
        if job.running:
            late = limits.out_of_time()
            self._stop(job)
            raise late

    def _stop(self, job: Job) -> None:
        """Tell a statement to end, at its next step, or else at the host's next instruction."""
        try:
            limits.interrupt()
            job.wait(PATIENCE)
            job.throw(Interrupted)
            job.wait(PATIENCE)
        except KeyboardInterrupt:
            job.throw(Interrupted)  # who presses twice does not wait


__all__ = ["Worker"]
