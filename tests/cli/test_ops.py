"""`autodiff ops`."""

from __future__ import annotations

from typing import Any


def test_one_operation(command: Any) -> None:
    result = command("ops", "tanh")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("tanh(x)\n  The hyperbolic tangent.\n")
    assert "\n  x.grad = 1 - tanh(x)^2\n" in result.out


def test_one_operation_in_json(command: Any) -> None:
    (answer,) = command("ops", "mul", "--json").answers
    assert answer["derivative"] == {"of": "x*y", "formulas": {"x": "y", "y": "x"}}
    assert (answer["grad_fn"], answer["aliases"]) == ("MulBackward0", ["multiply"])
    assert answer["example"] == {"expr": "mul([1., 2.], 3)", "prints": "tensor([3., 6.])"}
    assert command("ops", "eq", "--json").answers[0]["derivative"] is None


def test_all_operations(command: Any) -> None:
    out = command("ops").out
    assert out.startswith("Arithmetic\n  add ")
    assert "\n\nLinear algebra\n" in out
    (answer,) = command("ops", "--json").answers
    assert {"name", "signature", "family", "doc"} == set(answer["operations"][0])


def test_a_search(command: Any) -> None:
    out = command("ops", "hyperbolic").out
    assert "tanh" in out
    assert "inverse hyperbolic" not in command("ops", "hyperbolic tangent").out.splitlines()[0]


def test_an_unknown_name(command: Any) -> None:
    result = command("ops", "softmx")
    assert (result.code, result.out) == (2, "")
    assert "did you mean 'softmax'?" in result.err
