"""Formulas as LaTeX: what is written how, and that all of it compiles."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.derive import Question, derive
from autodiff.formula.latex import latex, latex_text
from autodiff.formula.reading import scope_of
from autodiff.formula.symbols import latex_name
from autodiff.graph.build import Builder
from autodiff.graph.sizes import Shape
from autodiff.request.shapes import shape_from_json, shape_of
from autodiff.solve import parsed

GOLDEN = Path(__file__).parents[1] / "golden"
SHAPES: dict[str, Shape] = {
    **{name: shape_of(name, "scalar") for name in ("a", "b", "alpha", "lr", "theta_1")},
    **{name: shape_of(name, "n") for name in ("x", "u")},
    "X": shape_of("X", "m,n"),
    "A": shape_of("A", "n,n"),
    "B": shape_of("B", "n,n"),
    "y": shape_of("y", "m"),
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2*X.T @ (X @ x - y)/numel(y)", r"\frac{2 X^\top \left(X x - y\right)}{m}"),
        ("-a*exp(-a^2/2)/sqrt(2*pi)", r"-\frac{a e^{-\frac{a^{2}}{2}}}{\sqrt{2 \pi}}"),
        ("a - (b - 1) - -b", r"a - \left(b - 1\right) - \left(-b\right)"),
        ("a + (b + 1)", "a + b + 1"),
        ("-(a + b)*a", r"-\left(a + b\right) a"),
        ("2*3*a*4", r"2 \cdot 3 a \cdot 4"),
        ("a^(-2/3)/3", r"\frac{a^{-2/3}}{3}"),
        ("(-a)^2 + (a^2)^3 + sin(a)^2", r"\left(-a\right)^{2} + \left(a^{2}\right)^{3} + \sin\left(a\right)^{2}"),
        ("x*u + a*x - x^2", r"x \odot u + a x - x^{\circ 2}"),
        ("x/u - 2/x + x/a", r"x \oslash u - 2 \oslash x + \frac{x}{a}"),
        ("(x*u) @ x", r"\left(x \odot u\right)^\top x"),
        ("A*B @ A", r"\left(A \odot B\right) A"),
        ("A*(B @ A)", r"A \odot B A"),
        ("x @ A @ u", r"x^\top A u"),
        ("(A @ u) @ x", r"\left(A u\right)^\top x"),
        ("x @ A + u", r"A^\top x + u"),
        ("x @ A @ B.T", r"B A^\top x"),
        ("outer(x, A @ u)", r"x \left(A u\right)^\top"),
        ("3*det(A)*inv(A).T", r"3 \det\left(A\right) A^{-\top}"),
        ("inv(X.T @ X) @ x", r"\left(X^\top X\right)^{-1} x"),
        ("trace(A @ B)*eye(A.size(0))", r"\operatorname{tr}\left(A B\right) I_{n}"),
        ("norm(x)*norm(A)", r"\left\lVert x\right\rVert_{2} \left\lVert A\right\rVert_{F}"),
        ("abs(a)/numel(X)", r"\frac{\left\lvert a\right\rvert}{m n}"),
        ("sum(x)*a", r"\left(\sum_{i} x_{i}\right) a"),
        ("a*sum((x - u)^2)", r"a \sum_{i} \left(x - u\right)_{i}^{2}"),
        ("sum(A) + sum(A, 1)", r"\sum_{i, j} A_{i, j} + \sum_{i} A_{:, i}"),
        ("sum(A, 0)*sum(B, 1)", r"\left(\sum_{i} A_{i, :}\right) \odot \left(\sum_{i} B_{:, i}\right)"),
        ("ones_like(x) - zeros_like(A)", r"\mathbf{1}_{n} - \mathbf{0}_{n \times n}"),
        ("where(a > 0, a, 0)", r"\begin{cases} a & \text{if } a > 0 \\ 0 & \text{otherwise} \end{cases}"),
        ("(a >= 0) & ~(b != 1)", r"a \ge 0 \land \lnot \left(b \ne 1\right)"),
        ("softmax(x, 0) + log(a) + sigmoid(b)", r"\operatorname{softmax}\left(x\right) + \ln\left(a\right) + "
         r"\sigma\left(b\right)"),
        ("log_softmax(A, 1)", r"\operatorname{log\_softmax}_{1}\left(A\right)"),
        ("maximum(a, b) + leaky_relu(a)", r"\max\left(a, b\right) + \operatorname{leaky\_relu}\left(a\right)"),
        ("alpha*theta_1*lr", r"\alpha \theta_{1} \mathit{lr}"),
        ("1e-6*a + 2.5e3 + 0.10", r"10^{-6} a + 2.5 \cdot 10^{3} + 0.10"),
        ("[[1, 2], [3, a]] @ [1, 2]", r"\begin{pmatrix} 1 & 2 \\ 3 & a \end{pmatrix} "
         r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
        ("x[0] + X[:, 1:]", r"x_{0} + X_{:, 1:}"),
        ("a // 2 + a % 3", r"\left\lfloor\frac{a}{2}\right\rfloor + \left(a \bmod 3\right)"),
    ],
)  # fmt: skip
def test_forms(text: str, wanted: str) -> None:
    assert latex_text(text, SHAPES) == wanted


def test_sums_leave_the_letters_of_variables_alone() -> None:
    assert latex_text("sum(i)*j", {"i": shape_of("i", "n"), "j": ()}) == r"\left(\sum_{k} i_{k}\right) j"


def test_sizes_that_have_no_name_of_their_own_are_not_named() -> None:
    assert latex_text("numel(n)", {"n": shape_of("n", "n")}) == r"\operatorname{numel}\left(n\right)"
    question = Question("mean(2*(x+1)^2)", {})
    derived = derive(question)
    assert latex_text(derived.gradient["x"], derived.shapes) == (
        r"\frac{4 \left(x + 1\right)}{\operatorname{numel}\left(x\right)}"
    )


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("x", "x"),
        ("x1", "x_{1}"),
        ("x_out", r"x_{\mathit{out}}"),
        ("alpha", r"\alpha"),
        ("α", r"\alpha"),
        ("sigma2", r"\sigma_{2}"),
        ("lambda_", r"\lambda"),
        ("learning_rate", r"\mathit{learning\_rate}"),
        ("_", r"\mathit{\_}"),
        ("Größe", r"\text{Größe}"),
    ],
)
def test_names(name: str, wanted: str) -> None:
    assert latex_name(name) == wanted


def test_terms_have_latex() -> None:
    t.forget()
    _, scope = scope_of(SHAPES)
    (term,) = from_graph.convert([Builder(scope).tensor(parsed("X.T @ (X @ x - y)"))])
    assert latex(term) == r"X^\top \left(X x - y\right)"


def test_depth_is_no_limit() -> None:
    text = "sin(" * 3000 + "a" + ")" * 3000
    assert latex_text(text, SHAPES).count(r"\sin") == 3000
    assert latex_text("-" * 3000 + "a", SHAPES).count("-") == 3000


def derived_latex() -> list[str]:
    """Of every golden derivation, and a sample of composed expressions."""
    found = []
    for line in (GOLDEN / "derive.jsonl").read_text(encoding="utf-8").splitlines()[::2]:
        request = json.loads(line)["request"]
        shapes = {name: shape_from_json(name, shape) for name, shape in request["shapes"].items()}
        found += both(Question(request["expr"], shapes, request["wrt"]))
    for line in (GOLDEN / "composed.jsonl").read_text(encoding="utf-8").splitlines()[::120]:
        case: dict[str, Any] = json.loads(line)
        if case["expect"].get("shape") == []:
            shapes = {name: np.shape(value) for name, value in case["request"]["vars"].items()}
            found += both(Question(case["request"]["expr"], shapes, case["request"].get("wrt")))
    return found


def both(question: Question) -> list[str]:
    derived = derive(question)
    return [latex_text(text, derived.shapes) for text in (question.expr, *derived.gradient.values())]


def test_brackets_and_environments_are_closed() -> None:
    for text in derived_latex():
        assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}"), text
        assert text.count(r"\left") == text.count(r"\right"), text
        assert text.count(r"\begin") == text.count(r"\end{"), text
        assert not re.search(r"\^\{[^{}]*\}\^|\^\\top\s*\^|_\{[^{}]*\}_", text), text


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="TeX is not installed")
def test_everything_compiles(tmp_path: Path) -> None:
    body = "\n".join(rf"\[ {text} \]" for text in derived_latex())
    page = r"\pdfpagewidth=200in\textwidth=195in"
    document = rf"\documentclass{{article}}\usepackage{{amsmath}}{page}\begin{{document}}{body}\end{{document}}"
    (tmp_path / "all.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
