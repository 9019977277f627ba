"""`autodiff derive`: what it prints in each form, and what its requests hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def test_one_line_a_variable(command: Any) -> None:
    result = command("derive", "x^2*y", "x:scalar", "y:scalar")
    assert (result.code, result.out, result.err) == (0, "x.grad = 2*x*y\ny.grad = x^2\n", "")


def test_latex(command: Any) -> None:
    result = command("derive", "sum((X @ w - y)^2)", "X:m,n", "w:n", "y:m", "--wrt", "w", "--latex")
    assert result.out == "w.grad = 2 X^\\top \\left(X w - y\\right)\n"
    assert command("derive", "x^2", "--latex", "--only", "x.grad").out == "2 x\n"


def test_unicode(command: Any) -> None:
    result = command("derive", "sum((X @ w - y)^2)", "X:m,n", "w:n", "y:m", "--wrt", "w", "--unicode")
    assert result.out == "w.grad = 2·Xᵀ @ (X @ w − y)\n"


@pytest.mark.parametrize("form", [(), ("--latex",)])
def test_json_has_the_text_and_latex(command: Any, form: tuple[str, ...]) -> None:
    (answer,) = command("derive", "alpha*x^2", "x:scalar", "alpha:scalar", "--wrt", "x", *form, "--json").answers
    assert answer == {"gradient": {"x": "2*x*alpha"}, "latex": {"x": "2 x \\alpha"}, "assumes": {}}


def test_the_value_stands_below_the_formula(command: Any) -> None:
    result = command("derive", "x^3", "x=2")
    assert result.out == "x.grad = 3*x^2\n       = tensor(12.)\n"
    result = command("derive", "mean(2*(x+1)^2)", "x=[[1,2,3],[4,5,6]]", "--latex", "--precision", "2")
    assert result.out == (
        "x.grad = \\frac{2 \\left(x + 1\\right)}{3}\n"
        "       = tensor([[1.33, 2.00, 2.67],\n"
        "                 [3.33, 4.00, 4.67]])\n"
    )
    assert command("derive", "x^3", "x=2", "--only", "x.grad").out == "3*x^2\n"


def test_values_in_json(command: Any) -> None:
    (answer,) = command("derive", "x^3", "x=2", "--order", "2", "--json").answers
    assert answer["value"] == {"x": 12.0}
    assert answer["hessian"] == {"x": {"x": "6*x"}}
    assert answer["hessian_value"] == {"x": {"x": 12.0}}


def test_a_formula_whose_variables_have_no_values_has_none(command: Any) -> None:
    assert command("derive", "x^2*y", "x=3", "y:scalar").out == "x.grad = 2*x*y\ny.grad = x^2\n       = tensor(9.)\n"
    (answer,) = command("derive", "x^2*y", "x=3", "y:scalar", "--json").answers
    assert answer["value"] == {"x": None, "y": 9.0}


def test_values_from_files(command: Any) -> None:
    Path("x.json").write_text("[1, 2]", encoding="utf-8")
    assert command("derive", "sum(x^2)", "x=@x.json").out == "x.grad = 2*x\n       = tensor([2., 4.])\n"


def test_order_2(command: Any) -> None:
    result = command("derive", "x @ A @ x", "x:n", "A:n,n", "--wrt", "x", "--order", "2")
    assert result.out == "x.grad = (A + A.T) @ x\nhessian[x, x] = A + A.T\n"
    result = command("derive", "x*y", "x:scalar", "y:scalar", "--order", "2", "--only", "hessian[x,y]")
    assert result.out == "1\n"


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_code(command: Any, target: str) -> None:
    result = command("derive", "x^3", "--code", target)
    assert result.code == 0
    assert "return 3*x**2\n" in result.out
    compile(result.out, "generated", "exec")


def test_nothing_to_differentiate_for_is_said(command: Any) -> None:
    result = command("derive", "2")
    assert (result.code, result.out) == (0, "")
    assert "there is no variable to differentiate for" in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--latex", "--unicode"),
        ("--latex", "--code", "numpy"),
        ("--code", "numpy", "--json"),
        ("--code", "numpy", "--only", "x.grad"),
        ("--code", "fortran"),
        ("--order", "3"),
        ("--only", "y.grad"),
        ("--only", "x.grad", "--json"),
    ],
)
def test_options_that_do_not_go_together(command: Any, arguments: tuple[str, ...]) -> None:
    result = command("derive", "x^3", *arguments)
    assert (result.code, result.out) == (2, "")


def test_requests(command: Any) -> None:
    rows = [
        {"id": 1, "expr": "x^3", "order": 2},
        {"expr": "x^3", "vars": {"x": 2}},
        {"expr": "x^3", "order": 3},
        {"expr": "sum(x)", "vars": {"x": {"data": [1, 2], "shape": [2, 1]}}},
    ]
    result = command("derive", "--rows", "-", stdin="\n".join(map(json.dumps, rows)))
    second, valued, bad, shaped = result.answers
    assert second == {
        "id": 1,
        "gradient": {"x": "3*x^2"},
        "hessian": {"x": {"x": "6*x"}},
        "latex": {"x": "3 x^{2}"},
        "hessian_latex": {"x": {"x": "6 x"}},
        "assumes": {"x": "a number"},
    }
    assert valued == {"gradient": {"x": "3*x^2"}, "latex": {"x": "3 x^{2}"}, "value": {"x": 12.0}, "assumes": {}}
    assert bad["error"]["code"] == "bad-request"
    assert shaped["value"] == {"x": [[1.0], [1.0]]}
    assert result.code == 2


def test_rows_have_the_form_that_the_command_line_says(command: Any) -> None:
    (answer,) = command("derive", "--latex", "--rows", "-", stdin='{"expr": "alpha^2"}').answers
    assert answer["latex"] == {"alpha": "2 \\alpha"}
    (answer,) = command("derive", "--unicode", "--rows", "-", stdin='{"expr": "alpha^3"}').answers
    assert answer["gradient"] == {"alpha": "3·α²"}


def test_a_shape_in_a_request_takes_the_value_away(command: Any) -> None:
    row = '{"expr": "sum(x^2)", "shapes": {"x": ["n"]}}'
    (answer,) = command("derive", "x=[1,2]", "--rows", "-", stdin=row).answers
    assert answer == {"gradient": {"x": "2*x"}, "latex": {"x": "2 x"}, "assumes": {}}
