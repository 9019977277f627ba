"""Every identity holds at random points, and is applied wherever it occurs."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.printing import Printer
from autodiff.formula.simplify import RULES, Rule, Simplifier
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import float64
from autodiff.graph.primitive import variable
from autodiff.solve import Leaf, Problem, parsed, solve


def simplified(text: str) -> str:
    t.forget()
    scope = {name: variable(name, (), float64, False) for name in "abxy"}
    term = from_graph.convert([Builder(scope).tensor(parsed(text))])[0]
    return Printer(dict.fromkeys("abxy", ())).text(Simplifier().simplify(term))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.left)
def test_both_sides_of_a_rule_have_the_same_values(rule: Rule) -> None:
    random = np.random.default_rng(5)
    leaves = {name: Leaf(random.uniform(rule.low, rule.high, 50)) for name in "ab"}
    left, right = (solve(Problem(side, leaves, backward=False)).value for side in (rule.left, rule.right))
    assert left is not None
    assert right is not None
    np.testing.assert_allclose(left, np.broadcast_to(right, left.shape), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.left)
def test_a_rule_is_applied(rule: Rule) -> None:
    t.forget()
    scope = {name: variable(name, (), float64, False) for name in "ab"}
    left, right = from_graph.convert([Builder(scope).tensor(parsed(side)) for side in (rule.left, rule.right)])
    simplifier = Simplifier()
    assert left is right or simplifier.simplify(left) is simplifier.simplify(right)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x + x", "2*x"),
        ("x*x^2/x", "x^2"),
        ("2*(x + 1) - 2*x", "2"),
        ("3*sin(x*y)^2 + 3*cos(x*y)^2 + y", "y + 3"),
        ("y*exp(x)/(1 + exp(x))", "y*sigmoid(x)"),
        ("exp(2*log(x) + y)", "x^2*exp(y)"),
        ("exp(x)*exp(-x)", "1"),
        ("sin(-x)", "-sin(x)"),
        ("abs(-x)^2", "x^2"),
        ("sqrt(x^2)", "sqrt(x^2)"),
        ("x^(1/3)*x^(2/3)", "x"),
        ("sqrt(4*x)", "2*sqrt(x)"),
        ("x/3 + x/6", "x/2"),
    ],
)
def test_forms(text: str, wanted: str) -> None:
    assert simplified(text) == wanted
