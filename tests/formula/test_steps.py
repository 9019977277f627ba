"""The steps of a gradient: each local rule, each path, and numbers that are those of `eval`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.known import Known
from autodiff.formula.question import Question
from autodiff.formula.steps import Sheet, steps
from autodiff.graph.sizes import Shape, Size
from autodiff.solve import Leaf, Problem, solve

M, N = Size.named("m"), Size.named("n")


def with_values(expr: str, **variables: object) -> Sheet:
    leaves = {name: Leaf(np.asarray(value, dtype=float)) for name, value in variables.items()}
    return steps(Question(expr, {}), Problem(expr, leaves))


def with_shapes(expr: str, gradient: str | None = None, **shapes: Shape) -> Sheet:
    return steps(Question(expr, shapes, None, gradient))


def same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected)


def forward(sheet: Sheet) -> list[str]:
    return [f"{step.name} = {step.formula}" for step in sheet.forward]


def backward(sheet: Sheet) -> list[str]:
    return [f"{a.name}.grad = {' + '.join(path.outgoing for path in a.paths)}" for a in sheet.backward]


def rules(sheet: Sheet) -> list[str]:
    return [path.rule.says for arrival in sheet.backward for path in arrival.paths if path.rule is not None]


def test_a_chain() -> None:
    sheet = with_values("mean(2*(x+1)^2)", x=[1, 2, 3])
    assert forward(sheet) == ["v1 = x + 1", "v2 = v1^2", "v3 = 2*v2", "v4 = mean(v3)"]
    assert backward(sheet) == [
        "v4.grad = 1",
        "v3.grad = v4.grad*ones_like(v3)/3",
        "v2.grad = 2*v3.grad",
        "v1.grad = 2*v2.grad*v1",
        "x.grad = v1.grad",
    ]
    assert rules(sheet) == [
        "mean(u) passes g*ones_like(u)/numel(u) back",
        "the derivative of 2*u is 2",
        "the derivative of u^2 is 2*u",
        "the derivative of u + 1 is 1",
    ]
    assert sheet.results["x"].formula == "4*(x + 1)/3"
    same(sheet.results["x"].value, [8 / 3, 4, 16 / 3])


def test_every_step_has_its_value() -> None:
    sheet = with_values("mean(2*(x+1)^2)", x=[1, 2, 3])
    values = [step.value.tolist() for step in sheet.forward if step.value is not None]
    assert values == [[2, 3, 4], [4, 9, 16], [8, 18, 32], pytest.approx(58 / 3)]


def test_paths_add_up() -> None:
    sheet = with_values("x*exp(x)", x=1)
    (arrival,) = [arrival for arrival in sheet.backward if arrival.name == "x"]
    assert [(path.source, path.incoming, path.outgoing) for path in arrival.paths] == [
        ("v2", "v2.grad", "v2.grad*v1"),
        ("v1", "v1.grad", "v1.grad*v1"),
    ]
    assert arrival.value == pytest.approx(2 * np.e)
    assert all(path.value == pytest.approx(np.e) for path in arrival.paths)


def test_shapes_give_formulas() -> None:
    sheet = with_shapes("sum((X @ w - y)^2)", X=(M, N), w=(N,), y=(M,))
    assert [step.shape for step in sheet.forward] == ["[m]", "[m]", "[m]", "[]"]
    assert all(step.value is None for step in sheet.forward)
    assert backward(sheet)[-3:] == ["X.grad = outer(v1.grad, w)", "w.grad = X.T @ v1.grad", "y.grad = -v2.grad"]
    assert "u @ v passes u.T @ g back to v" in rules(sheet)
    assert sheet.results["w"].formula == "2*X.T @ (X @ w - y)"


def test_the_result_of_a_step_is_used_where_its_rule_does() -> None:
    sheet = with_shapes("sigmoid(w*x + b)")
    assert backward(sheet)[1] == "v2.grad = v3.grad*v3*(1 - v3)"
    assert rules(sheet)[0] == "the derivative of sigmoid(u) is sigmoid(u)*(1 - sigmoid(u))"


def test_one_operand_twice_is_one_path() -> None:
    sheet = with_values("x*x", x=3)
    assert forward(sheet) == ["v1 = x*x"]
    assert rules(sheet) == ["the derivative of u*u is 2*u"]
    assert backward(sheet)[-1] == "x.grad = 2*v1.grad*x"


def test_what_was_broadcast_is_summed() -> None:
    sheet = with_values("sum(x*b)", x=[1, 2], b=3)
    assert rules(sheet)[-1] == "the derivative of u*v by v is u; summed, because it was broadcast"
    assert sheet.results["b"].value == 3


def test_one_of_several_results() -> None:
    sheet = with_values("sum(max(x, 1).values)", x=[[1, 5], [4, 3]])
    assert forward(sheet) == ["v1 = max(x, 1)[0]", "v2 = sum(v1)"]
    same(sheet.results["x"].value, [[0, 1], [1, 0]])


def test_names_of_sub_expressions_name_steps() -> None:
    leaf = Leaf(np.array(2.0))
    problem = Problem("v1*y", {"v1": leaf}, let={"y": "exp(v1)"})
    sheet = steps(Question(problem.expr, {}, None, None, problem.let), problem)
    assert forward(sheet) == ["y = exp(v1)", "v2 = v1*y"]


def test_results_that_are_no_scalars() -> None:
    assert "gradient" in with_shapes("x^2", x=(N,)).assumes
    with pytest.raises(AutodiffError) as caught:
        with_shapes("X @ w", X=(M, N), w=(N,))
    assert caught.value.code == "non-scalar-output"
    assert with_shapes("X @ w", "g", X=(M, N), w=(N,)).results["w"].formula == "X.T @ g"


def test_weights_as_numbers_have_a_name_of_their_own() -> None:
    problem = Problem("g*x", {"g": Leaf(np.array([1.0, 2.0])), "x": Leaf(np.ones(2))}, gradient=np.array([3.0, 5.0]))
    sheet = steps(Question(problem.expr, {}), problem)
    assert backward(sheet)[0] == "v1.grad = g_"
    assert sheet.results["g"].formula == "x*g_"
    same(sheet.results["x"].value, [3, 10])


def test_rules_without_a_formula_still_have_numbers() -> None:
    expr, leaves = "sum(max_pool1d(x, 2))", {"x": Leaf(np.arange(4.0).reshape(1, 1, 4))}
    sheet = steps(Question(expr, {}), Problem(expr, leaves))
    answer = solve(Problem(expr, leaves))
    assert answer.grads is not None
    for name, result in sheet.results.items():
        assert result.formula is None
        same(result.value, answer.grads[name])
    assert "…" in "".join(backward(sheet))


@pytest.mark.parametrize(
    "expr",
    ["sum(softmax(x, 0)*x)", "trace(x @ x) + det(x)", "sum(cumsum(x, 1)[0]^2)", "sum(where(x > 1, x, 0)*x.T)"],
)
def test_numbers_are_those_of_eval(expr: str) -> None:
    leaves = {"x": Leaf(np.array([[1.5, 0.5, -1.0], [2.0, -0.5, 1.0], [0.3, 0.7, 2.0]]))}
    grads = solve(Problem(expr, leaves)).grads
    sheet = steps(Question(expr, {}), Problem(expr, leaves))
    assert grads is not None
    same(sheet.results["x"].value, grads["x"])
    for arrival in sheet.backward:
        same(sum(path.value for path in arrival.paths), arrival.value)


def test_a_formula_that_does_not_give_the_value_is_not_shown() -> None:
    sheet = with_values("sum(prod(x)*x)", x=[0, 0, 2])
    paths = [path for arrival in sheet.backward if arrival.name == "x" for path in arrival.paths]
    assert "zeros_like(x)" in [path.outgoing for path in paths]  # prod(x)/x is 0/0 here
    known = Known({"x": np.array([2.0]), "v1.grad": np.array([3.0])})
    assert known.gives("x*v1.grad", np.array([6.0]))
    assert not known.gives("x + v1.grad", np.array([6.0]))
    assert not known.gives("nonsense(x)", np.array([6.0]))


def test_formulas_over_shapes_are_compared_with_numbers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert forward(with_shapes("sum(exp(x))", x=(N,)))[0] == "v1 = exp(x)"
    monkeypatch.setitem(from_graph.TABLE, "exp", lambda node, inputs: t.mul([t.num(2), inputs[0]]))
    assert forward(with_shapes("sum(exp(x))", x=(N,)))[0] == "v1 = exp(x)"
    assert "v1.grad*exp(x)" not in "".join(backward(with_shapes("sum(exp(x))", x=(N,))))


def test_words_after_an_equals_sign_are_values() -> None:
    assert forward(with_values("sum(mean(x, 0, keepdim=True))", x=[[1, 2]]))[0] == "v1 = mean(x, 0, keepdim=True)"


def test_what_people_see_as_one_operation_is_one_step() -> None:
    sheet = with_shapes("x @ A @ x", x=(N,), A=(N, N))
    assert forward(sheet) == ["v1 = x @ A", "v2 = v1 @ x"]
    assert "u @ v passes v @ g back to u" in rules(sheet)
    sheet = with_shapes("logdet(X)", X=(N, N))
    assert forward(sheet) == ["v1 = logdet(X)"]
    assert rules(sheet) == ["logdet(u) passes g*inv(u).T back"]
    sheet = with_values("trace(outer(x, x))", x=[1, 2])
    assert forward(sheet) == ["v1 = outer(x, x)", "v2 = trace(v1)"]
    assert rules(sheet)[-1] == "outer(u, u) passes (g + g.T) @ u back"
    same(sheet.results["x"].value, [2, 4])
    assert forward(with_values("1/(1 + x)", x=2)) == ["v1 = 1 + x", "v2 = 1/v1"]


def test_numbers_of_elements_are_no_steps() -> None:
    sheet = with_shapes("F.cross_entropy(x, y)", x=(M, N), y=(M, N))
    assert forward(sheet)[-2:] == ["v4 = -v3", "v5 = v4/x.size(0)"]
    assert forward(with_shapes("sum(x^2)/numel(x)", x=(N,)))[-1] == "v3 = v2/numel(x)"


def test_a_formula_that_has_no_value_at_a_point_is_not_shown_there() -> None:
    assert backward(with_values("norm(x)", x=[3, 4]))[-1] == "x.grad = v1.grad*x/v1"
    assert backward(with_values("norm(x)", x=[0, 0]))[-1] == "x.grad = zeros_like(x)"
