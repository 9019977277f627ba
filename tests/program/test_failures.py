"""How programs end: the place, the calls that led there, Python's last line, ways out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autodiff.errors import AutodiffError
from autodiff.report.diagnostics import diagnose, plain

Run = Callable[..., Any]


def shown(error: AutodiffError | None) -> str:
    assert error is not None
    return plain(diagnose(error))


def test_an_error_in_a_function_names_the_calls(program: Run) -> None:
    text = "def div(a, b):\n    return a / b\n\ndef outer(x):\n    return div(x, 0)\n\nouter(3)\n"
    result = program(text)
    assert shown(result.error) == (
        "error[uncaught]: division by zero\n"
        "  in program, line 2\n"
        "2 │     return a / b\n"
        "  │            ━━━━━ in div\n"
        "  ⋮\n"
        "5 │     return div(x, 0)\n"
        "  │            ───────── div is called here, in outer\n"
        "6 │\n"
        "7 │ outer(3)\n"
        "  │ ──────── outer is called here\n"
        "  = more: autodiff explain uncaught\n"
    )
    assert result.last == "ZeroDivisionError: division by zero"


def test_the_headline_has_the_line_of_the_error_not_of_a_call(program: Run) -> None:
    text = "def main():\n    helper()\n\ndef helper():\n    1 / 0\n\nmain()\n"
    assert "in program, line 5\n" in shown(program(text).error)


PLACES = [
    ("x = [1, 2]\ny = x[5]\n", "x[5]"),
    ("a = 1\nb = a.real.foo\n", "a.real.foo"),
    ("a = 1\nb = a + 2 + 'x' + 4\n", "a + 2 + 'x'"),
    ("for x in 5:\n    pass\n", "5"),
    ("a, b = 1, 2, 3\n", "a, b"),
    ("x = 1 < 'a'\n", "1 < 'a'"),
    ("def f(a): pass\nf()\n", "f()"),
    ("x = f'{1} {2:zz}'\n", "{2:zz}"),
    ("d = {}\nd['k'] += 1\n", "d['k'] += 1"),
    ("d = {}\ndel d['k']\n", "d['k']"),
    ("import torch, os\n", "os"),
    ("from torch import nothing_like_it\n", "nothing_like_it"),
    ("from nowhere import it\n", "nowhere"),
    ("raise ValueError('x')\n", "raise ValueError('x')"),
    ("assert 1 > 2, 'no'\n", "assert 1 > 2, 'no'"),
    ("with 5:\n    pass\n", "5"),
    ("x = [v / 0 for v in [1]]\n", "v / 0"),
    ("x = list(v / 0 for v in [1])\n", "v / 0"),
    ("class A(int()): pass\n", "A"),
    ("x = torch.ones(2, requires_grad=True)\n(x * 2).backward()\n", "(x * 2).backward()"),
    ("x = {[]: 1}\n", "1"),
    ("print(not_there)\n", "not_there"),
    ("if torch.ones(2): pass\n", "torch.ones(2)"),
    ("x = -'a'\n", "-'a'"),
    ("def g():\n    yield 1\n    1 / 0\nfor x in g(): pass\n", "1 / 0"),
    ("x = sorted([1, 2], key=lambda v: v / 0)\n", "v / 0"),
]


@pytest.mark.parametrize(("text", "place"), PLACES)
def test_the_place(text: str, place: str, program: Run) -> None:
    error = program(text).error
    assert error.span.text == place


def test_codes_and_ways_out(program: Run) -> None:
    found = {
        "totl = 1\nprint(total)\n": ("unknown-name", "totl"),
        "print(relu(1))\n": ("unknown-name", "torch.relu"),
        "torch.sofmax\n": ("unknown-attribute", "softmax"),
        "import os\n": ("unknown-module", "torch"),
        "x = torch.ones(2, requires_grad=True)\nx.backward()\n": ("non-scalar-output", ""),
        "torch.ones(2) + torch.ones(3)\n": ("shape-mismatch", ""),
        "raise KeyError('a')\n": ("uncaught", ""),
        "[].__class__.__bases__\n": ("not-reachable", ""),
    }
    for text, (code, help) in found.items():
        error = program(text).error
        assert error.code == code, text
        assert any(help in line for line in error.help) or not help, (text, error.help)


def test_errors_of_the_library_are_pytorchs_exceptions(program: Run) -> None:
    text = """
for make in (lambda: torch.ones(2) + torch.ones(3), lambda: torch.ones(2).foo, lambda: torch.ones(2)[5],
             lambda: torch.inverse(torch.zeros(2, 2)), lambda: [].__class__.__bases__, lambda: float("x")):
    try:
        make()
    except (RuntimeError, AttributeError, IndexError, ValueError) as error:
        print(type(error).__name__, "|", str(error)[:40])
"""
    assert program(text).out.splitlines() == [
        "RuntimeError | The size of tensor a (2) must match the ",
        "AttributeError | 'Tensor' object has no attribute 'foo'",
        "IndexError | index 5 is out of bounds for dimension 0",
        "_LinAlgError | linalg.inv: The diagonal element 1 is ze",
        "AttributeError | '__bases__' of the class 'list' is not w",
        "ValueError | could not convert string to float: 'x'",
    ]


def test_wrong_syntax(program: Run) -> None:
    assert program("x = (1\n").last.startswith("SyntaxError: ")
    assert program("def f():\n    nonlocal x\n").last == "SyntaxError: no binding for nonlocal 'x' found"


def test_warnings_appear_once_for_each_place(program: Run) -> None:
    text = "y = torch.ones(1, requires_grad=True) * 2\nfor i in range(3):\n    y.grad\ny.grad\n"
    warnings = program(text).warnings
    assert len(warnings) == 2
    assert all(w.startswith("UserWarning: The .grad attribute of a Tensor that is not a leaf") for w in warnings)


def test_every_run_starts_from_pytorchs_defaults(program: Run) -> None:
    program("torch.set_default_dtype(torch.float64)\ntorch.manual_seed(5)\ntorch.set_grad_enabled(False)\n")
    fresh = program("print(torch.ones(1).dtype, torch.is_grad_enabled(), torch.initial_seed())\n")
    assert fresh.out == "torch.float32 True 67280421310721\n"
