"""PyTorch 2.13's recorded answers: values, gradients, `grad_fn`, whole graphs, errors."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from autodiff.cli.graph import as_text, built
from autodiff.errors import AutodiffError
from autodiff.request.answer import answered
from autodiff.request.problem import Given, problem
from autodiff.solve import solve
from conftest import golden

GIVEN = Given()


def differs(got: Any, want: Any, path: str = "answer") -> str:
    """Where two answers differ by more than rounding; empty if nowhere."""
    if isinstance(want, dict):
        if not isinstance(got, dict) or set(got) != set(want):
            return f"{path}: {got!r} rather than {want!r}"
        return next(filter(None, (differs(got[key], want[key], f"{path}.{key}") for key in want)), "")
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return f"{path}: {got!r} rather than {want!r}"
        pairs = enumerate(zip(got, want, strict=True))
        return next(filter(None, (differs(g, w, f"{path}[{i}]") for i, (g, w) in pairs)), "")
    if isinstance(want, float) and isinstance(got, (int, float)):
        same = math.isclose(got, want, rel_tol=1e-6, abs_tol=1e-8)
    else:
        same = got == want
    return "" if same else f"{path}: {got!r} rather than {want!r}"


def check(case: dict[str, Any]) -> None:
    try:
        answer = answered(solve(problem(case["request"], GIVEN)))
    except AutodiffError as error:
        answer = {"error": {"type": error.type, "message": error.message}}
    want = case["expect"]
    for key, value in want.items():
        found = answer.get(key)
        if key == "error":
            assert found is not None
            found = {"type": found["type"], "message": found["message"]}
        assert not differs(found, value, key)
    assert ("error" in answer) == ("error" in want), answer.get("error")


def batches(cases: list[dict[str, Any]], size: int) -> list[list[dict[str, Any]]]:
    return [cases[i : i + size] for i in range(0, len(cases), size)]


@pytest.mark.parametrize("cases", batches(golden("composed"), 100), ids=lambda cases: str(cases[0]["id"]))
def test_composed(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        check(case)


@pytest.mark.parametrize("case", golden("errors"), ids=lambda case: str(case["request"]["expr"]))
def test_errors(case: dict[str, Any]) -> None:
    check(case)


@pytest.mark.parametrize("case", golden("graphs"), ids=lambda case: str(case["request"]["expr"]))
def test_graphs(case: dict[str, Any]) -> None:
    shown = json.loads(as_text(built(problem(case["request"], GIVEN))))
    assert not differs({key: shown[key] for key in case["expect"]}, case["expect"])


@pytest.mark.parametrize("cases", batches(golden("opinfo"), 20), ids=lambda cases: str(cases[0]["id"]))
def test_operators(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        check(case)
