"""Programs in this process: text in, what they print and how they end out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from autodiff.errors import AutodiffError
from autodiff.program.deep import deep
from autodiff.program.failures import failure, last_line
from autodiff.program.limits import Limits
from autodiff.program.session import Session
from autodiff.program.warned import showing


class Ran(NamedTuple):
    """What a program printed, its last line on standard error (none if it ended well), and that error."""

    out: str
    last: str
    error: AutodiffError | None
    warnings: list[str]


Run = Callable[..., Ran]
SMALL = Limits(steps=3_000_000, memory=500 << 20, seconds=20.0)


def ran(text: str, limits: Limits = SMALL) -> Ran:
    """Run a program to its end."""
    printed: list[str] = []
    warned: list[str] = []
    session = Session(printed.append, printed.append)
    error = None
    try:
        with showing(lambda category, message, _: warned.append(f"{category}: {message}")):
            session.start(limits)
            deep(lambda: session.execute(text), limits)
    except BaseException as raised:
        error = raised if isinstance(raised, AutodiffError) and raised.span else failure(raised, session.possible())
    return Ran("".join(printed), "" if error is None else last_line(error), error, warned)


@pytest.fixture
def program() -> Run:
    return ran
