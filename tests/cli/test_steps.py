"""`autodiff steps` in its forms."""

from __future__ import annotations

from typing import Any


def test_text(command: Any) -> None:
    result = command("steps", "x*exp(x)", "x=1")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "Forward: the value, step by step\n"
        "  step  expression  shape  value\n"
        "  v1    exp(x)      []     2.7183\n"
        "  v2    x*v1        []     2.7183\n"
        "\n"
        "Backward: incoming gradient times local derivative, from the result to the variables\n"
        "  gradient  from  local rule                          expression               value\n"
        "  v2.grad         the result itself                   1                        1.\n"
        "  v1.grad   v2    the derivative of u*v by v is u     v2.grad*x                1.\n"
        "  x.grad    v2    the derivative of u*v by u is v     v2.grad*v1               2.7183\n"
        "            v1    the derivative of exp(u) is exp(u)  v1.grad*v1               2.7183\n"
        "                  the paths add up                    v2.grad*v1 + v1.grad*v1  5.4366\n"
        "  u, v stand for the operands of a step\n"
        "\n"
        "Result\n"
        "  x.grad = exp(x)*(x + 1)\n"
        "         = 5.4366\n"
    )


def test_formulas_without_values(command: Any) -> None:
    result = command("steps", "mean(2*(x+1)^2)")
    assert result.out.endswith("Result\n  x.grad = 4*(x + 1)/numel(x)\n")
    assert "value\n" not in result.out
    assert result.err == "note: x is taken for a tensor of any shape\n"
    assert "w.grad = 2*X.T @ (X @ w - y)\n" in command("steps", "sum((X@w-y)^2)", "X:m,n", "w:n", "y:m").out


def test_precision(command: Any) -> None:
    assert "= 2.71828183\n" in command("steps", "exp(x)", "x=1", "--precision", "8").out


def test_json(command: Any) -> None:
    (answer,) = command("steps", "x*exp(x)", "x=0", "--json").answers
    assert answer["forward"][0] == {"step": "v1", "expression": "exp(x)", "shape": [], "value": 1.0}
    assert answer["backward"][-1] == {
        "gradient": "x.grad",
        "paths": [
            {
                "from": "v2",
                "rule": "the derivative of u*v by u is v",
                "incoming": "v2.grad",
                "outgoing": "v2.grad*v1",
                "value": 1.0,
            },
            {
                "from": "v1",
                "rule": "the derivative of exp(u) is exp(u)",
                "incoming": "v1.grad",
                "outgoing": "v1.grad*v1",
                "value": 0.0,
            },
        ],
        "value": 1.0,
    }
    assert (answer["gradient"], answer["grads"]) == ({"x": "exp(x)*(x + 1)"}, {"x": 1.0})
    (answer,) = command("steps", "sum(X @ w)", "X:m,3", "w:3", "--json").answers
    assert answer["forward"][0] == {"step": "v1", "expression": "X @ w", "shape": ["m"]}
    assert "grads" not in answer


def test_requests(command: Any) -> None:
    lines = (
        '{"id":1,"expr":"x^2","vars":{"x":3}}\n{"id":2,"expr":"3*x","shapes":{"x":["n"]},"gradient":"g"}\n{"id":3}\n'
    )
    result = command("steps", "--rows", "-", stdin=lines)
    first, second, third = result.answers
    assert (first["id"], first["grads"]) == (1, {"x": 6.0})
    assert (second["id"], second["gradient"]) == (2, {"x": "3*g"})
    assert (third["id"], third["error"]["code"]) == (3, "bad-request")


def test_markdown_has_tables(command: Any) -> None:
    out = command("steps", "sum(x | y)*z", "x=[True]", "y=[False]", "z=2", "--markdown").out
    assert "| `v1` | `x \\| y` | `[1]` | `[True]` |\n" in out
    assert "| --- | --- | --- | --- |\n" in out
    assert "the derivative of u\\*v by v is u" in out
    assert out.endswith("\n")


def test_latex(command: Any) -> None:
    out = command("steps", "sum((X@w)^2)", "X=[[1,2],[3,4]]", "w=[1,-1]", "--latex", "--wrt", "w").out
    assert out.count("\\begin{align*}") == out.count("\\end{align*}") == 3
    assert "v_{1} &= X w = \\begin{bmatrix} -1 & -1 \\end{bmatrix} \\\\\n" in out
    assert "\\bar{w} &= X^\\top \\bar{v}_{1} = \\begin{bmatrix} -8 & -12 \\end{bmatrix}" in out
    assert "\\text{the derivative of }u^{2}\\text{ is }2 u" in out
    assert "QX" not in out


def test_one_form_at_a_time(command: Any) -> None:
    result = command("steps", "x", "--json", "--latex")
    assert result.code == 2
    assert "choose one" in result.err


def test_weights(command: Any) -> None:
    assert "x.grad = 3*g\n         = [9., 6.]\n" in command("steps", "3*x", "x=[1,2]", "--gradient", "[3,2]").out
    assert command("steps", "X @ w", "X:m,n", "w:n").code == 4
    assert "w.grad = X.T @ g\n" in command("steps", "X @ w", "X:m,n", "w:n", "--gradient", "g").out
