"""Plots: which part of a curve is shown, where it breaks, and what it looks like."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.report.curves import Curve, curves, pieces, ticks, view
from autodiff.report.diagnostics import plain
from autodiff.report.plot import text_lines
from autodiff.report.plot_svg import svg
from autodiff.solve import Leaf, Problem

NAN = math.nan


def drawn(expr: str, low: float, high: float, order: int = 1, count: int = 101) -> tuple[list[Curve], np.ndarray]:
    points = np.linspace(low, high, count)
    return curves(Problem(expr, {}), "x", points, order), points


def test_values_and_derivatives() -> None:
    found, points = drawn("x^3", -1, 1, 4, 5)
    expected = [points**3, 3 * points**2, 6 * points, 6 + 0 * points, 0 * points]
    np.testing.assert_allclose([curve.values for curve in found], expected, atol=1e-12)
    assert [(curve.name, curve.formula) for curve in found] == [
        ("f", "x^3"), ("f'", "3*x^2"), ("f''", "6*x"), ("f'''", "6"), ("f''''", "0"),
    ]  # fmt: skip


def test_other_variables_keep_their_values() -> None:
    problem = Problem("a*x + b", {"a": Leaf(np.array(2.0)), "b": Leaf(np.array(1.0))})
    f, derivative = curves(problem, "x", np.array([0.0, 1.0]), 1)
    assert (f.values.tolist(), derivative.values.tolist()) == ([1, 3], [2, 2])
    assert derivative.formula == "a"


def test_a_constant_has_derivatives() -> None:
    found, _ = drawn("3", 0, 1, 2, 3)
    assert [curve.values.tolist() for curve in found] == [[3, 3, 3], [0, 0, 0], [0, 0, 0]]


def test_there_is_no_derivative_where_there_is_no_value() -> None:
    found, _ = drawn("log(x)", -1, 1, 1, 4)
    assert np.isnan(found[0].values).tolist() == np.isnan(found[1].values).tolist() == [True, True, False, False]


def test_a_plot_is_of_one_number() -> None:
    with pytest.raises(AutodiffError) as caught:
        drawn("x*[1, 2]", 0, 1)
    assert caught.value.code == "usage"


def test_poles_are_cut_and_steep_curves_are_not() -> None:
    points = np.linspace(-2, 2, 400)
    low, high = view([1 / points])
    assert -20 < low < -1
    assert 1 < high < 20
    assert view([points**9]) == (-512, 512)
    assert view([np.array([NAN, 1.0, 3.0])]) == (1, 3)
    assert view([np.array([NAN, NAN])]) == (-1, 1)
    low, high = view([np.array([5.0, 5.0])])
    assert low < 5 < high


def test_lines_break_at_gaps_and_poles() -> None:
    assert pieces(np.array([1, 2, NAN, 3, math.inf, 4, 5.0]), 0, 9) == [[0, 1], [3], [5, 6]]
    assert pieces(np.array([1, 20, -20, -1.0]), -9, 9) == [[0, 1], [2, 3]]
    assert pieces(np.array([1, 20, 30, 1.0]), -9, 9) == [[0, 1, 2, 3]]


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0, 10, 5, [0, 2, 4, 6, 8, 10]),
        (-1, 1, 4, [-1, -0.5, 0, 0.5, 1]),
        (0.001, 0.0031, 2, [0.002]),
        (-0.3, 0.3, 6, [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]),
        (1e9, 3e9, 2, [1e9, 2e9, 3e9]),
    ],
)
def test_ticks_are_round(low: float, high: float, count: int, expected: list[float]) -> None:
    assert ticks(low, high, count) == pytest.approx(expected)


def test_a_panel() -> None:
    found, points = drawn("abs(x)", -2, 2, 0)
    text = plain(text_lines(found, "x", points, 40))
    lines = text.splitlines()
    assert lines[0] == "f(x) = abs(x)"
    assert lines[1] == "   2 ┤⠱⡀                              ⢀⠎"
    assert lines[12].startswith("   0 ┤┈┈┈")
    assert lines[13] == "     └┬────────────────┬───────────────┬"
    assert lines[14].split() == ["-2", "0", "2"]
    assert max(map(len, lines)) <= 40


def test_panels_have_axes_of_their_own() -> None:
    found, points = drawn("100*x", 0, 1, 1)
    text = plain(text_lines(found, "x", points))
    assert "f'(x) = 100\n" in text
    assert text.count("└") == 2


def test_a_picture() -> None:
    found, points = drawn("where(x < 0, nan, x^2)", -1, 1, 2)
    root = ET.fromstring(svg(found, "x", points))
    lines = list(root.iter("{http://www.w3.org/2000/svg}polyline"))
    assert len(lines) == 3
    xs = [float(pair.split(",")[0]) for pair in (lines[0].get("points") or "").split()]
    assert min(xs) == pytest.approx(64 + 320, abs=8)
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "f(x) = where(x < 0, nan, x^2)" in texts
