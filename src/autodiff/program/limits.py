"""What a program may use up: steps, memory, time.

The interpreter calls `step` for every statement, call and turn of a loop; whatever makes something large calls
`allocate` *before* it does, with the number of bytes.  Both raise AutodiffError.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from autodiff.errors import AutodiffError


class Limits(NamedTuple):
    """Statements, calls and turns of loops; bytes; seconds."""

    steps: int = 100_000_000
    memory: int = 2 << 30
    seconds: float = 600.0


class Meter:
    """What has been used up; one is current at a time."""

    __slots__ = ("limits", "started", "steps")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.steps = 0
        self.started = time.monotonic()


_meter = Meter(Limits())


def start(limits: Limits) -> Meter:
    """Count from nothing, up to these limits."""
    global _meter
    _meter = Meter(limits)
    return _meter


def allocate(nbytes: int) -> None:
    """Raise `limit-memory` if one object of that many bytes would be more than a program may have."""
    if nbytes > _meter.limits.memory:
        raise AutodiffError(
            "limit-size",
            f"this would take {nbytes:.3g} bytes, and the limit is {_meter.limits.memory:.3g}",
            type="MemoryError",
            help="--limit-memory raises the limit",
        )
