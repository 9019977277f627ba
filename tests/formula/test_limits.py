"""Deep, long and strange expressions: a formula or a clear error, soon, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff.errors import AutodiffError
from autodiff.formula import term as t
from autodiff.formula.derive import Question, derive
from autodiff.formula.printing import Printer
from autodiff.graph.sizes import Shape, Size
from autodiff.request.shapes import shape_of
from autodiff.solve import Leaf, Problem, solve

N = Size.named("n")


def nested(pattern: str, times: int) -> str:
    text = "x"
    for _ in range(times):
        text = pattern.replace("_", text)
    return text


@pytest.mark.parametrize("pattern", ["sin(_)", "sqrt(_ + 1)", "_ + 1", "-(_)", "(_).abs()", "exp(-_)"])
def test_what_is_deep_is_a_formula_or_an_error(pattern: str) -> None:
    question = Question(nested(pattern, 250), {"x": ()})
    if pattern == "sqrt(_ + 1)":  # 2^-250, beside which nothing can be compared
        with pytest.raises(AutodiffError, match="no formula was found"):
            derive(question)
    else:
        assert derive(question).gradient["x"]


def test_a_formula_of_a_million_characters_is_verified_in_parts() -> None:
    text = derive(Question(nested("sin(_)", 640), {"x": ()})).gradient["x"]
    assert len(text) > 1_000_000
    with pytest.raises(AutodiffError, match="longer than"):
        derive(Question(nested("sin(_)", 1200), {"x": ()}))


@pytest.mark.parametrize(
    ("expr", "short"),
    [
        ("*".join(f"(x + 1/{i + 1})" for i in range(300)), 9000),
        ("*".join(f"sin({i + 1}*x)" for i in range(200)), 9000),
        ("x" + "".join(f"/(x + {i})" for i in range(200)), 6000),
        (" + ".join(f"sin({i + 1}*x)" for i in range(300)), 6000),
    ],
    ids=["product", "sines", "quotients", "sum"],
)
def test_long_products_have_short_formulas(expr: str, short: int) -> None:
    assert len(derive(Question(expr, {"x": ()})).gradient["x"]) < short


def test_a_long_chain_of_matrices() -> None:
    expr = f"trace({' @ '.join(['A'] * 500)})"
    assert derive(Question(expr, {"A": (N, N)})).gradient["A"] == "500*matrix_power(A, 499).T"


def test_no_search_goes_on_for_ever() -> None:
    t.forget()
    t.allow(1000)
    some = [t.var(f"x{i}", ()) for i in range(2000)]
    with pytest.raises(AutodiffError, match="too much work"):
        t.add(some)
    t.forget()


def test_deep_matrices_turn_and_print_without_recursion() -> None:
    t.forget()
    shape: Shape = (N, N)
    term = t.var("X", shape)
    for _ in range(500):
        term = t.fn("tanh", [t.add([term, t.num(1)])], (), shape)
    turned = t.transpose(term)
    assert t.transpose(turned) is term
    assert Printer({"X": shape}).text(turned).startswith("tanh(tanh(")


def test_a_product_of_matrices_and_activations_is_not_turned_again_and_again() -> None:
    expr = "X"
    for _ in range(30):
        expr = f"tanh({expr} @ A)"
    shapes = {"X": shape_of("X", "m,n"), "A": shape_of("A", "n,n")}
    assert "tanh" in derive(Question(f"sum({expr})", shapes, ["X"])).gradient["X"]


def test_a_condition_does_not_reach_into_a_reduction() -> None:
    assert derive(Question("max(x)", {"x": (N,)})).gradient["x"] == "where(x == max(x), 1/sum(x == max(x)), 0)"


def test_what_is_zero_everywhere_is_zero() -> None:
    assert derive(Question("norm(log_softmax(x, 1))", {"x": (3, 1)})).gradient["x"] == "zeros_like(x)"


LEAVES = st.sampled_from(["x", "y", "v", "2", "0.5", "x.T", "pi"])
UNARY = ["sin(_)", "exp(_)", "log(abs(_) + 1)", "relu(_)", "-(_)", "(_)^2", "(_)^-1", "sigmoid(_)", "sum(_)", "sqrt(_)"]
BINARY = ["(_ + _)", "(_ - _)", "_*(_)", "(_)/(_)", "maximum(_ + v, v*_)", "where(_ > 0, _, 1)", "(_)^(_)", "(_)@(_)"]


def filled(pattern: str, parts: list[str]) -> str:
    for part in parts:
        pattern = pattern.replace("_", part, 1)
    return pattern


EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda p, a: filled(p, [a]), st.sampled_from(UNARY), inner),
        st.builds(lambda p, a, b: filled(p, [a, b]), st.sampled_from(BINARY), inner, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(EXPRESSIONS)
def test_any_expression_has_a_right_formula_or_an_error(text: str) -> None:
    values = {"x": [[0.4, 1.3], [-0.7, 0.9]], "y": [[1.1, 0.2], [0.6, -1.2]], "v": [0.8, -0.3]}
    leaves = {name: Leaf(np.array(value)) for name, value in values.items() if name in text}
    shapes: dict[str, Shape] = {name: tuple(leaf.array.shape) for name, leaf in leaves.items()}
    question = Question(f"sum({text})", shapes)
    try:
        found = derive(question).gradient
    except AutodiffError:
        return
    assert derive(question).gradient == found
    answer = solve(Problem(f"sum({text})", leaves))
    for name, gradient in (answer.grads or {}).items():
        if gradient is None or not np.isfinite(gradient).all() or np.abs(gradient).max() > 1e6:
            continue
        value = solve(Problem(found[name], leaves, backward=False)).value
        assert value is not None
        np.testing.assert_allclose(value, gradient, rtol=1e-6, atol=1e-7, err_msg=found[name])
