"""PyTorch's recorded answers to whole programs, run by Python with this package as `torch`."""

from __future__ import annotations

import contextlib
import io
import re
import sys
import warnings
from typing import Any

import pytest

import autodiff.tensor as torch
from conftest import golden

CASES = golden("programs")


@pytest.fixture(autouse=True)
def _as_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", torch)
    for name, module in torch.MODULES.items():
        monkeypatch.setitem(sys.modules, f"torch.{name}", module)


def run(program: str) -> dict[str, Any]:
    """What a program prints, warns of and raises, as the recorded answers say it."""
    out = io.StringIO()
    answer: dict[str, Any] = {}
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(compile(program, "program", "exec"), {"torch": torch, "__name__": "__main__"})
        except Exception as error:
            answer["error"] = {"type": type(error).__name__, "message": str(error)}
    answer["stdout"] = re.sub(r"0x[0-9a-f]+", "0x...", out.getvalue())
    if caught:
        answer["warnings"] = [str(warning.message) for warning in caught]
    return answer


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_program(case: dict[str, Any]) -> None:
    assert run(case["program"]) == case["expect"]
