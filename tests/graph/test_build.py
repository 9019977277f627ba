"""What the pieces of an expression mean: names, numbers, methods, attributes, and the graph that comes of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.report.tree import entries, nested
from autodiff.solve import Answer, Graph, Leaf, Problem, solve

X = np.array([[1.0, -2.0, 3.0], [-4.0, 5.0, 0.5]])
VARIABLES = {
    "x": X,
    "f": X.astype(np.float32),
    "u": np.array([3, 250], np.uint8),
    "m": X > 0,
    "s": np.array(0.7),
}


def problem(expr: str, let: dict[str, str] | None = None, **others: Any) -> Problem:
    return Problem(expr, {name: Leaf(np.asarray(a)) for name, a in (VARIABLES | others).items()}, let=let)


def answer(expr: str, **others: Any) -> Answer:
    return solve(problem(expr, **others))


def value(expr: str, **others: Any) -> Any:
    found = answer(expr, **others)
    assert found.value is not None, found.error
    return found.value.tolist()


def error(expr: str, let: dict[str, str] | None = None, **others: Any) -> AutodiffError:
    found = solve(problem(expr, let, **others)).error
    assert found is not None
    return found


def graph(expr: str) -> Any:
    text = nested(entries(Graph(problem(expr)).output))
    return json.loads(text) if text else None


LEAF = ["AccumulateGrad", []]


# Plain numbers


@pytest.mark.parametrize(
    ("expr", "wanted"),
    [
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("2^3^2", 512),
        ("-2^2", -4),
        ("2^-1", 0.5),
        ("1/3*3", 1.0),
        ("0.1 + 0.2 == 0.3", True),  # literals are exact until they meet a tensor
        ("True + True", 2),
        ("~5", -6),
        ("6 & 3 | 8", 10),
        ("1 < 2 < 3", True),
        ("1 < 2 > 5", False),
        ("not 0", True),
        ("0 or 3", 3),
        ("0 and 3", 0),
        ("10^400 / 10^399", 10.0),
    ],
)
def test_numbers(expr: str, wanted: Any) -> None:
    found = value(expr)
    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("1/0", "division by zero"),
        ("1.5/0", "float division by zero"),
        ("1//0", "integer division or modulo by zero"),
        ("1.5//0", "float floor division by zero"),
        ("1%0", "integer modulo by zero"),
        ("1.5%0", "float modulo"),
        ("0^-1", "0.0 cannot be raised to a negative power"),
    ],
)
def test_divisions_by_zero_have_pythons_words(expr: str, message: str) -> None:
    found = error(expr)
    assert (found.type, found.message) == ("ZeroDivisionError", message)


def test_numbers_have_limits() -> None:
    assert error("9^9^9").code == "limit-number"
    assert error("x + 2^64").code == "limit-number"


@pytest.mark.parametrize(("expr", "shape"), [("(2.5).T", ()), ("(1/3).mT", ()), ("True.T", ())])
def test_attributes_of_numbers(expr: str, shape: tuple[int, ...]) -> None:
    found = answer(expr)
    assert found.error is None or found.error.code != "internal"
    assert found.value is None or found.value.shape == shape


def test_a_number_as_one_of_two_tensors() -> None:
    assert value("dist(1/2, [0.5, 3.5])") == 3.0


@pytest.mark.parametrize(
    ("expr", "wanted"),
    [
        ("u + -1", [2, 249]),
        ("u * -1", [253, 6]),
        ("u + 300", [47, 38]),
        ("300 + u", [47, 38]),
        ("u & -1", [3, 250]),
        ("u < -1", [True, True]),
        ("u == 259", [True, False]),
    ],
)
def test_integers_wrap_around_beside_narrow_types(expr: str, wanted: Any) -> None:
    assert value(expr) == wanted


@pytest.mark.parametrize("expr", ["u^300", "clamp(u, 0, 300)", "u.masked_fill(u > 5, 300)", "full_like(u, 300)"])
def test_where_they_must_fit(expr: str) -> None:
    assert error(expr).message == "value cannot be converted to type uint8_t without overflow"


def test_a_fill_takes_negative_numbers_in_twos_complement() -> None:
    assert value("u.masked_fill(u > 5, -1)") == [3, 255]


# Element types


@pytest.mark.parametrize(
    ("expr", "dtype"),
    [
        ("f*0.1", "float32"),
        ("f*s", "float32"),
        ("f*x", "float64"),
        ("m + 1", "int64"),
        ("m + 0.5", "float64"),
        ("round(u)", "uint8"),
        ("round(u) & 1", "uint8"),
        ("trace(reshape(u, 1, 2))", "int64"),
        ("u/2", "float64"),
        ("f * f.numel()", "float32"),
        ("cosine_similarity(f, s, -1)", "float64"),
    ],
)
def test_dtypes(expr: str, dtype: str) -> None:
    found = answer(expr).value
    assert found is not None
    assert found.dtype == dtype


# The graph


@pytest.mark.parametrize(
    ("expr", "wanted"),
    [
        ("2*x", ["MulBackward0", [LEAF, None]]),
        ("x*2", ["MulBackward0", [LEAF, None]]),
        ("mul(2, x)", ["MulBackward0", [None, LEAF]]),
        ("2 + x", ["AddBackward0", [LEAF, None]]),
        ("add(2, x)", ["AddBackward0", [None, LEAF]]),
        ("2 - x", ["RsubBackward1", [LEAF]]),
        ("2/x", ["MulBackward0", [["ReciprocalBackward0", [LEAF]], None]]),
        ("x.numel() - x", ["RsubBackward1", [LEAF]]),
        ("x^x.size(0)", ["PowBackward0", [LEAF]]),
        ("x.numel()^x", ["PowBackward2", [LEAF]]),
        ("x^2", ["PowBackward0", [LEAF]]),
        ("-x", ["NegBackward0", [LEAF]]),
        ("x > 0", None),
        ("max(x, 1)[1]", None),
        ("sort(x).indices", None),
        ("max(x, 1)[0]", ["MaxBackward0", [LEAF]]),
    ],
)
def test_graphs(expr: str, wanted: Any) -> None:
    assert graph(expr) == wanted


def test_a_sub_expression_is_one_node() -> None:
    found = Graph(problem("y*y", {"y": "x + 1"})).output
    assert found.inputs[0] is found.inputs[1]


# Methods


def test_where_as_a_method_has_the_condition_in_between() -> None:
    assert value("x.where(x > 0, 0)") == np.where(X > 0, X, 0).tolist()
    assert value("x.where(m, s)") == value("where(m, x, s)")
    assert value("m.where(x > 1, x > 2)") == np.where(X > 1, X > 0, X > 2).tolist()


def test_a_tensor_without_dims_is_taken_for_a_number() -> None:
    assert value("cumsum(x, tensor(1))") == np.cumsum(X, 1).tolist()
    assert value("x.view(x.size(1), tensor(2))") == X.reshape(3, 2).tolist()


def test_where_as_a_function_has_it_first() -> None:
    assert error("where(x, x > 0, x)").message.startswith("where expected condition to be a boolean tensor")


# Names


def test_variables_hide_constants_and_modules() -> None:
    assert value("pi + e", pi=1.0, e=2.0) == 3.0
    assert value("torch.sum()", torch=[1.0, 2.0]) == 3.0
    assert value("sum(sum)", sum=[1.0, 2.0]) == 3.0
    assert value("T.T", T=[[1.0, 2.0]]) == [[1.0], [2.0]]
    assert value("torch.sum(x)") == value("F.sum(x)") == X.sum()


@pytest.mark.parametrize(
    ("expr", "help"),
    [
        ("sin", "sin is a function: call it, sin(…)"),
        ("torch", "torch is a module: torch.sum(…) and the like are its functions"),
        ("torch.sin", "torch.sin is a function: call it, torch.sin(…)"),
        ("math.sin(x)", "functions stand alone, exp(x), or behind torch., F., linalg., special. or np."),
        ("π*x", "write pi"),
        ("q", "give it a value: q=…"),
        ("x.grad", "gradients are printed without being asked for; --only x.grad prints one alone"),
        ("x.backward()", "backward runs without being asked for, from the result of the whole expression"),
        ("x.average()", "did you mean 'mean'?"),
    ],
)
def test_names_without_a_value(expr: str, help: str) -> None:
    assert solve(Problem(expr, {"x": Leaf(X)})).error.help == [help]  # type: ignore[union-attr]


def test_lets_see_only_those_before_them() -> None:
    late = error("z", {"z": "y*2", "y": "x + 1"})
    assert (late.code, late.help) == ("unknown-name", ["y is a --let that comes after this one: give it before"])
    own = error("y", {"y": "y + 1"})
    assert own.help == ["y stands in its own definition: name one of the two otherwise"]


# Errors in the middle of things


@pytest.mark.parametrize(
    ("expr", "type", "message"),
    [
        ("median(m)", "NotImplementedError", "\"median_cpu\" not implemented for 'Bool'"),
        ("median(m, 0)", "NotImplementedError", "\"median_out\" not implemented for 'Bool'"),
        ("index_select(x, 0, tensor([9]))", "IndexError", "index out of range in self"),
        ("index_select(x, 1, tensor([9]))", "RuntimeError", "INDICES element is out of DATA bounds, id=9 axis_dim=3"),
        ("index_select(x, -1, tensor([9]))", "RuntimeError", "INDICES element is out of DATA bounds, id=9 axis_dim=3"),
        ("index_select(x[0], 0, tensor([9]))", "IndexError", "index out of range in self"),
    ],
)
def test_pytorchs_words(expr: str, type: str, message: str) -> None:
    found = error(expr)
    assert (found.type, found.message) == (type, message)


@pytest.mark.parametrize("name", ["elu", "celu", "selu", "hardtanh", "relu6", "hardswish"])
def test_the_gradient_at_nan_is_that_of_the_last_branch(name: str) -> None:
    point = np.array([np.nan])
    found = solve(Problem(f"sum({name}(x))", {"x": Leaf(point)}))
    assert found.grads is not None
    assert found.grads["x"] == pytest.approx([1.0507009873554805 if name == "selu" else 1.0])
