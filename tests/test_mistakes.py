"""Requests that PyTorch refuses: the type and first line of what it says, recorded from PyTorch 2.13."""

from __future__ import annotations

from typing import Any

import pytest

from autodiff.errors import AutodiffError
from autodiff.request.problem import Given, problem
from autodiff.solve import solve
from conftest import golden

CASES = golden("mistakes")


@pytest.mark.parametrize(
    "cases", [CASES[i : i + 50] for i in range(0, len(CASES), 50)], ids=lambda cases: cases[0]["id"]
)
def test_mistakes(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        try:
            error = solve(problem(case["request"], Given())).error
        except AutodiffError as found:
            error = found
        assert error is not None, case["request"]
        assert {"type": error.type, "message": error.message} == case["expect"]["error"], case["request"]
