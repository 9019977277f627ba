"""Standard output that cannot be written to is an error, never a silent loss."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from autodiff.cli.main import run


class Full(io.StringIO):
    """A stream on a device without space."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "argv",
    [["eval", "x^2", "x=3"], ["derive", "x^2"], ["ops"], ["explain", "usage"], ["run", "p.py"]],
    ids=lambda argv: argv[0],
)
@pytest.mark.parametrize(("stream", "reason"), [(None, "Bad file descriptor"), (Full(), "No space left on device")])
def test_output_that_goes_nowhere(
    argv: list[str], stream: io.StringIO | None, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.py").write_text("print(1)\n", encoding="utf-8")
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", said)
    assert run(argv) == 2
    assert said.getvalue().startswith(f"error[unwritable-file]: cannot write to standard output: {reason}\n")


def test_standard_input_that_was_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert run(["eval", "x^2", "--rows", "-"]) == 0


@pytest.mark.parametrize("argv", [["--help"], ["eval", "--help"], ["--version"]])
def test_help_that_goes_nowhere(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", said)
    assert run(argv) == 2
    assert said.getvalue().startswith("error[unwritable-file]")
