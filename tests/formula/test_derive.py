"""Derived formulas: textbook answers, identities of The Matrix Cookbook and of calculus, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff.cli.main import run
from autodiff.errors import AutodiffError
from autodiff.formula.derive import Question, derive
from autodiff.formula.printing import length
from autodiff.request.shapes import shape_of
from autodiff.solve import Leaf, Problem, solve

GOLDEN = Path(__file__).parents[1] / "golden" / "derive.jsonl"
CASES = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]


def formula(expr: str, *shapes: str, wrt: str = "", gradient: str | None = None) -> str:
    declared = {name: shape_of(name, shape) for name, _, shape in (text.partition(":") for text in shapes)}
    name = wrt or next(iter(declared), "x")
    return derive(Question(expr, declared, [name] if declared else None, gradient)).gradient[name]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["request"]["expr"])
def test_golden_formulas_are_right_and_short(case: dict[str, Any]) -> None:
    request = case["request"]
    (wrt,) = request["wrt"]
    shapes = [f"{name}:{','.join(map(str, shape))}" for name, shape in request["shapes"].items()]
    text = formula(request["expr"], *shapes, wrt=wrt)
    assert length(text) <= case["expect"]["size"], text
    for point in case["expect"]["points"]:
        leaves = {name: Leaf(np.array(value, dtype=float)) for name, value in point["vars"].items()}
        answer = solve(Problem(text, leaves, backward=False))
        assert answer.value is not None
        np.testing.assert_allclose(answer.value, point["gradient"], rtol=1e-6, atol=1e-8)


TEXTBOOK = [
    ("trace(A) + trace(A @ A)", ["A:n,n"], "A", "eye(A.size(0)) + 2*A.T"),
    ("3*det(A)", ["A:n,n"], "A", "3*det(A)*inv(A).T"),
    ("trace(X.T @ A @ X)", ["X:m,n", "A:m,m"], "X", "(A + A.T) @ X"),
    ("trace(A @ X.T @ B)", ["X:m,n", "A:k,n", "B:m,k"], "X", "B @ A"),
    ("trace(inv(X))", ["X:n,n"], "X", "-inv(X @ X).T"),
    ("logdet(X.T @ X)", ["X:m,n"], "X", "2*X @ inv(X.T @ X)"),
    ("det(X.T @ A @ X)", ["X:n,n", "A:n,n"], "X", "2*det(X.T @ A @ X)*inv(X).T"),
    ("b @ X.T @ X @ c", ["X:m,n", "b:n", "c:n"], "X", "X @ (outer(b, c) + outer(c, b))"),
    ("norm(x - a)", ["x:n", "a:n"], "x", "(x - a)/norm(x - a)"),
    ("trace((A @ X @ B + C) @ (A @ X @ B + C).T)", ["A:k,m", "X:m,n", "B:n,l", "C:k,l"], "X",
     "2*A.T @ (A @ X @ B + C) @ B.T"),
    ("sum(A @ diag(x) @ B)", ["x:n", "A:m,n", "B:n,m"], "x", "sum(A, 0)*sum(B, 1)"),
    ("sum(outer(x, y)*A)", ["x:m", "y:n", "A:m,n"], "y", "A.T @ x"),
    ("sum(softmax(x, 0)*y)", ["x:n", "y:n"], "x", "softmax(x, 0)*(y - y @ softmax(x, 0))"),
    ("F.mse_loss(X @ w, y)", ["X:m,n", "w:n", "y:m"], "w", "2*X.T @ (X @ w - y)/numel(y)"),
    ("sum(x^2)/n", ["x:n"], "x", "2*x/numel(x)"),
    ("sum(where(x > 0, x, 0.1*x))", ["x:n"], "x", "where(x > 0, 1.0, 1/10)"),
    ("mean(2*(x+1)^2)", [], "x", "4*(x + 1)/numel(x)"),
    ("tan(x)", [], "x", "1/cos(x)^2"),
    ("x^x", [], "x", "x^x*(log(x) + 1)"),
    ("2^x", [], "x", "2^x*log(2)"),
    ("(x^2+1)/(x-1)", [], "x", "(x^2 - 2*x - 1)/(x - 1)^2"),
    ("log(1 + exp(x))", [], "x", "sigmoid(x)"),
    ("0.1*x^2", [], "x", "x/5"),
    ("exp(-x^2/2)/sqrt(2*pi)", [], "x", "-x*exp(-x^2/2)/sqrt(2*pi)"),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "shapes", "wrt", "wanted"), TEXTBOOK, ids=[case[0] for case in TEXTBOOK])
def test_textbook_forms(expr: str, shapes: list[str], wrt: str, wanted: str) -> None:
    assert formula(expr, *shapes, wrt=wrt) == wanted


@pytest.mark.parametrize(
    ("expr", "shapes", "wrt", "wanted"),
    [
        ("sum(linear(x, w))", ["x:2,2,3", "w:4,3"], "x", "reshape(ones(4, 4) @ w, (2, 2, 3,))"),
        ("sum(linalg.lu(x)[2])", ["x:3,3"], "x", "linalg.lu(x)[0] @"),
        ("sum(g*conv2d(x, w))", ["x:2,3,5,5", "w:4,3,2,2", "g:2,4,4,4"], "x", "conv_transpose2d(g, w)"),
        ("sum(g*conv1d(x, w, stride=2))", ["x:2,3,6", "w:4,3,3", "g:2,4,2"], "x", "output_padding=1"),
        ("sum(g*conv1d(x, w, stride=2))", ["x:2,3,6", "w:4,3,3", "g:2,4,2"], "w", "dilation=2), 0, 1)[:, :, :3]"),
    ],
)
def test_calls_that_have_a_formula_in_other_calls(expr: str, shapes: list[str], wrt: str, wanted: str) -> None:
    assert wanted in formula(expr, *shapes, wrt=wrt)


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    first = formula("x*y + sin(x*y)", "x:scalar", "y:scalar")
    formula("sum(y^2)*x", "y:n", "x:scalar")
    assert formula("x*y + sin(x*y)", "x:scalar", "y:scalar") == first


def test_elementwise_derivatives_and_named_cotangents() -> None:
    assert derive(Question("exp(2*x)", {"x": shape_of("x", "n")})).gradient == {"x": "2*exp(2*x)"}
    assert formula("A @ x", "A:m,n", "x:n", wrt="x", gradient="g") == "A.T @ g"


@pytest.mark.parametrize(
    ("expr", "shapes", "code"),
    [
        ("x @ A @ x", [], "needs-shape"),
        ("sum(x*y)", [], "needs-shape"),
        ("logsumexp(x, 0)", [], "needs-shape"),
        ("A @ x", ["A:m,n", "x:n"], "non-scalar-output"),
        ("a @ b", ["a:m", "b:n"], "matmul-shape"),
        ("sum(x[x > 0])", ["x:n"], "needs-value"),
    ],
)
def test_what_cannot_be_answered_is_said(expr: str, shapes: list[str], code: str) -> None:
    with pytest.raises(AutodiffError) as caught:
        formula(expr, *shapes)
    assert caught.value.code == code


def test_a_thousand_operations_have_a_formula() -> None:
    text = formula(" + ".join(f"{n}*x^{n % 7}" for n in range(1, 251)))
    assert text.count("x") <= 7


def test_the_command_prints_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["derive", "mean(2*(x+1)^2)"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "x.grad = 4*(x + 1)/numel(x)\n"
    assert "x is taken for a tensor of any shape" in captured.err
    assert run(["derive", "sum((X @ w - y)^2)", "X:m,n", "w:n", "y:m", "--wrt", "w", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["gradient"], answer["assumes"]) == ({"w": "2*X.T @ (X @ w - y)"}, {})
    assert run(["derive", "x^3", "--only", "x.grad"]) == 0
    assert capsys.readouterr().out == "3*x^2\n"
    assert run(["derive", "x^3", "x:1.5"]) == 2


COMPOSED = [json.loads(line) for line in (GOLDEN.parent / "composed.jsonl").read_text(encoding="utf-8").splitlines()]
SCALARS = [case for case in COMPOSED if case["expect"].get("shape") == [] and "error" not in case["expect"]]


def check_composed(case: dict[str, Any]) -> None:
    leaves = {name: Leaf(np.array(value, dtype=float)) for name, value in case["request"]["vars"].items()}
    shapes = {name: leaf.array.shape for name, leaf in leaves.items()}
    gradient = derive(Question(case["request"]["expr"], shapes, case["request"].get("wrt"))).gradient
    for name, text in gradient.items():
        wanted = case["expect"]["grads"].get(name)
        if wanted is not None:
            answer = solve(Problem(text, leaves, backward=False))
            assert answer.value is not None
            np.testing.assert_allclose(answer.value, np.array(wanted, dtype=float), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("case", SCALARS[::45], ids=lambda case: case["id"])
def test_formulas_of_composed_expressions_give_the_recorded_gradients(case: dict[str, Any]) -> None:
    check_composed(case)


@pytest.mark.slow
@pytest.mark.parametrize("case", SCALARS, ids=lambda case: case["id"])
def test_all_formulas_of_composed_expressions(case: dict[str, Any]) -> None:
    check_composed(case)
