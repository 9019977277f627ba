"""Formulas as code: the functions run, and agree with the recorded gradients."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.formula.code import code
from autodiff.formula.derive import Question, derive
from autodiff.request.shapes import shape_from_json, shape_of

GOLDEN = Path(__file__).parents[1] / "golden"
TARGETS = ["numpy", *[pytest.param(name, marks=pytest.mark.slow) for name in ("torch", "jax")]]


def written(target: str, expr: str, *shapes: str, wrt: str | None = None, order: int = 1) -> str:
    declared = {name: shape_of(name, shape) for name, _, shape in (text.partition(":") for text in shapes)}
    question = Question(expr, declared, wrt.split(",") if wrt else None, order=order)
    return code(target, question, derive(question))


def run(cases: list[dict[str, Any]]) -> list[Any]:
    """The cases' results, all in one process."""
    script = Path(__file__).with_name("running.py")
    done = subprocess.run([sys.executable, script], input=json.dumps(cases), capture_output=True, text=True, check=True)
    results: list[Any] = json.loads(done.stdout)
    return results


def recorded(target: str) -> list[dict[str, Any]]:
    """Golden derivations at their points, and a sample of composed expressions, with their gradients."""
    cases = []
    for line in (GOLDEN / "derive.jsonl").read_text(encoding="utf-8").splitlines()[::2]:
        case = json.loads(line)
        request = case["request"]
        shapes = {name: shape_from_json(name, shape) for name, shape in request["shapes"].items()}
        question = Question(request["expr"], shapes, request["wrt"])
        text = code(target, question, derive(question))
        for point in case["expect"]["points"]:
            cases.append({"code": text, "vars": point["vars"], "wanted": [point["gradient"]]})
    for line in (GOLDEN / "composed.jsonl").read_text(encoding="utf-8").splitlines()[::120]:
        case = json.loads(line)
        if case["expect"].get("shape") != []:
            continue
        request = case["request"]
        shapes = {name: np.shape(value) for name, value in request["vars"].items()}
        question = Question(request["expr"], shapes, request.get("wrt"))
        derived = derive(question)
        wanted = [case["expect"]["grads"][name] for name in derived.gradient]
        if None not in wanted:
            cases.append({"code": code(target, question, derived), "vars": request["vars"], "wanted": wanted})
    return [{**case, "target": target, "function": "gradient"} for case in cases]


@pytest.mark.parametrize("target", TARGETS)
def test_functions_give_the_recorded_gradients(target: str) -> None:
    if find_spec(target) is None:
        pytest.skip(f"{target} is not installed")
    cases = recorded(target)
    for case, result in zip(cases, run(cases), strict=True):
        assert not isinstance(result, str), f"{result}\n{case['code']}"
        parts = result if len(case["wanted"]) > 1 else [result]
        for part, wanted in zip(parts, case["wanted"], strict=True):
            np.testing.assert_allclose(part, wanted, rtol=1e-5, atol=1e-7, err_msg=case["code"])


def test_hessians_run() -> None:
    text = written("numpy", "x @ A @ x + y*sum(x)", "x:n", "A:n,n", "y:scalar", wrt="x,y", order=2)
    values = {"x": [1.0, 2.0], "A": [[1.0, 2.0], [3.0, 4.0]], "y": 1.0}
    (result,) = run([{"target": "numpy", "function": "hessian", "code": text, "vars": values}])
    assert result == [[[[2.0, 5.0], [5.0, 8.0]], [1.0, 1.0]], [[1.0, 1.0], 0.0]]


def test_a_function_is_complete() -> None:
    text = written("numpy", "sum((X @ w - y)^2)", "X:m,n", "w:n", "y:m", wrt="w")
    assert (
        text
        == '''import numpy as np


def gradient(X, w, y):
    """The gradient of sum((X @ w - y)^2) for w.

    X: shape (m, n); w: shape (n,); y: shape (m,).
    """
    return 2*X.T @ (X @ w - y)
'''
    )


def test_several_gradients_are_a_tuple() -> None:
    text = written("torch", "x*sqrt(2*pi)^y*where(x > 0, 1, 0.1)", "x:scalar", "y:scalar", wrt="x,y")
    assert "import math\nimport torch\n" in text
    assert "torch.tensor(0.1, dtype=x.dtype)" in text.replace("1/10", "0.1")
    assert "Returns a tuple for x, y" in text
    assert text.endswith(",\n    )\n")


def test_a_variable_may_be_called_as_the_module() -> None:
    assert "import numpy as numpy" not in written("numpy", "sum(sin(np))", "np:n")
    assert "return numpy.cos(np)" in written("numpy", "sum(sin(np))", "np:n")
    assert "import torch as torch_\n" in written("torch", "sum(sin(torch))", "torch:n")
    assert "return torch_.cos(torch)" in written("torch", "sum(sin(torch))", "torch:n")


def test_counts_are_of_the_variables_dtype_in_pytorch() -> None:
    assert "torch.sum(x > 0, dtype=x.dtype)" in written("torch", "sum(x)/sum(x > 0)", "x:n")
    assert "torch.eye(x.numel(), dtype=x.dtype)" in written("torch", "x @ x", "x:n", order=2)


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_quotes_and_backslashes_stay_in_the_docstring(target: str) -> None:
    question = Question('x^2 # """ \\', {"x": ()})
    text = code(target, question, derive(question))
    compile(text, "generated", "exec")


def test_what_a_target_does_not_have_is_said() -> None:
    with pytest.raises(AutodiffError) as caught:
        written("numpy", "sum(lgamma(x))", "x:n")
    assert caught.value.code == "no-formula"
    assert "NumPy" in caught.value.message
