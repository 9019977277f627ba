"""The command in this process: arguments and standard input in, exit status and both streams out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from autodiff.cli.main import run


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def answers(self) -> list[Any]:
        """Standard output as JSON lines, strictly."""

        def refuse(name: str) -> None:
            raise ValueError(name)

        return [json.loads(line, parse_constant=refuse) for line in self.out.splitlines()]


def text(stream: io.TextIOWrapper) -> str:
    """What was written."""
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


Command = Callable[..., Result]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Command:
    """Call as command("eval", "x^2", "x=3", stdin=b""); runs in an empty folder, without colour or a terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "AUTODIFF_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def call(*argv: str, stdin: bytes | str = b"") -> Result:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, np.errstate():
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = run(argv)
        return Result(code, text(out), text(err))

    return call
