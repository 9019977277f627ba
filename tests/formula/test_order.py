"""Second derivatives as formulas."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.formula import from_graph
from autodiff.formula.derive import Question, derive
from autodiff.formula.linear import Linear
from autodiff.formula.printing import Printer
from autodiff.formula.reading import scope_of
from autodiff.functional import hessian
from autodiff.graph.build import Builder
from autodiff.graph.sizes import Shape
from autodiff.request.shapes import shape_of
from autodiff.solve import Leaf, Problem, parsed, solve

Hessian = dict[str, dict[str, str]]


def second(expr: str, *shapes: str, wrt: str | None = None, gradient: str | None = None) -> Hessian:
    declared = {name: shape_of(name, shape) for name, _, shape in (text.partition(":") for text in shapes)}
    found = derive(Question(expr, declared, wrt.split(",") if wrt else None, gradient, order=2)).hessian
    assert found is not None
    return found


CASES = [
    ("x^3", ["x:scalar"], "6*x"),
    ("sin(x)", ["x:scalar"], "-sin(x)"),
    ("x*2", ["x:scalar"], "0"),
    ("x @ A @ x", ["x:n", "A:n,n"], "A + A.T"),
    ("sum((X @ x - y)^2)", ["x:n", "X:m,n", "y:m"], "2*X.T @ X"),
    ("x @ x", ["x:n"], "2*eye(numel(x))"),
    ("sum(x)^2", ["x:n"], "2*ones(numel(x), numel(x))"),
    ("(x @ a)^3", ["x:n", "a:n"], "6*(x @ a)*outer(a, a)"),
    ("norm(x)", ["x:n"], "eye(numel(x))/norm(x) - outer(x, x)/norm(x)^3"),
    ("sum(exp(x))", ["x:n"], "diag(exp(x))"),
    ("sum(relu(x)^2)", ["x:n"], "2*diag(where(x > 0, 1.0, 0.0))"),
    ("logsumexp(x, 0)", ["x:n"], "diag(softmax(x, 0)) - outer(softmax(x, 0), softmax(x, 0))"),
    ("sum(log(1 + exp(X @ x)))", ["x:n", "X:m,n"], "X.T @ diag(sigmoid(X @ x)*(1 - sigmoid(X @ x))) @ X"),
    ("a @ x", ["x:n", "a:n"], "zeros(numel(x), numel(x))"),
    ("exp(2*x)", ["x:n"], "4*exp(2*x)"),
]


@pytest.mark.parametrize(("expr", "shapes", "wanted"), CASES, ids=[case[0] for case in CASES])
def test_second_derivatives(expr: str, shapes: list[str], wanted: str) -> None:
    assert second(expr, *shapes, wrt="x") == {"x": {"x": wanted}}


def test_mixed_second_derivatives() -> None:
    assert second("x^2*y + sin(y)", "x:scalar", "y:scalar") == {
        "x": {"x": "2*y", "y": "2*x"},
        "y": {"x": "2*x", "y": "-sin(y)"},
    }
    found = second("sum((X @ w - y)^2)*s", "X:m,n", "w:n", "y:m", "s:scalar", wrt="w,y,s")
    assert found["w"] == {"w": "2*s*X.T @ X", "y": "-2*s*X.T", "s": "2*X.T @ (X @ w - y)"}
    assert found["y"]["w"] == "-2*s*X"
    assert found["s"]["w"] == "2*X.T @ (X @ w - y)"
    assert found["s"]["s"] == "0"


def test_with_a_named_cotangent() -> None:
    assert second("x^3", "x:n", gradient="g") == {"x": {"x": "6*diag(x*g)"}}


RANDOM = [
    "sum(x^3)*sum(y^2)",
    "x @ A @ y + exp(x @ x)",
    "1/(1 + sum(x*y)^2)",
    "sum(sigmoid(A @ x)*y)",
    "logsumexp(A @ x + y, 0)",
    "prod(x) + norm(x - y)",
    "sum(where(x > y, x^2*y, y^3))",
    "(x @ y)/(x @ x)",
    "sum(log(1 + exp(-y*(A @ x))))",
    "mean((tanh(A @ x) - y)^2)",
]


@pytest.mark.parametrize("expr", RANDOM)
def test_formulas_give_the_hessian_that_is_computed(expr: str) -> None:
    shapes: dict[str, Shape] = {"x": shape_of("x", "n"), "y": shape_of("y", "n"), "A": shape_of("A", "n,n")}
    found = derive(Question(expr, shapes, ["x", "y"], order=2))
    assert found.hessian is not None
    random = np.random.default_rng(3)
    leaves = {name: Leaf(random.uniform(0.4, 1.5, (3,) * len(shape))) for name, shape in shapes.items()}
    wanted = hessian(Problem(expr, leaves, wrt=["x", "y"]))
    assert wanted.parts is not None
    for x, row in found.hessian.items():
        for y, text in row.items():
            value = solve(Problem(text, leaves, backward=False)).value
            assert value is not None
            exact = wanted.parts[x, y]
            assert exact is not None
            np.testing.assert_allclose(value, exact, rtol=1e-6, atol=1e-9, err_msg=text)


@pytest.mark.parametrize(
    ("expr", "shapes", "code"),
    [
        ("trace(X @ X)", ["X:n,n"], "no-formula"),
        ("mean(2*(x+1)^2)", [], "needs-shape"),
        ("A @ x", ["x:n", "A:m,n"], "non-scalar-output"),
    ],
)
def test_what_has_no_formula_is_said(expr: str, shapes: list[str], code: str) -> None:
    with pytest.raises(AutodiffError) as caught:
        second(expr, *shapes)
    assert caught.value.code == code


LINEAR = [
    "v",
    "2*u*v",
    "A @ (u*(B @ v))",
    "u*(u @ (A @ v + B.T @ v))",
    "u*((A @ v + B @ v) @ (A @ u))",
    "where(u > 1, A @ v, u*v)",
    "u*sum(v) + sum(A @ v)*ones_like(u)",
    "A @ diag(v) @ B @ u",
    "(u @ diag(v) @ A @ u)*u",
    "u*sum(sin(u)*(A @ v))",
    "u*sum(A*v*sin(B))",
    "u*sum(A*unsqueeze(v, 1)*sin(B))",
    "A @ v + u @ v",
]


@pytest.mark.parametrize("text", LINEAR)
def test_the_matrix_of_a_linear_map(text: str) -> None:
    shapes: dict[str, Shape] = {name: shape_of(name, "n" if name in "uv" else "n,n") for name in "uvAB"}
    _, scope = scope_of(shapes)
    (term,) = from_graph.convert([Builder(scope).tensor(parsed(text))])
    matrix = Linear(term, "v").matrix(term)
    assert matrix is not None
    random = np.random.default_rng(4)
    leaves = {name: Leaf(random.uniform(0.5, 1.5, (3,) * len(shape))) for name, shape in shapes.items()}
    product = solve(Problem(text, leaves, backward=False)).value
    value = solve(Problem(Printer(shapes).text(matrix), leaves, backward=False)).value
    assert value is not None
    assert product is not None
    np.testing.assert_allclose(value @ leaves["v"].array, product, rtol=1e-9)
