"""Formulas in mathematics' characters, and that they say the same as the text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.derive import Question, derive
from autodiff.formula.printing import Printer
from autodiff.formula.reading import scope_of
from autodiff.formula.unicode import unicode_text
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import float64, using_default_dtype
from autodiff.graph.sizes import Shape
from autodiff.request.shapes import shape_from_json, shape_of
from autodiff.solve import parsed

GOLDEN = Path(__file__).parents[1] / "golden"
SHAPES: dict[str, Shape] = {
    **{name: shape_of(name, "scalar") for name in ("a", "b", "alpha", "lambda_")},
    "x": shape_of("x", "n"),
    "u": shape_of("u", "n"),
    "X": shape_of("X", "m,n"),
    "y": shape_of("y", "m"),
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2*X.T @ (X @ x - y)/numel(y)", "2·Xᵀ @ (X @ x − y)/numel(y)"),
        ("-a*exp(-a^2/2)/sqrt(2*pi)", "−a·exp(−a²/2)/√(2·π)"),
        ("x*u + a*x^-2", "x⊙u + a·x⁻²"),
        ("x^(-12) + a^b + a^(2/3)", "x⁻¹² + a^b + a^(2/3)"),
        ("where((a <= 0) & (b != 1), a, 0)", "where((a ≤ 0) ∧ (b ≠ 1), a, 0)"),
        ("norm(x)^2 + abs(a) + sum(x*u)", "‖x‖² + |a| + ∑(x⊙u)"),
        ("alpha*sum(X, 1)", "α·sum(X, 1)"),
    ],
)
def test_forms(text: str, wanted: str) -> None:
    assert unicode_text(text, SHAPES) == wanted


def test_a_greek_letter_that_is_taken_is_left() -> None:
    assert unicode_text("alpha*α", {"alpha": (), "α": ()}) == "alpha·α"
    assert unicode_text("π*pi", {"π": ()}) == "π·pi"


# What the characters for people stand for; the language reads the others.
MEANT = {"π": "pi", "∞": "inf", "ᵀ": ".T", "⊙": "*", "√": "sqrt", "∑": "sum", "∏": "prod", "σ": "sigmoid"}
MEANT |= {"∧": "&", "∨": "|", "¬": "~"}


def plain(text: str) -> str:
    for mark, meant in MEANT.items():
        text = text.replace(mark, meant)
    return text


def printed(text: str, shapes: dict[str, Shape]) -> str:
    t.forget()
    with using_default_dtype(float64):
        _, scope = scope_of(shapes)
        return Printer(shapes).text(from_graph.convert([Builder(scope).tensor(parsed(text))])[0])


def formulas() -> list[tuple[str, dict[str, Shape]]]:
    """Derived for golden cases and a sample of composed scalars."""
    questions = []
    for line in (GOLDEN / "derive.jsonl").read_text(encoding="utf-8").splitlines()[::2]:
        request = json.loads(line)["request"]
        shapes = {name: shape_from_json(name, shape) for name, shape in request["shapes"].items()}
        questions.append(Question(request["expr"], shapes, request["wrt"]))
    for line in (GOLDEN / "composed.jsonl").read_text(encoding="utf-8").splitlines()[::120]:
        case: dict[str, Any] = json.loads(line)
        if case["expect"].get("shape") == []:
            shapes = {name: np.shape(value) for name, value in case["request"]["vars"].items()}
            questions.append(Question(case["request"]["expr"], shapes, case["request"].get("wrt")))
    return [(text, dict(question.shapes)) for question in questions for text in derive(question).gradient.values()]


def test_print_parse_print_is_stable() -> None:
    """Printing what was printed: the second and the third time are the same, in text and in Unicode."""
    unstable = []
    for text, shapes in formulas():
        once = printed(text, shapes)
        if printed(once, shapes) != once:
            unstable.append((once, printed(once, shapes)))
        marked = unicode_text(once, shapes)
        if "‖" not in marked and "|" not in marked:
            assert unicode_text(printed(plain(marked), shapes), shapes) == marked
    assert not unstable
