"""What was typed in former sessions: a file that only its owner reads, in XDG's folder for state.

`AUTODIFF_HISTORY` names another file, or none if it is empty or /dev/null. Whatever is wrong with the file, there is a
session.
Source: XDG Base Directory Specification 0.8, `XDG_STATE_HOME`.
"""

from __future__ import annotations

import os
import stat

KEPT = 5000  # statements
JOINED = "\r\n"
LARGEST = 1 << 20  # bytes that are read of a file


def history_file() -> str:
    """Where the history is kept; empty for nowhere."""
    given = os.environ.get("AUTODIFF_HISTORY")
    if given is not None:
        return "" if given == os.devnull else os.path.expanduser(given)
    state = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):  # as the specification wants it
        state = os.path.expanduser("~/.local/state")
    return os.path.join(state, "autodiff", "history") if os.path.isabs(state) else ""


class History:
    """Statements, the oldest first; `problem` says why they are not kept, if they are not.

    In the file, a line of a statement that goes on with the next line ends with a carriage return.
    """

    __slots__ = ("_file", "_last", "path", "problem")

    def __init__(self, path: str) -> None:
        self.path = path
        self.problem = ""
        self._file = -1
        self._last = ""

    def open(self) -> list[str]:
        """What former sessions left; raises nothing."""
        if not self.path:
            return []
        try:
            os.makedirs(os.path.dirname(os.path.abspath(self.path)), mode=0o700, exist_ok=True)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
            file = os.open(self.path, flags, 0o600)
        except (OSError, ValueError) as error:
            self.problem = getattr(error, "strerror", None) or str(error)
            return []
        try:
            return self._read(file)
        except OSError as error:
            self.problem = error.strerror or str(error)
            os.close(file)
            return []

    def _read(self, file: int) -> list[str]:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(0, "it is no regular file")
        if about.st_mode & 0o077:
            os.fchmod(file, 0o600)
        content = os.pread(file, LARGEST, max(about.st_size - LARGEST, 0))
        if about.st_size > LARGEST:
            content = content.partition(b"\n")[2]
        lines = content.decode("utf-8", "replace").replace(JOINED, "\r").split("\n")
        said = [line.replace("\r", "\n") for line in lines if line.strip()]
        if about.st_size > LARGEST or len(said) > 2 * KEPT:
            said = said[-KEPT:]
            os.ftruncate(file, 0)
            os.write(file, "".join(map(_encoded, said)).encode())
        self._file = file
        self._last = said[-1] if said else ""
        return said[-KEPT:]

    def add(self, text: str) -> bool:
        """Keep a statement at once, unless it is the same as the one before; whether it is new."""
        if not text.strip() or text == self._last:
            return False
        self._last = text
        if self._file >= 0:
            try:
                os.write(self._file, _encoded(text).encode("utf-8", "replace"))
            except OSError:
                self._file = -1
        return True


def _encoded(text: str) -> str:
    return text.replace("\r", "").replace("\n", JOINED) + "\n"
