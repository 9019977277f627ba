"""What is printed reads back as the same formula."""

from __future__ import annotations

import pytest

from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.printing import Printer, length
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import float64
from autodiff.graph.primitive import variable
from autodiff.graph.sizes import Shape, Size
from autodiff.solve import parsed

M, N = Size.named("m"), Size.named("n")
SHAPES: dict[str, Shape] = {"A": (M, N), "B": (N, N), "x": (N,), "y": (M,), "a": (), "b": ()}


def printed(text: str) -> str:
    t.forget()
    scope = {name: variable(name, shape, float64, False) for name, shape in SHAPES.items()}
    return Printer(SHAPES).text(from_graph.convert([Builder(scope).tensor(parsed(text))])[0])


@pytest.mark.parametrize(
    "text",
    [
        "a^(-2/3)/3",
        "1/(2*sqrt(a))",
        "-a^2",
        "(-a)^b",
        "a - b",
        "-(a + b)*a",
        "2*A.T @ (A @ x - y)",
        "(a + b)/(a*b)",
        "a^(b + 1)",
        "outer(y, x)",
        "-(a + b)",
        "2*(x @ x)*x",
        "det(B)*inv(B).T",
        "where(x > 0, x, 0)",
        "where((x > 0) & (x < 1), 2.0, 0.0)",
        "sum(A, 1)",
        "ones_like(x)/numel(x)",
        "eye(B.size(0))",
        "softmax(x, 0)",
        "exp(x @ x)*x",
        "a*pi/2",
        "a/(b/(a + 1) + 1)",
        "(B @ B).T",
        "numel(A)*a",
    ],
)
def test_printing_is_stable(text: str) -> None:
    once = printed(text)
    assert printed(once) == once
    assert length(once) <= length(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x*(A.T @ y)", "x*(A.T @ y)"),
        ("a*1/3", "a/3"),
        ("x @ B", "B.T @ x"),
        ("(A @ B).T", "(A @ B).T"),
        ("sum(A*outer(y, x))", "y @ A @ x"),
        ("1 - a", "1 - a"),
        ("zeros_like(x)", "zeros_like(x)"),
    ],
)
def test_forms(text: str, wanted: str) -> None:
    assert printed(text) == wanted


@pytest.mark.parametrize(("text", "size"), [("2*x", 1), ("x^(-2/3)/3", 4), ("A.T", 1), ("-x", 1), ("sin(-x)", 2)])
def test_length_counts_operators(text: str, size: int) -> None:
    assert length(text) == size
