"""Where things are shown: results on standard output, everything else on standard error.

Colour is for terminals, unless NO_COLOR, FORCE_COLOR or --color says otherwise.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from errno import EBADF
from io import StringIO
from typing import TextIO

from autodiff.errors import AutodiffError


class Screen:
    """The streams of one run of the command."""

    __slots__ = ("_read", "color", "err", "out")
    alone = False  # whether the process is the command's own, and may be divided in two

    def __init__(self) -> None:
        self.out = Gone() if sys.stdout is None else _writable(sys.stdout)
        self.err = _nowhere() if sys.stderr is None else _writable(sys.stderr)
        self.color = "auto"
        self._read = False

    def write(self, text: str) -> None:
        """Print a result."""
        self.out.write(text)

    def report(self, error: AutodiffError) -> int:
        """Draw an error after the results that came before it; returns its exit status."""
        from autodiff.report.diagnostics import diagnose

        if error.code == "internal":
            self._show([[(error.message, "")]], self.err)
        else:
            self._show(diagnose(error, _columns(self.err)), self.err)
        return error.exit_code

    def note(self, text: str) -> None:
        """A remark beside the results."""
        from autodiff.report.diagnostics import notice

        self._show(notice("note", text, _columns(self.err)), self.err)

    def page(self, lines: list[list[tuple[str, str]]]) -> None:
        """Lines of styled text as a result."""
        self._show(lines, self.out)

    def _show(self, lines: list[list[tuple[str, str]]], stream: TextIO) -> None:
        if stream is self.err:
            self.flush()
        if self.colored(stream):
            from autodiff.report.paint import paint

            paint(lines, stream)
        else:
            from autodiff.report.diagnostics import plain

            stream.write(plain(lines))
        if stream is self.err:
            stream.flush()

    def progress(self) -> AbstractContextManager[Callable[[float], None] | None]:
        """What shows on a terminal how far a computation is; None where there is no terminal."""
        if not _is_terminal(self.err) or os.environ.get("TERM") == "dumb":
            return nullcontext()
        from autodiff.report.progress import Progress

        return Progress(self.err, self.colored(self.err))

    def flush(self) -> None:
        self.out.flush()

    def abandon(self) -> None:
        """Nobody reads standard output any more: let what is still buffered go nowhere."""
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.out.fileno())
        except (OSError, ValueError):
            pass

    def colored(self, stream: TextIO) -> bool:
        if self.color != "auto":
            return self.color == "always"
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
            return True
        return _is_terminal(stream) and os.environ.get("TERM") != "dumb"

    def columns(self) -> int | None:
        """The width of standard output where it is a terminal."""
        return _columns(self.out)

    def stdin(self) -> bytes:
        """All of standard input, which can be read once."""
        if self._read:
            raise AutodiffError("usage", "standard input is asked for twice; it can be read once", type="ValueError")
        self._read = True
        return b"" if sys.stdin is None else sys.stdin.buffer.read()


class Gone(StringIO):
    """Standard output that was closed before the command began: what is written to it must not vanish unnoticed."""

    def write(self, text: str) -> int:
        raise OSError(EBADF, os.strerror(EBADF))


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def _writable(stream: TextIO) -> TextIO:
    """The stream, which prints what cannot be encoded as escapes."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return stream


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False


def _columns(stream: TextIO) -> int | None:
    if not _is_terminal(stream):
        return None
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
