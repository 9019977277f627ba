"""Jacobians, Hessians and products with them: PyTorch's recorded answers, and what each has to do with the others."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from autodiff import functional
from autodiff.functional import Derivatives, hessian, hvp, jacobian, jvp, vjp
from autodiff.gradcheck import Checked, gradcheck
from autodiff.graph.dtypes import float32
from autodiff.request.answer import derived
from autodiff.request.problem import KEYS, Given, problem, tangents
from autodiff.solve import Leaf, Problem
from conftest import golden

GIVEN = Given()
RESULTS = {"vjp": "grads"}


def given(expr: str, wrt: list[str] | None = None, gradient: Any = None, **variables: Any) -> Problem:
    leaves = {name: Leaf(np.asarray(value, np.float64)) for name, value in variables.items()}
    return Problem(expr, leaves, wrt=wrt, gradient=None if gradient is None else np.asarray(gradient, np.float64))


def parts(found: Derivatives) -> dict[tuple[str, ...], np.ndarray]:
    if found.error is not None:
        raise found.error
    assert found.parts is not None
    return found.parts


def as_arrays(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: as_arrays(item) for name, item in data.items()}
    return np.array(data, np.float64)


def assert_same(got: Any, want: Any) -> None:
    if isinstance(want, dict):
        assert set(got) == set(want)
        for name in want:
            assert_same(got[name], want[name])
    else:
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("case", golden("functional"), ids=lambda case: str(case["id"]))
def test_recorded(case: dict[str, Any]) -> None:
    kind = case["id"].partition("/")[0]
    asked = problem(case["request"], GIVEN, (*KEYS, "tangents"))
    if kind in ("jvp", "hvp"):
        found = {"jvp": jvp, "hvp": hvp}[kind](asked, tangents(case["request"], GIVEN, asked.dtype))
    else:
        found = {"jacobian": jacobian, "hessian": hessian, "vjp": vjp}[kind](asked)
    answer = derived(found, RESULTS.get(kind, kind))
    assert "error" not in answer
    for key, want in case["expect"].items():
        assert_same(as_arrays(answer[key]), as_arrays(want))


# Results of two variables, of different ranks and with all sorts of rules.
EXPRESSIONS = [
    ("sin(x) * y", (3,), (2, 3)),
    ("x @ y", (2, 3), (3, 2)),
    ("linalg.solve(x @ x.T + 3*eye(2), y)", (2, 2), (2,)),
    ("x.max(dim=1).values * y", (2, 3), (2,)),
    ("cumprod(x, 0) + y", (4,), ()),
    ("F.conv1d(x, y)", (1, 2, 5), (3, 2, 3)),
    ("x[[1, 0, 1]] * exp(y)", (2, 3), ()),
    ("sort(x, 0).values / (1 + y^2)", (4,), (4,)),
    ("x[x > 0] * y", (5,), ()),
    ("F.layer_norm(x, [3]) * y", (2, 3), (3,)),
    ("logsumexp(x @ y, 0)", (3, 2), (2, 4)),
    ("x.detach() * y", (3,), (3,)),
    ("zeros(2, 2) * x.sum()", (3,), (2,)),
]
EACH = pytest.mark.parametrize(("expr", "shape", "other"), EXPRESSIONS, ids=lambda value: str(value))


def point(*shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.permutation(np.linspace(-1.9, 2.1, int(np.prod(s)))).reshape(s) for s in shapes]


@EACH
def test_products_are_those_with_the_jacobian(expr: str, shape: tuple[int, ...], other: tuple[int, ...]) -> None:
    x, y = point(shape, other)
    found = jacobian(given(expr, x=x, y=y))
    whole = parts(found)
    assert found.value is not None
    along = dict(zip("xy", point(shape, other, seed=1), strict=True))
    (weights,) = point(found.value.shape, seed=2)
    expected = sum(np.tensordot(whole[name,], along[name], along[name].ndim) for name in "xy")
    np.testing.assert_allclose(parts(jvp(given(expr, x=x, y=y), along))[()], expected, rtol=1e-9, atol=1e-12)
    pulled = parts(vjp(given(expr, x=x, y=y, gradient=weights)))
    for name in "xy":
        np.testing.assert_allclose(
            pulled[name,], np.tensordot(weights, whole[name,], weights.ndim), rtol=1e-9, atol=1e-12
        )


@EACH
def test_the_hessian_is_symmetric_and_hvp_its_product(
    expr: str, shape: tuple[int, ...], other: tuple[int, ...]
) -> None:
    x, y = point(shape, other)
    scalar = f"sum(tanh({expr}))"
    whole = parts(hessian(given(scalar, x=x, y=y)))
    along = dict(zip("xy", point(shape, other, seed=1), strict=True))
    product = parts(hvp(given(scalar, x=x, y=y), along))
    sizes = {"x": x.size, "y": y.size}
    for a, b in itertools.product("xy", repeat=2):
        np.testing.assert_allclose(
            whole[a, b].reshape(sizes[a], sizes[b]), whole[b, a].reshape(sizes[b], sizes[a]).T, atol=1e-10
        )
    for a in "xy":
        expected = sum(np.tensordot(whole[a, b], along[b], along[b].ndim) for b in "xy")
        np.testing.assert_allclose(product[a,], expected, atol=1e-10)


@EACH
def test_derivatives_pass_gradcheck(expr: str, shape: tuple[int, ...], other: tuple[int, ...]) -> None:
    x, y = point(shape, other)
    checked = gradcheck(given(expr, x=x, y=y))
    assert checked.error is None
    assert checked.variables["x"].ok == ("detach" not in expr)
    assert checked.variables["y"].ok


@pytest.mark.parametrize("stacked", [1, 2, 7, 40])
@EACH
def test_how_rows_are_stacked_changes_nothing(
    expr: str, shape: tuple[int, ...], other: tuple[int, ...], stacked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = point(shape, other)
    usual = parts(jacobian(given(expr, x=x, y=y)))
    monkeypatch.setattr(functional, "STACKED", stacked)
    for key, array in parts(jacobian(given(expr, x=x, y=y))).items():
        assert array.tobytes() == usual[key].tobytes()


def test_large_variables_go_row_by_row() -> None:
    x = np.linspace(0, 1, 40_000)
    found = parts(jacobian(given("[sum(sin(x)), mean(x^2)]", x=x)))
    np.testing.assert_allclose(found["x",], [np.cos(x), 2 * x / x.size])


def test_variables_without_a_gradient_are_left_out() -> None:
    asked = problem(
        {"expr": "x*y*k", "vars": {"x": 2, "y": 3, "k": {"data": 2, "dtype": "int64"}}, "wrt": ["y"]}, GIVEN
    )
    assert list(parts(jacobian(asked))) == [("y",)]
    assert list(parts(hessian(asked))) == [("y", "y")]
    assert parts(hvp(asked, {}))["y",] == 0
    assert parts(jvp(asked, {}))[()] == 4


def test_what_no_path_leads_to_is_zero() -> None:
    found = jacobian(given("x*2", x=[1, 2], y=[[1, 2, 3]]))
    assert parts(found)["y",].shape == (2, 1, 3)
    assert not parts(found)["y",].any()
    for expr in ("(x > 0).double()", "ones(2)", "x.detach()"):
        assert parts(jacobian(given(expr, x=[1, 2])))["x",].tolist() == [[0, 0], [0, 0]]
        assert parts(jvp(given(expr, x=[1, 2]), {"x": np.ones(2)}))[()].tolist() == [0, 0]
        assert parts(vjp(given(expr, x=[1, 2], gradient=[1, 1])))["x",].tolist() == [0, 0]


def test_linear_functions_have_second_derivatives_of_zero() -> None:
    asked = given("sum(2*x) + y", x=[1, 2], y=3)
    assert {key: array.shape for key, array in parts(hessian(asked)).items()} == {
        ("x", "x"): (2, 2),
        ("x", "y"): (2,),
        ("y", "x"): (2,),
        ("y", "y"): (),
    }
    assert parts(hvp(asked, {"x": np.ones(2), "y": np.ones(())}))["x",].tolist() == [0, 0]


def test_empty_results_and_variables() -> None:
    assert parts(jacobian(given("x[:0]", x=[1, 2])))["x",].shape == (0, 2)
    assert parts(jacobian(given("x*ones(2, 1)", x=np.zeros(0))))["x",].shape == (2, 0, 0)
    assert gradcheck(given("x[:0]", x=[1, 2])).ok


def test_dtypes() -> None:
    leaves = {"x": Leaf(np.array([1, 2], np.float32)), "y": Leaf(np.array(3.0))}
    found = parts(jacobian(Problem("x*y", leaves, dtype=float32)))
    assert [array.dtype for array in found.values()] == [np.float32, np.float64]
    assert parts(jvp(Problem("x.double()*y", leaves), {"x": np.ones(2), "y": np.ones(())}))[()].dtype == np.float64


# gradcheck


def checked(expr: str, **variables: Any) -> Checked:
    return gradcheck(given(expr, **variables))


@pytest.mark.parametrize("expr", ["abs(x)", "relu(x)", "clamp(x, 0, 5)", "ceil(x)", "floor(x)"])
def test_kinks_fail(expr: str) -> None:
    found = checked(expr, x=[-1.5, 0, 2.5])
    assert not found.ok
    assert found.variables["x"].index == (1, 1)
    assert found.variables["x"].slopes is not None


@pytest.mark.parametrize(
    ("expr", "x"),
    [
        ("abs(x)", [-1.5, 2, 1e-5]),
        ("abs(x)^1.5", [0.0, 1.0]),
        ("log(x)", [1e-4, 0.01, 1.0, 1e6]),
        ("1e8 + x^3", [1.0, -2.0]),
        ("x * 1e9", [0.0, 1e-12, 1e12]),
        ("x^2", [0.0, 1e-3, 1e4]),
    ],
)
def test_smooth_points_pass(expr: str, x: list[float]) -> None:
    assert checked(expr, x=x).ok


def test_the_place_of_a_wrong_gradient() -> None:
    found = checked("[x[0]^2, x[1] * x[1].detach()]", x=[1, 3])
    compared = found.variables["x"]
    assert (found.ok, compared.index, compared.derivative) == (False, (1, 1), 3)
    assert compared.differences == pytest.approx(6)


def test_float32_is_compared_with_its_own_tolerance() -> None:
    leaves = {"x": Leaf(np.array([0.3, -40, 2], np.float32))}
    assert gradcheck(Problem("tanh(x)*x", leaves, dtype=float32)).ok
    assert not gradcheck(Problem("tanh(x)*x.detach()", leaves, dtype=float32)).ok


def test_what_is_not_a_number_fails() -> None:
    assert not checked("sqrt(x)", x=[-1.0, 1.0]).ok
    assert not checked("sqrt(x)", x=0.0).ok


def test_a_result_that_changes_its_shape() -> None:
    error = checked("x[x > 0]", x=[0.0, 1.0]).error
    assert error is not None
    assert error.code == "not-differentiable"
