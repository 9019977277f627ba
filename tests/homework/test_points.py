"""Where answers are compared: far out, around the numbers of a formula, and where shapes depend on data."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff.homework.check import Question, check, prepare
from autodiff.homework.landmarks import DECADES, is_piecewise, landmarks
from autodiff.homework.written import pieces
from autodiff.syntax.parse import parse
from homework.asking import question, verdict


@pytest.mark.parametrize(
    "answer",
    [
        "where(x > 100, 0, 3*x^2)", "where(x < -2.6, 0, 3*x^2)", "where(abs(x) < 0.01, 0, 3*x^2)",
        "3*x^2 + relu(x - 1000)", "3*clamp(x, -1000, 1000)^2", "3*x^2*(x < e^5)", "3*x*maximum(x, -50)",
    ],
)  # fmt: skip
def test_an_answer_that_is_right_near_zero_alone(answer: str) -> None:
    found = verdict("x^3", "x:", answer)
    assert found.verdict == "wrong"
    assert found.witness is not None
    assert found.witness["answer"] != found.witness["expected"]
    assert verdict("sum(x^3)", "x:4", answer).verdict == "wrong"


@pytest.mark.parametrize(
    ("expr", "right", "wrong"),
    [
        ("relu(x - 100)", "where(x > 100, 1, 0)", "0"),
        ("abs(x - 300)", "sign(x - 300)", "-1"),
        ("where(x > 20, x^2, x)", "where(x > 20, 2*x, 1)", "where(x > 21, 2*x, 1)"),
        ("clamp(x, -50, 50)", "abs(x) < 50", "1"),
        ("minimum(x, 0.001)", "x < 0.001", "x < 0.002"),
    ],
)
def test_an_expression_that_takes_another_course_further_out(expr: str, right: str, wrong: str) -> None:
    assert verdict(expr, "x:", right).verdict == "right"
    assert verdict(expr, "x:", wrong).verdict == "wrong"


def test_a_domain_holds_for_landmarks_too() -> None:
    asked = Question("x^3", "x", {"x": ()}, domains={"x": (0.0, 10.0)})
    assert check(prepare(asked), "where(x > 100, 0, 3*x^2)").verdict == "right"
    assert check(prepare(asked), "where(x > 9, 0, 3*x^2)").verdict == "wrong"


def test_landmarks_are_the_numbers_of_a_formula() -> None:
    items = list(pieces(parse("where(x > 100, 2*x, 0.001 - 10^400*x) + 0")))
    assert sorted(landmarks(items)) == [0.001, 10.0, 100.0, 400.0]
    assert is_piecewise(items)
    assert not is_piecewise(pieces(parse("3*x^2 + exp(-x)")))
    assert min(DECADES) < 0.01


@pytest.mark.parametrize(
    ("expr", "answer"),
    [
        ("0.1*x", "1e9*x + 0.1 - 1e9*x"),  # an error that does not change with x
        ("x^2", "2*x + 1e7 - 1e7"),
        ("tanh(x^3)", "3*x^2*(1 - ((exp(2*x^3)-1)/(exp(2*x^3)+1))^2)"),  # overflows at large x
        ("sum(log(1+exp(x^3)))", "3*x^2*exp(x^3)/(1+exp(x^3))"),
    ],
)
def test_floats_are_no_mistake(expr: str, answer: str) -> None:
    assert verdict(expr, "x:", answer).verdict == "right"


def test_a_small_difference_is_no_rounding() -> None:
    assert verdict("x^2", "x:", "2*x + 1e-5").verdict == "wrong"
    assert verdict("x^2", "x:", "((x+1e-5)^2 - x^2)/1e-5").verdict == "wrong"


def test_shapes_that_depend_on_data() -> None:
    prepared = question("mean(x[x > 0]^2)", "x:4")
    assert check(prepared, "2*relu(x)/sum(x > 0)").verdict == "right"
    found = check(prepared, "2*relu(x)")
    assert found.cause is not None
    assert found.cause.kind == "count"
    given = prepare(Question("sum(x[x > 0]^2)", vars={"x": np.array([1.0, -2.0, 3.0])}))
    assert check(given, "2*x").verdict == "wrong"
    assert check(given, "[2, 0, 6]").verdict == "right"
    assert check(given, "[2, 0, 5]").verdict == "wrong"


def test_sizes_have_their_names() -> None:
    found = verdict("mean(x^2)", "x:m,n", "2*x")
    assert found.says.endswith("averages over m*n elements")
    assert verdict("mean((X @ w - y)^2)", "w:n X:m,n y:m", "2*X.T @ (X @ w - y)").says.endswith("over m elements")
    assert verdict("mean(x^2)", "x:m,3", "2*x").says.endswith("m*3 elements")
    assert verdict("mean(x^2)", "x:4,3", "2*x").says.endswith("12 elements")
    assert verdict("sum((X @ w)^2)", "w:n X:m,n", "X + 1").says == "the answer has shape [m, n], and w has shape [n]"


def test_right_numbers_in_another_shape() -> None:
    found = verdict("sum(X @ W)", "W:n,k X:m,n", "sum(X, 0)[:, None]")
    assert found.cause is not None
    assert found.cause.kind == "shape"
    assert found.says == "the numbers are right, but the answer has shape [n, 1], and W has shape [n, k]"
    assert verdict("x^3", "x:", "[[3*x^2]]").says.startswith("the numbers are right")


def test_special_variables_are_told() -> None:
    found = verdict("-sum(y*log_softmax(z, 0))", "z:4 y:4", "softmax(z, 0) - y")
    assert found.verdict == "wrong"
    assert found.says == "the sum of y is missing as a factor: this is right only where y adds up to 1"
    found = verdict("x @ A @ x", "x:3 A:3,3", "2*A @ x")
    assert "symmetric A" in found.says


@pytest.mark.parametrize(
    ("expr", "right", "wrong"),
    [
        ("m*(3e8)^2", "9e16", "3e8"),
        ("1.38e-23*x^2", "2.76e-23*x", "1.38e-23*x"),
        ("sin(x)^2 + cos(x)^2", "0", "1e-9"),
        ("sqrt(x - 1000)", "1/(2*sqrt(x - 1000))", "1/sqrt(x - 1000)"),
        ("acosh(x/100)", "1/sqrt(x^2 - 10000)", "1/sqrt(x^2/10000 - 1)"),
    ],
)
def test_large_and_tiny_numbers(expr: str, right: str, wrong: str) -> None:
    assert verdict(expr, f"{'m' if 'm*' in expr else 'x'}:", right).verdict == "right"
    assert verdict(expr, f"{'m' if 'm*' in expr else 'x'}:", wrong).verdict == "wrong"


def test_what_rounding_swallows_is_not_right() -> None:
    assert verdict("x^3", "x:", "3*x^2 + (1e20*x + 5 - 1e20*x)").verdict == "undecided"


def test_an_overflow_is_no_way_out() -> None:
    assert verdict("x^3", "x:", "where(x > 0.5, exp(1e5) - exp(1e5), 3*x^2)").verdict == "undecided"
