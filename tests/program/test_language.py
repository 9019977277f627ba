"""The language against Python itself: the same text under both prints the same and ends the same."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "language"


def pieces() -> list[Any]:
    found = []
    for path in sorted(HERE.glob("*.txt")):
        title = ""
        lines: list[str] = []
        number = 1
        for i, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), "---"], 1):
            if line.startswith("---"):
                found.append(pytest.param("\n".join(lines) + "\n", id=f"{path.stem}:{number}{title}"))
                title, lines, number = line[3:].replace(" ", "-"), [], i + 1
            else:
                lines.append(line)
    return found


def by_python(text: str) -> tuple[str, str]:
    """What Python prints, and its last line when it ends with an exception."""
    printed, last = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(text, "piece", "exec"), {"__name__": "__main__"})
        except Exception as error:
            last = type(error).__name__ + (f": {error}" if str(error) else "")
    return printed.getvalue(), last


@pytest.mark.parametrize("text", pieces())
def test_python_agrees(text: str, program: Callable[..., Any]) -> None:
    result = program(text)
    assert (result.out, result.last) == by_python(text)


def test_pieces_are_found() -> None:
    assert len(pieces()) > 120
