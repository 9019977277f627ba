"""Lines, as they arrive, to statements: what the parser itself knows of input that has not ended.

    line ──Reader.add──▶ statements that are whole now ──rest──▶ what was left at the end

An open bracket, three open quotes and a backslash at the end of a line always go on.  A block goes on until an empty
line where somebody types, and until the next line at the margin where a file is read, in which blocks have empty lines.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from autodiff.errors import AutodiffError
from autodiff.syntax import statements as s
from autodiff.syntax.lalr import UnexpectedError
from autodiff.syntax.layout import Layout
from autodiff.syntax.program import parser
from autodiff.syntax.program_source import ProgramSource

WHOLE, OPEN, NEEDS, MAY, UNKNOWN = "whole", "open", "needs", "may", "unknown"
COMPOUND = (s.If, s.While, s.For, s.With, s.Try, s.Def, s.Class)
_STRING = re.compile(r"[rRuUbBfF]{0,2}(\"\"\"|'''|[\"'])")
_CONTINUES = re.compile(r"(?:else|elif|except|finally)\b|#")
_BLANK = re.compile(r"\s*(?:#.*)?\Z")
TRANSCRIPT, CONTINUED = ">>> ", "... "  # before what was said in a dialogue; other lines of one are answers
EMPTY_LINES = 2  # that end a block in a file, for who waits for an answer before writing on


@cache
def _layout() -> Layout:
    return Layout(parser())


def state(text: str) -> str:
    """Whether a text is WHOLE (or wrong), OPEN within a line, NEEDS a block or what goes with one, or MAY go on."""
    layout, source = _layout(), ProgramSource("input", text)
    try:
        if layout.is_empty(source):
            return WHOLE
        trees = layout.parser.run(source, layout.lines(source))
    except UnexpectedError as stopped:
        if stopped.token == layout.parser.end:
            return NEEDS if stopped.row else OPEN
        if stopped.token == layout.dedent and _nothing_more(text, stopped.start):
            return NEEDS
        return OPEN if stopped.token < 0 and _is_open(text, stopped.start) else WHOLE
    except AutodiffError:
        return WHOLE
    return MAY if isinstance(trees[-1], COMPOUND) else WHOLE


def _nothing_more(text: str, at: int) -> bool:
    """Whether the text ends here: the blocks that it is in end with it, before the end itself."""
    layout = _layout()
    return all(token in (layout.newline, layout.parser.end) for token, _, _ in layout.parser.scan(text, at))


def _is_open(text: str, at: int) -> bool:
    """Whether what is no token at this place may become one: a string without its end, a backslash."""
    if text[at] == "\\":
        return at == len(text) - 1
    opening = _STRING.match(text, at)
    if opening is None:
        return False
    return len(opening[1]) == 3 or re.search(r"(?<!\\)(?:\\\\)*\\\Z", text) is not None


class Tail(NamedTuple):
    """What is open at the end of a text: so many brackets, and the quotes of a string.

    The quotes are "?" where something else is no token.
    """

    depth: int
    quotes: str


CLOSED = Tail(0, "")


def tail(text: str) -> Tail:
    """What is open at the end of a text, by its tokens alone."""
    layout = _layout()
    depth = 0
    try:
        for token, _, _ in layout.parser.scan(text):
            depth += (0, 1, -1, 0)[layout.roles[token]]
    except UnexpectedError as stopped:
        opening = _STRING.match(text, stopped.start)
        return Tail(depth, opening[1] if opening is not None and len(opening[1]) == 3 else "?")
    return Tail(depth, "")


class Reader:
    """Lines of which no statement has been made yet; `typed` says that a person sees each line's effect."""

    __slots__ = ("_empty", "_lines", "_state", "_tail", "typed")

    def __init__(self, typed: bool) -> None:
        self.typed = typed
        self._lines: list[str] = []
        self._state = WHOLE
        self._tail = CLOSED
        self._empty = 0

    @property
    def waits(self) -> bool:
        """Whether a statement has begun that is not whole yet."""
        return bool(self._lines)

    @property
    def pending(self) -> str:
        """What was read since the last statement."""
        return "\n".join(self._lines)

    def add(self, line: str) -> list[str]:
        """The statements that are whole with this line, each with all of its lines."""
        if line.startswith(TRANSCRIPT) and not self._lines:
            line = "\n".join(said[4:] for said in line.split("\n") if said[:4] in (TRANSCRIPT, CONTINUED))
        if "\n" in line:
            return self._paste(line)
        if not self._lines:
            return self._begin(line)
        if self._state == OPEN:
            return [] if self._stays_open(line) else self._extend(line)
        if not line.strip():
            self._empty += 1
            self._lines.append("")
            return self.rest() if self.typed or self._empty >= EMPTY_LINES else []
        self._empty = 0
        if line[0] not in " \t":
            if self._now() in (MAY, WHOLE) and not _CONTINUES.match(line):
                return [*self.rest(), *self._begin(line)]
        elif not self.typed and tail(line) == CLOSED:
            self._lines.append(line)
            self._state = UNKNOWN
            return []
        return self._extend(line)

    def rest(self) -> list[str]:
        """What was left, as a statement, whole or not."""
        text = self.pending.rstrip("\n")
        self.clear()
        return [text] if text else []

    def clear(self) -> None:
        """Forget what was left."""
        self._lines, self._state, self._empty = [], WHOLE, 0

    def _begin(self, line: str) -> list[str]:
        if line.lstrip().startswith(":"):
            return [line.strip()]
        return [] if _BLANK.match(line) else self._extend(line)

    def _now(self) -> str:
        if self._state == UNKNOWN:
            self._state = state(self.pending)
        return self._state

    def _extend(self, line: str) -> list[str]:
        self._lines.append(line)
        self._state = state(self.pending)
        if self._state == OPEN and not self.typed:
            self._tail = tail(self.pending)
        return self.rest() if self._state == WHOLE else []

    def _stays_open(self, line: str) -> bool:
        """Whether a line that is read closes nothing: parsing all of a long text for each line takes too long."""
        if self.typed or self._tail.quotes == "?":
            return False
        if self._tail.quotes:
            stays = self._tail.quotes not in line
        else:
            here = tail(line)
            self._tail = Tail(self._tail.depth + here.depth, "")
            stays = self._tail.depth > 0 and not here.quotes
        if stays:
            self._lines.append(line)
        return stays

    def _paste(self, text: str) -> list[str]:
        """Several lines at once are read as a file is."""
        before, self.typed = self.typed, False
        found: list[str] = []
        for line in text.split("\n"):
            found += self.add(line)
        self.typed = before
        return found if self._lines and self._now() in (OPEN, NEEDS) else [*found, *self.rest()]


__all__ = ["Reader", "state"]
