"""The README shows what happens: every `$ command` in it is run and its output compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def transcripts() -> list[tuple[str, str]]:
    """Commands with the output shown below each."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", README, re.M | re.S):
        for piece in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = piece.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.parametrize(("command", "output"), transcripts(), ids=[c for c, _ in transcripts()])
def test_shows_what_happens(command: str, output: str, tmp_path: Path) -> None:
    shim = tmp_path / "autodiff"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m autodiff "$@"\n')
    shim.chmod(0o755)
    environment = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "NO_COLOR", "COLUMNS")}
    environment["PATH"] = f"{tmp_path}{os.pathsep}{environment['PATH']}"
    ran = subprocess.run(
        ["sh", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=environment,
        text=True,
        check=False,
    )
    assert ran.stdout == output


def test_leads_with_two_commands() -> None:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", README, re.M | re.S)
    assert [language for language, _ in blocks[:2]] == ["sh", "sh"]
    install, test = (text for _, text in blocks[:2])
    assert """autodiff eval "mean(2*(x+1)^2)" x='[[1,2,3],[4,5,6]]'""" in install
    assert "pytest" in test
    assert all(text.count("\n") == 1 for text in (install, test)), "one command each"


def test_python_example() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)
    scope: dict[str, object] = {}
    exec(code, scope)
    assert float(scope["value"]) == pytest.approx(139 / 3)  # type: ignore[arg-type]
