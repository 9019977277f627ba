"""A process that waits for the one in which a program runs, and has the last word.

Most limits are noticed inside: by counting, and by the thread that `deep` waits in.  One operation of the host that
never lets go of the interpreter (a comparison of lists that share their parts sixty levels deep) stops that thread too,
and a chain of a million nested iterators may overflow the host's stack.  Then this process ends the other one and says
why.
"""

from __future__ import annotations

import os
import re

from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError

PATIENCE = 3.0  # seconds beyond the time limit until a process counts as stuck
# What does nothing twice builds nothing that takes for ever, and need not wait for a second process to start.
_REPEATS, SHORT = re.compile(r"\b(?:for|while|def|class|lambda|map)\b"), 1000
HESITATION = 0.3  # seconds after which a process that was interrupted has ended
LONGEST = 1e8  # seconds that a system call takes


def watched(screen: Screen, text: str, seconds: float) -> int | None:
    """None in the process that is to run the program, and its exit status in the one that waits for it."""
    if not screen.alone or not hasattr(os, "fork") or (len(text) < SHORT and _REPEATS.search(text) is None):
        return None
    import signal

    screen.flush()
    done, end = os.pipe()
    child = os.fork()
    if not child:
        os.close(done)
        return None
    os.close(end)
    signal.signal(signal.SIGQUIT, signal.SIG_IGN)  # the program's process gets it as well, and answers
    told: list[int] = []

    def pass_on(number: int, _: object) -> None:
        """Ctrl-C reaches both processes; what was sent to this one alone goes on to the other."""
        signal.setitimer(signal.ITIMER_REAL, HESITATION)

    def interrupt(number: int, _: object) -> None:
        os.kill(child, signal.SIGINT)

    signal.signal(signal.SIGINT, pass_on)
    signal.signal(signal.SIGALRM, interrupt)

    def stop(number: int, _: object) -> None:
        told.append(number)
        os.kill(child, signal.SIGKILL)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    status = _wait(child, done, seconds + PATIENCE)
    if status is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return _said(screen, "limit-time", f"the program has not ended after {seconds:g} seconds", "TimeoutError")
    if told:
        return 128 + told[0]
    if os.WIFEXITED(status):
        return os.WEXITSTATUS(status)
    if os.WTERMSIG(status) in (signal.SIGSEGV, signal.SIGBUS):
        return _said(screen, "limit-nesting", "maximum recursion depth exceeded", "RecursionError")
    return _said(screen, "limit-memory", "the program was ended by the system", "MemoryError")


def _wait(child: int, done: int, seconds: float) -> int | None:
    """How a process ended; None when it has not by then.  `done` is the end of a pipe that closes with it."""
    import select

    if not select.select([done], [], [], min(seconds, LONGEST))[0]:
        return None
    return os.waitpid(child, 0)[1]


def _said(screen: Screen, code: str, message: str, type: str) -> int:
    error = AutodiffError(code, message, type=type, help="one operation of the program took all of that")
    exit_code = screen.report(error)
    screen.err.write(f"{type}: {message}\n")
    return exit_code


__all__ = ["watched"]
