"""Random programs against Python itself: they print the same and end the same."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from program.differential import generate

ADDRESS = re.compile(r"0x[0-9a-f]+")
FEW, MANY, PIECE = 150, 21_150, 1000


def by_python(text: str) -> tuple[str, str] | None:
    """What Python prints, and its last line when it ends with an exception; None for what it does not compile."""
    printed, last = io.StringIO(), ""
    with warnings.catch_warnings(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("ignore")
        try:
            code = compile(text, "program", "exec")
        except SyntaxError:
            return None
        try:
            exec(code, {"__name__": "__main__"})
        except Exception as error:
            last = type(error).__name__ + (f": {error}" if str(error) else "")
    return printed.getvalue(), last


def disagreements(seeds: range, program: Callable[..., Any]) -> list[int]:
    """The seeds of programs that do something else here."""
    found = []
    for seed in seeds:
        text = generate.program(seed)
        expected = by_python(text)
        result = program(text)
        if expected is None:
            if result.error is None or result.error.exit_code != 3:
                found.append(seed)
            continue
        if comparable(result.out, result.last) != comparable(*expected):
            found.append(seed)
    return found


def comparable(printed: str, last: str) -> tuple[str, str]:
    """Without addresses; Python says nothing where memory ends, and a limit here has a message."""
    return ADDRESS.sub("0x", printed), "MemoryError" if last.startswith("MemoryError") else ADDRESS.sub("0x", last)


def test_some_programs(program: Callable[..., Any]) -> None:
    assert disagreements(range(FEW), program) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FEW, MANY, PIECE))
def test_many_programs(first: int, program: Callable[..., Any]) -> None:
    assert disagreements(range(first, first + PIECE), program) == []


def test_they_are_of_every_form() -> None:
    text = "".join(generate.program(seed) for seed in range(FEW))
    for word in "if elif else for while break continue try except finally with def class yield lambda nonlocal".split():  # noqa: SIM905
        assert re.search(rf"\b{word}\b", text), word
