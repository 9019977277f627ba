"""`autodiff jacobian`, `hessian`, `jvp`, `vjp`, `hvp` and `gradcheck`: printed answers, errors."""

from __future__ import annotations

import json
from typing import Any

import pytest


def test_jacobian(command: Any) -> None:
    result = command("jacobian", "x^2*y", "x=[1,2]", "y=3")
    assert result == (
        0,
        "tensor([ 3., 12.], grad_fn=<MulBackward0>)\n"
        "x.jacobian = tensor([[ 6.,  0.],\n"
        "                     [ 0., 12.]])\n"
        "y.jacobian = tensor([1., 4.])\n",
        "",
    )


def test_hessian(command: Any) -> None:
    assert command("hessian", "sum(x^2*y)", "x=[1,2]", "y=3").out == (
        "tensor(15., grad_fn=<SumBackward0>)\n"
        "hessian[x, x] = tensor([[6., 0.],\n"
        "                        [0., 6.]])\n"
        "hessian[x, y] = tensor([2., 4.])\n"
        "hessian[y, x] = tensor([2., 4.])\n"
        "hessian[y, y] = tensor(0.)\n"
    )


def test_products(command: Any) -> None:
    value = "tensor([ 3., 12.], grad_fn=<MulBackward0>)\n"
    arguments = ("x^2*y", "x=[1,2]", "y=3")
    along = command("jvp", *arguments, "--tangent", "x=[1,0]", "--tangent", "y=2")
    assert along.out == value + "jvp = tensor([8., 8.])\n"
    weighed = command("vjp", *arguments, "--gradient", "[1,2]")
    assert weighed.out == value + "x.grad = tensor([ 6., 24.])\ny.grad = tensor(9.)\n"
    second = command("hvp", "sum(x^3)", "x=[1,2]", "--tangent", "x=[1,-1]")
    assert second.out == "tensor(9., grad_fn=<SumBackward0>)\nx.hvp = tensor([  6., -12.])\n"


def test_a_single_number_goes_without_a_tangent(command: Any) -> None:
    assert command("jvp", "x^2", "x=3", "--only", "jvp").out == "6.0\n"
    assert command("hvp", "sum(x^2)", "x=[3]", "--only", "x.hvp").out == "[2.0]\n"
    assert command("vjp", "x^2", "x=3", "--only", "x.grad").out == "6.0\n"


@pytest.mark.parametrize(
    ("argv", "out"),
    [
        (("jacobian", "x*y", "x=[1,2]", "y=3", "--only", "y.jacobian"), "[1.0, 2.0]\n"),
        (("jacobian", "x*y", "x=[1,2]", "y=3", "--only", "value"), "[3.0, 6.0]\n"),
        (("jacobian", "x*y", "x=[1,2]", "y=3", "--only", "x.jacobian", "--wrt", "y"), "null\n"),
        (("hessian", "x*y", "x=2", "y=3", "--only", "hessian[x,y]"), "1.0\n"),
        (("hessian", "x*y", "x=2", "y=3", "--only", "hessian[x, y]"), "1.0\n"),
        (("hessian", "x*y", "x=[1,2]", "y=3", "--only", "shape"), "[2]\n"),
        (("jvp", "x*y", "x=2", "y=3", "--wrt", "x", "--only", "grad_fn"), "MulBackward0\n"),
        (("jvp", "x*y", "x=2", "y=3", "--wrt", "x", "--only", "dtype"), "float64\n"),
    ],
)
def test_one_part(command: Any, argv: tuple[str, ...], out: str) -> None:
    assert command(*argv) == (0, out, "")


def test_an_unknown_part(command: Any) -> None:
    result = command("jacobian", "x", "x=1", "--only", "x.jacobain")
    assert result.code == 2
    assert "did you mean 'x.jacobian'?" in result.err
    assert command("jacobian", "x", "x=1", "--only", "value", "--json").code == 2


def test_options(command: Any) -> None:
    assert "0.841471" in command("jacobian", "cos(x)", "x=1", "--precision", "6").out
    assert command("jacobian", "u*x", "x=3", "--let", "u=x^2", "--only", "x.jacobian").out == "27.0\n"
    assert "tensor(6.)" in command("jacobian", "x^2", "x=3", "--dtype", "float32").out
    limited = command("jacobian", "x*1", "x=ones(2000)", "--limit-size", "1MB")
    assert limited.code == 4
    assert "jvp, hvp" in limited.err


def test_integers_take_no_gradient(command: Any) -> None:
    result = command("jacobian", "x*n", "x=1", "n=arange(2)")
    assert "n.jacobian" not in result.out
    assert "write arange(2.)" in result.err
    assert command("jacobian", "3").out == "tensor(3)\n"


def test_json(command: Any) -> None:
    (answer,) = command("hessian", "x*y", "x=2", "y=3", "--json").answers
    assert answer == {
        "value": 6.0,
        "shape": [],
        "dtype": "float64",
        "grad_fn": "MulBackward0",
        "hessian": {"x": {"x": 0.0, "y": 1.0}, "y": {"x": 1.0, "y": 0.0}},
    }
    (answer,) = command("jvp", "x*2", "x=[1,2]", "--tangent", "x=[1,0]", "--json").answers
    assert answer["jvp"] == [2.0, 0.0]
    (answer,) = command("vjp", "x*y", "x=1", "y=2", "--json").answers
    assert answer["grads"] == {"x": 2.0, "y": 1.0}


def test_rows(command: Any) -> None:
    lines = [
        {"id": 1, "expr": "x^2", "vars": {"x": [1, 2]}, "tangents": {"x": [1, "NaN"]}},
        {"id": 2, "vars": {"x": [3, 4]}},
        {"id": 3, "vars": {"x": [3, 4]}, "tangents": {"x": [1]}},
        {"id": 4, "vars": {"x": [3, 4]}, "tangent": {"x": [1, 1]}},
        {"id": 5, "vars": {"x": [5, 6]}, "tangents": None},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    result = command("jvp", "x^2", "--tangent", "x=[0,1]", "--rows", "-", stdin=text)
    first, second, third, fourth, fifth = result.answers
    assert (first["jvp"], second["jvp"], fifth["jvp"]) == ([2.0, "NaN"], [0.0, 8.0], [0.0, 12.0])
    assert third["error"]["code"] == "tangent-shape"
    assert third["error"]["in"] == "tangents.x"
    assert fourth["error"]["help"] == "did you mean 'tangents'?"
    assert result.code == 2
    assert [answer["id"] for answer in command("jvp", "-", stdin=text).answers] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("hessian", "x^2", "x=[1,2]"), "non-scalar-output",
         "The Tensor returned by the function given to hessian should contain a single element"),
        (("hvp", "x^2", "x=[1,2]", "--tangent", "x=[1,2]"), "non-scalar-output",
         "The Tensor returned by the function given to hvp should contain a single element"),
        (("vjp", "x^2", "x=[1,2]"), "non-scalar-output",
         "The vector v can only be None if the user-provided function returns a single Tensor with a single element."),
        (("vjp", "x^2", "x=[1,2]", "--gradient", "[1,2,3]"), "gradient-shape",
         "v has invalid size: should be torch.Size([2]) but got torch.Size([3])."),
        (("jvp", "x^2", "x=[1,2]"), "missing-tangent",
         "The vector v can only be None if the input to the user-provided function is a single Tensor with a single"
         " element."),
        (("jvp", "x*y", "x=[1,2]", "y=3", "--tangent", "x=[1,0]"), "missing-tangent",
         "v is a tuple of invalid length: should be 2 but got 1."),
        (("jvp", "x^2", "x=[1,2]", "--tangent", "x=1"), "tangent-shape",
         "v has invalid size: should be torch.Size([2]) but got torch.Size([])."),
        (("hvp", "x*y", "x=1", "y=3", "--tangent", "x=1", "--tangent", "y=[1]"), "tangent-shape",
         "Entry 1 in v has invalid size: should be torch.Size([]) but got torch.Size([1])."),
        (("jvp", "x > 0", "x=1"), "integer-gradient",
         "Only Tensors of floating point and complex dtype can require gradients"),
    ],
)  # fmt: skip
def test_errors_in_pytorchs_words(command: Any, argv: tuple[str, ...], code: str, message: str) -> None:
    result = command(*argv)
    assert result.code == 4
    assert f"error[{code}]: {message}\n" in result.err
    (answer,) = command(*argv, "--json").answers
    assert (answer["error"]["code"], answer["error"]["message"]) == (code, message)
    assert ("value" in answer) == (code in ("non-scalar-output", "gradient-shape", "integer-gradient"))


def test_the_suggested_weights_work(command: Any) -> None:
    assert "--gradient '[1,1]'" in command("vjp", "x^2", "x=[1,2]").err
    assert command("vjp", "x^2", "x=[1,2]", "--gradient", "[1,1]").code == 0
    assert command("hessian", "x^2", "x=[1,2]").err.splitlines()[1:4] == [
        "  │ x^2",
        "  │ ━━━ this has shape [2]",
        "  = help: make it a scalar with sum(…) or mean(…), or choose one element with [i]",
    ]


@pytest.mark.parametrize(
    ("argv", "message", "help"),
    [
        (("--tangent", "alfa=1"), "'alfa' cannot have a tangent: there is no such variable", "did you mean 'alpha'?"),
        (("--tangent", "beta=1", "--wrt", "alpha"), "'beta' cannot have a tangent: it takes no gradient", ""),
        (("--tangent", "alpha"), "--tangent 'alpha' is not NAME=VALUE", "--tangent x='[1,0]'"),
        (("--tangent", "alpha=1", "--tangent", "alpha=2"), "--tangent alpha is given twice", ""),
        (("--wrt", "gamma"), "cannot differentiate with respect to 'gamma'", ""),
    ],
)
def test_wrong_calls(command: Any, argv: tuple[str, ...], message: str, help: str) -> None:
    result = command("jvp", "alpha*beta", "alpha=2", "beta=3", *argv)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert help in result.err


def test_errors_of_backward_come_after_the_value(command: Any) -> None:
    result = command("jacobian", "x // 2", "x=[1,2]")
    assert result.code == 4
    assert result.out.startswith("tensor([0., 1.]")
    assert "error[not-differentiable]" in result.err


def test_help(command: Any) -> None:
    for name in ("jacobian", "hessian", "jvp", "vjp", "hvp", "gradcheck"):
        result = command(name, "--help")
        assert result.code == 0
        assert f"\n  autodiff {name} " in result.out
        assert ("--tangent" in result.out) == (name in ("jvp", "hvp"))
        assert ("--gradient" in result.out) == (name == "vjp")


# gradcheck


def test_gradients_that_agree(command: Any) -> None:
    code, out, err = command("gradcheck", "sum(tanh(w @ x))", "w=[[1,2],[3,4]]", "x=[0.1,0.2]")
    assert (code, err) == (0, "")
    assert [line.split(",")[0] for line in out.splitlines()] == ["w: ok", "x: ok"]


def test_a_kink_fails(command: Any) -> None:
    code, out, err = command("gradcheck", "sum(abs(x)*y)", "x=[-1,0,2]", "y=3")
    assert (code, err) == (1, "")
    failed, fine = out.splitlines()
    assert failed == "x: failed, a kink at [1]: the derivative is 0, the slopes to its sides are -3 and 3"
    assert fine.startswith("y: ok")


def test_a_wrong_gradient_fails(command: Any) -> None:
    code, out, _ = command("gradcheck", "sum(x*x.detach())", "x=[1,3]")
    assert (code, out) == (
        1, "x: failed, largest difference 3 at [1]: the derivative is 3, differences give 6\n",
    )  # fmt: skip
    assert command("gradcheck", "sum(x*x.detach())", "x=[1,3]", "--atol", "4").code == 0
    assert command("gradcheck", "sum(x*x.detach())", "x=[1,3]", "--rtol", "0.6").code == 0
    assert command("gradcheck", "abs(x)", "x=0.01", "--eps", "0.1").code == 1
    assert command("gradcheck", "abs(x)", "x=0.01").code == 0


def test_gradcheck_in_json(command: Any) -> None:
    (answer,) = command("gradcheck", "abs(x)", "x=0", "--json").answers
    assert answer["ok"] is False
    assert answer["gradcheck"]["x"]["slopes"] == [-1.0, 1.0]
    assert answer["gradcheck"]["x"]["at"] == []
    lines = (
        '{"id":1,"expr":"x^2","vars":{"x":1}}\n'
        '{"id":2,"expr":"abs(x)","vars":{"x":0}}\n'
        '{"id":3,"expr":"log(x)","vars":{"x":-1}}\n'
        '{"id":4,"expr":"y","vars":{"x":1}}\n'
        '{"id":5,"expr":"x","vars":{"x":1},"eps":0}\n'
        '{"id":6,"expr":"x*x.detach()","vars":{"x":1},"atol":2}\n'
        '{"id":7,"expr":"3"}\n'
    )
    result = command("gradcheck", "--rows", "-", stdin=lines)
    assert result.code == 1
    assert [answer.get("ok") for answer in result.answers] == [True, False, False, None, None, True, None]
    assert result.answers[2]["gradcheck"]["x"]["difference"] == "NaN"
    errors = [answer["error"]["code"] for answer in result.answers if "error" in answer]
    assert errors == ["unknown-name", "bad-request", "no-grad-path"]
    assert command("gradcheck", "y", "x=1", "--json").code == 4
    assert command("gradcheck", "abs(x)", "x=0", "--json").code == 1


def test_gradcheck_draws_what_has_a_shape_alone(command: Any) -> None:
    arguments = ("gradcheck", "sum((X @ w - y)^2) * log(s)", "X:m,n", "w:n", "y:m", "s:scalar")
    code, out, err = command(*arguments, "--seed", "7")
    assert code == 0
    assert [line.split(",")[0] for line in out.splitlines()] == ["X: ok", "w: ok", "y: ok", "s: ok"]
    assert err == "note: X, w, y, s drawn with --seed 7\n"
    assert command(*arguments, "--seed", "7").out == out
    assert command(*arguments, "--seed", "8").out != out
    first, second, third = command(
        "gradcheck", "x*y", "x=2", "y:3", "--rows", "-", stdin='{}\n{"shapes":{"y":["k",2]},"seed":5}\n{"seed":-1}\n'
    ).answers
    assert (first["ok"], first["seed"], len(first["gradcheck"]["x"]["at"])) == (True, 0, 1)
    assert (second["ok"], second["seed"], len(second["gradcheck"]["x"]["at"])) == (True, 5, 2)
    assert third["error"]["code"] == "bad-request"
    assert command("gradcheck", "x", "x:3", "x=2").code == 2
    assert command("gradcheck", "x", "x:3", "x:2").code == 2
    assert command("gradcheck", "x", "x:10000000").code == 4
