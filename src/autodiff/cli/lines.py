"""Where the lines of a dialogue come from: a terminal, with the line editing that there is, or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from autodiff.cli.history import History
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.program.limits import Stop

# What stands between the words that Tab completes: everything but letters, digits and _.
DELIMITERS = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?."

# Text before the cursor, to where the word begins and what it may become.
Complete = Callable[[str], tuple[int, list[str]]]


class Pipe:
    """Lines of standard input, without prompts."""

    is_terminal = False

    def __init__(self) -> None:
        self._number = 0

    def read(self, prompt: str) -> str:
        """The next line; raises EOFError after the last, and `unreadable-file` for one that is not UTF-8."""
        content = b"" if sys.stdin is None else sys.stdin.buffer.readline()
        if not content:
            raise EOFError
        self._number += 1
        try:
            line = content.decode("utf-8-sig" if self._number == 1 else "utf-8")
        except UnicodeDecodeError:
            message = f"standard input is not UTF-8: line {self._number}"
            raise AutodiffError("unreadable-file", message, type="ValueError") from None
        return line.rstrip("\r\n")

    def settle(self) -> None:
        """A pipe has no history."""


class Terminal:
    """Lines that are typed, with history and completion where the standard library has `readline`."""

    is_terminal = True

    def __init__(self, screen: Screen, history: History, complete: Complete) -> None:
        self._screen = screen
        self._history = history
        self._complete = complete
        self._found: list[str] = []
        self._lines: list[str] = []
        self._added = 0  # to what readline knows, line by line
        self._readline = _readline() if _is_terminal(sys.stdout) else None
        former = history.open()
        if self._readline is not None:
            self._prepare(self._readline, former)

    def read(self, prompt: str) -> str:
        """The next line, which has several if several were pasted; raises EOFError and KeyboardInterrupt."""
        self._screen.flush()
        if self._readline is None:
            line = self._plain(prompt)
        else:
            line = input(prompt)
            if line.strip():
                self._readline.add_history(line)
                self._added += 1
        self._lines.append(line)
        return _encodable(line)

    def settle(self) -> None:
        """What was read since the last time is a statement: one entry of the history."""
        text = "\n".join(self._lines).rstrip()
        self._lines.clear()
        new = self._history.add(_encodable(text))
        if self._readline is not None:
            for _ in range(self._added):
                self._readline.remove_history_item(self._readline.get_current_history_length() - 1)
            self._added = 0
            if new:
                self._readline.add_history(text)

    def _plain(self, prompt: str) -> str:
        self._screen.err.write(prompt)
        self._screen.err.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\r\n")

    def _prepare(self, readline: ModuleType, former: list[str]) -> None:
        readline.set_auto_history(False)
        for line in former:
            readline.add_history(line)
        readline.set_completer_delims(DELIMITERS)
        readline.set_completer(self._completer)
        if "libedit" in (readline.__doc__ or ""):
            readline.parse_and_bind("bind ^I rl_complete")
            return
        readline.parse_and_bind("tab: complete")
        if os.environ.get("TERM", "dumb") != "dumb":
            readline.parse_and_bind("set enable-bracketed-paste on")

    def _completer(self, word: str, number: int) -> str | None:
        """What readline calls with 0, 1, … until there are no more."""
        if number == 0:
            self._found = self._matches()
        return self._found[number] if number < len(self._found) else None

    def _matches(self) -> list[str]:
        readline: Any = self._readline
        line, begin, end = readline.get_line_buffer(), readline.get_begidx(), readline.get_endidx()
        try:
            start, found = self._complete(line[:end])
        except (Exception, Stop):  # nobody who presses Tab asks for an error
            return []
        if start <= begin:
            return [text[begin - start :] for text in found]
        return [line[begin:start] + text for text in found]


def _readline() -> ModuleType | None:
    try:
        import readline
    except ImportError:
        return None
    return readline


def _is_terminal(stream: Any) -> bool:
    try:
        return stream is not None and bool(stream.isatty())
    except ValueError:
        return False


def _encodable(line: str) -> str:
    """The line with what the terminal sent as bytes of no character replaced."""
    return line.encode("utf-8", "replace").decode("utf-8")


def on_terminal() -> bool:
    """Whether somebody types."""
    return _is_terminal(sys.stdin)
