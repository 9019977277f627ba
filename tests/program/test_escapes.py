"""Programs that try to get out, or to use up the machine: each ends in a clear error and prints nothing.

The first line of a file says with which codes it may end.  Files with a second line `# slow` take seconds until a limit
is noticed; those with `# alone` keep the host so busy that only another process can end them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autodiff.program.limits import Limits

FILES = sorted((Path(__file__).parent / "escapes").glob("*.txt"))
SMALL = Limits(steps=200_000, memory=150 << 20, seconds=5.0)
FEW = 400


def marked(path: Path, mark: str) -> bool:
    return path.read_text(encoding="utf-8").splitlines()[1] == f"# {mark}"


def files(mark: str) -> list[Any]:
    chosen = [p for p in FILES if (marked(p, mark) if mark else not marked(p, "slow") and not marked(p, "alone"))]
    return [pytest.param(path, id=path.stem) for path in chosen]


def codes(path: Path) -> list[str]:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ends: ")
    return first.removeprefix("# ends: ").split()


def check(path: Path, program: Callable[..., Any]) -> None:
    result = program(path.read_text(encoding="utf-8"), SMALL)
    assert result.error is not None
    assert result.out == ""
    assert result.error.code in codes(path)
    assert result.error.exit_code in (3, 4)
    assert result.last.split(":")[0].replace("_", "").replace(".", "").isalnum()


@pytest.mark.parametrize("path", files(""))
def test_escapes_end(path: Path, program: Callable[..., Any]) -> None:
    check(path, program)


@pytest.mark.slow
@pytest.mark.parametrize("path", files("slow"))
def test_long_escapes_end(path: Path, program: Callable[..., Any]) -> None:
    check(path, program)


@pytest.mark.slow
@pytest.mark.parametrize("path", files("alone"))
def test_the_command_ends_what_keeps_the_host_busy(path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "autodiff", "run", str(path), "--limit-seconds", "2", "--limit-memory", "1GiB"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode in (0, 4)  # 0 where the host finds a way through
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 0 or any(f"error[{code}]" in ended.stderr for code in codes(path))


def test_there_are_enough() -> None:
    assert len(FILES) >= FEW
