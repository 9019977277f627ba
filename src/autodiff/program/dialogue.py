"""A dialogue: statements one after another in one session, each with limits of its own.

text ──parse──▶ statements ──echoing──▶ Worker (a thread) ──▶ what is printed; values come back as Python shows them
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.program import kinds
from autodiff.program.echo import ECHO, echoing
from autodiff.program.failures import failure
from autodiff.program.limits import Closed, Limits, Stop
from autodiff.program.session import Session
from autodiff.program.worker import Worker
from autodiff.syntax.program import parse_program

LAST = "_"
UNNAMED = "<input>"  # what a text is called that somebody types


class Dialogue:
    """A session that somebody talks with; `said` is every text that ran to its end."""

    def __init__(self, out: Callable[[str], Any], err: Callable[[str], Any], limits: Limits) -> None:
        self.session = Session(out, err)
        self.limits = limits
        self.worker = Worker()
        self.said: list[str] = []
        self._out = out
        self.session.known[ECHO] = self._echo

    def run(self, text: str, name: str = UNNAMED, echo: bool = True) -> None:
        """Run a text, and show the values in it.

        Raises AutodiffError for all that the program does wrong, SystemExit for `exit()`, KeyboardInterrupt, and
        OSError where what it prints cannot be written.
        """
        from autodiff.tensor import modes

        body = parse_program(text, name)
        if echo:
            body = echoing(body)
        before = modes._grad.on
        try:
            self.worker.run(lambda: self.session.run(body), self.limits)
        except (KeyboardInterrupt, Stop) as stopped:
            modes._grad.on = before  # no `with` was left in the regular way
            if isinstance(stopped, KeyboardInterrupt):
                raise
            if isinstance(stopped, Closed):
                raise stopped.__cause__ or stopped from None
            raise failure(stopped, ()) from None
        except SystemExit:
            raise
        except BaseException as error:
            raise failure(error, self.session.possible()) from None
        self.said.append(text)

    def _echo(self, value: Any) -> None:
        if value is not None:
            self._out(kinds.repr_(value) + "\n")
            self.session.known[LAST] = value


__all__ = ["UNNAMED", "Dialogue"]
