"""PyTorch's tutorials as files: they print here what they print under PyTorch, which wrote the .out beside each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "programs"
FILES = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_tutorials_print_the_same(path: Path, program: Callable[..., Any]) -> None:
    result = program(path.read_text(encoding="utf-8"))
    assert (result.out, result.last) == (path.with_suffix(".out").read_text(encoding="utf-8"), "")


def test_they_are_there() -> None:
    assert len(FILES) >= 10
