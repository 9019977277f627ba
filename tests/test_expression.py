"""The commands from Python."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff

RIDGE = autodiff.expression("sum((X @ w - y)^2)")
X, W, Y = np.arange(6.0).reshape(3, 2), np.array([1.0, -1.0]), np.ones(3)
GRADIENT = 2 * X.T @ (X @ W - Y)


def test_value_and_gradients() -> None:
    value, grads = RIDGE.value_and_grad(X=X, w=W, y=Y)
    assert RIDGE.value(X=X, w=W, y=Y) == value == 12.0
    assert list(grads) == ["X", "w", "y"]
    np.testing.assert_allclose(grads["w"], GRADIENT)  # type: ignore[arg-type]


def test_dtypes_are_kept() -> None:
    value, grads = autodiff.expression("mean(x)").value_and_grad(x=np.ones(3, np.float32))
    assert grads["x"] is not None
    assert value.dtype == grads["x"].dtype == np.dtype(np.float32)


def test_derivatives_as_a_whole_and_along_directions() -> None:
    f = autodiff.expression("x^3")
    np.testing.assert_array_equal(f.jacobian(x=[1, 2])["x"], [[3, 0], [0, 12]])
    np.testing.assert_array_equal(f.jvp({"x": [1, -1]}, x=[1, 2]), [3, -12])
    np.testing.assert_array_equal(f.vjp([1, -1], x=[1, 2])["x"], [3, -12])
    g = autodiff.expression("sum(x^3)")
    np.testing.assert_array_equal(g.hessian(x=[1, 2])["x"]["x"], [[6, 0], [0, 12]])
    np.testing.assert_array_equal(g.hvp({"x": [1, -1]}, x=[1, 2])["x"], [6, -12])
    assert g.gradcheck(x=[1, 2]).ok


def test_formulas() -> None:
    shapes = {"X": "m,n", "w": ["n"], "y": "m"}
    assert RIDGE.derive(shapes, wrt=["w"]) == {"w": "2*X.T @ (X @ w - y)"}
    assert autodiff.expression("x^2").derive() == {"x": "2*x"}
    assert autodiff.expression("x^2").derive({"x": "n"}, gradient="g") == {"x": "2*x*g"}


def test_steps_with_numbers_and_with_formulas() -> None:
    f = autodiff.expression("sin(x^2)")
    result = f.steps(x=2.0).results["x"]
    assert result.formula == "2*x*cos(x^2)"
    assert result.value == pytest.approx(4 * np.cos(4))
    assert f.steps({"x": "scalar"}).results["x"] == ("2*x*cos(x^2)", None)


def test_a_checked_answer() -> None:
    f = autodiff.expression("sin(x^2)")
    assert f.check("2*x*cos(x^2)").verdict == "right"
    verdict = f.check("cos(x^2)")
    assert verdict.cause is not None
    assert (verdict.verdict, verdict.cause.kind, verdict.cause.at) == ("wrong", "chain", "x^2")
    assert f.check([-2.6146], x=[2.0]).verdict == "right"


def test_graph_and_plot() -> None:
    f = autodiff.expression("sin(x)")
    assert [entry.name for entry in f.graph(x=1.0)] == ["SinBackward0", "AccumulateGrad"]
    sine, cosine = f.plot("x", 0.0, 1.0)
    assert (sine.name, cosine.formula) == ("f", "cos(x)")
    assert len(sine.values) == 241


def test_errors_are_raised() -> None:
    with pytest.raises(autodiff.AutodiffError, match="only for scalar outputs"):
        autodiff.expression("x*2").value_and_grad(x=[1, 2])
    with pytest.raises(autodiff.AutodiffError, match="no operator"):
        autodiff.expression("2x")
    with pytest.raises(autodiff.AutodiffError):
        autodiff.expression("x*2").jacobian()
