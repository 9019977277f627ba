"""What a program may use up: steps, memory, time.

A step is a statement, a call, or a turn of a loop.  Counting is a subtraction from `FUEL`, a little at a time; when
that is empty, `refill` looks at the clock and at the memory of the process.  Whatever makes something large calls
`allocate` *before* it does, with the number of bytes, and whatever consumes an iterator that a program may have made
calls `tick` for each item.

What is raised here is no Exception: a program can neither catch it nor hold it up in a `finally`, because from then on
every further step raises it again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

from autodiff.errors import AutodiffError

CHUNK = 2000  # steps between two looks at clock and memory
LOOK = 32 << 20  # bytes asked for between two looks at the memory
CALLS = 1000  # calls of the program's functions inside one another, as in Python


class Limits(NamedTuple):
    """Statements, calls and turns of loops; bytes; seconds."""

    steps: int = 100_000_000
    memory: int = 2 << 30
    seconds: float = 60.0


class Stop(BaseException):
    """The end of a program that it cannot catch."""


class LimitReached(Stop):
    """A limit, as the error that it is to a person; where the program was is on the exception."""

    def __init__(self, error: AutodiffError) -> None:
        super().__init__(error.message)
        self.error = error


class Interrupted(Stop):
    """Somebody pressed Ctrl-C."""


class Closed(Stop):
    """Nobody reads what the program prints, or it cannot be written; the cause is the host's error."""


class Meter:
    """What has been used up; one is current at a time."""

    __slots__ = ("asked", "base", "deadline", "given", "limits", "reached")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.given = 0
        self.asked = 0
        self.base = resident()
        self.deadline = time.monotonic() + limits.seconds
        self.reached: Callable[[], Stop] | None = None

    @property
    def steps(self) -> int:
        """Steps taken so far."""
        return self.given - max(FUEL[0], 0)


FUEL = [0]  # steps that may be taken before the next look
DEPTH = [0]  # calls of the program's functions that are under way


def start(limits: Limits) -> Meter:
    """Count from nothing, up to these limits."""
    global _meter
    _meter = Meter(limits)
    FUEL[0] = DEPTH[0] = 0
    return _meter


def tick(steps: int = 1) -> None:
    """Take steps; raises LimitReached when there are none left."""
    FUEL[0] -= steps
    if FUEL[0] < 0:
        refill()


def refill() -> None:
    """Look at every limit, and go on; raises Stop where one is reached, from then on always."""
    meter = _meter
    if meter.reached is None:
        if meter.given >= meter.limits.steps:
            meter.reached = _steps
        elif time.monotonic() > meter.deadline:
            meter.reached = out_of_time
        else:
            _look()
    if meter.reached is not None:
        FUEL[0] = -1
        raise meter.reached()
    more = min(CHUNK, meter.limits.steps - meter.given)
    meter.given += more
    FUEL[0] += more


def stop(reason: Callable[[], Stop]) -> None:
    """Have the program raise this at its next step; may be called from another thread, and again to be sure."""
    _meter.reached = reason
    FUEL[0] = -1


def interrupt() -> None:
    """Stop the program as Ctrl-C does."""
    stop(Interrupted)


def wait_until(moment: float) -> None:
    """Say that nothing will happen before a moment of `time.monotonic`; raises LimitReached if that is too late."""
    if moment > _meter.deadline:
        _meter.reached = out_of_time
        refill()


def allocate(nbytes: int) -> None:
    """Say that so many bytes are about to be taken; raises LimitReached if a program may not have them."""
    meter = _meter
    if type(nbytes) is not int:
        nbytes = int(nbytes)  # a program's own number must not take part in the counting
    if nbytes > meter.limits.memory:
        raise LimitReached(
            AutodiffError(
                "limit-memory",
                f"this would take {spoken(nbytes)}, and the program may use {spoken(meter.limits.memory)}",
                type="MemoryError",
                help="--limit-memory raises the limit",
            )
        )
    meter.asked += nbytes
    if meter.asked > LOOK:
        meter.asked = 0
        _look(nbytes)
        if meter.reached is not None:
            FUEL[0] = -1
            raise meter.reached()


def _look(more: int = 0) -> None:
    """Notice when the process has grown beyond the limit."""
    if resident() - _meter.base + more > _meter.limits.memory:
        _meter.reached = out_of_memory


def _steps() -> LimitReached:
    return LimitReached(
        AutodiffError(
            "limit-steps",
            f"the program has not ended after {_meter.limits.steps:,} steps",
            type="RuntimeError",
            help="is there a loop without an end? --limit-steps raises the limit",
        )
    )


def out_of_time() -> LimitReached:
    """What ends a program that takes too long."""
    return LimitReached(
        AutodiffError(
            "limit-time",
            f"the program has not ended after {_meter.limits.seconds:g} seconds",
            type="TimeoutError",
            help="--limit-seconds raises the limit",
        )
    )


def out_of_memory() -> LimitReached:
    """What ends a program that needs too much memory."""
    return LimitReached(
        AutodiffError(
            "limit-memory",
            f"the program needs more than {spoken(_meter.limits.memory)}",
            type="MemoryError",
            help="--limit-memory raises the limit",
        )
    )


def spoken(nbytes: int) -> str:
    """A number of bytes for people: `2 GiB`, `1.5 MiB`."""
    for power, unit in ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if nbytes >= 1 << power:
            return f"{nbytes / (1 << power):.4g} {unit}" if nbytes < 1 << 60 else f"{nbytes:.1e} bytes"
    return f"{nbytes} bytes"


def resident() -> int:
    """Bytes of memory that the process has in use, 0 where that cannot be known."""
    try:
        file = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return 0
    try:
        return int(os.read(file, 128).split()[1]) * 4096
    finally:
        os.close(file)


_meter = Meter(Limits())
