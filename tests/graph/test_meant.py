"""What is said about names that do not exist."""

from __future__ import annotations

import pytest

import autodiff.ops  # noqa: F401  (registers the operations)
from autodiff.errors import AutodiffError
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import float64
from autodiff.graph.primitive import variable
from autodiff.syntax.parse import parse

MEANT = [
    ("xy", "to multiply, write x*y"),
    ("xyx", "to multiply, write x*y*x"),
    ("2*A^T", "to transpose, write A.T"),
    ("sinx", "to call sin, write sin(x)"),
    ("Σx", "write sum(x)"),
    ("x2", "to raise to a power, write x^2; an element is x[0], x[1] …"),
    ("x_i", "an element is written x[0], x[1] …; functions take all of x"),
    ("a", "did you mean 'A'?"),
    ("true", "write True"),
    ("NaN", "write nan"),
    ("PI", "write pi"),
    ("i", "give it a value: i=…; complex numbers are not known here"),
    ("maen(x)", "did you mean 'mean'?"),
    ("tahn(x)", "did you mean 'tanh'?"),
    ("Tr(A)", "did you mean 'trace'?"),
    ("cot(x + 1)", "write 1/tan(x + 1)"),
    ("cbrt(x + 1)", "write (x + 1)^(1/3)"),
    ("print(x)", "leave out print: the value is printed"),
    ("qqqq(x)", "autodiff ops lists the functions"),
    ("nn.ReLU()(x)", "as a function it is relu(x)"),
    ("A.T()", "T is no function: write A.T"),
    ("x.y", "to multiply, write x*y; for the inner product, x @ y"),
    ("x.trans(0, 1)", "did you mean 'transpose'?"),
    ("x.add_(1)", "nothing is changed in place here: write .add(…)"),
    ("x.mean", "mean is a method: call it, .mean()"),
    ("x > 1 & x < 5", "& binds tighter than comparisons: write (x > 0) & (x < 3)"),
]


@pytest.mark.parametrize(("text", "help"), MEANT, ids=[row[0] for row in MEANT])
def test_a_name_that_does_not_exist(text: str, help: str) -> None:
    scope = {name: variable(name, (3, 3) if name == "A" else (3,), float64, True) for name in ("x", "y", "A")}
    with pytest.raises(AutodiffError) as raised:
        Builder(scope).build(parse(text))
    assert raised.value.help[0] == help
    assert raised.value.span is not None


def test_dtype_of_a_tensor() -> None:
    assert Builder({"x": variable("x", (3,), float64, True)}).build(parse("zeros(2, dtype=x.dtype)")).dtype is float64
