"""What is said about the notation of mathematics, LaTeX and other tools: code, place, words, and repair."""

from __future__ import annotations

import pytest

from autodiff.errors import AutodiffError
from autodiff.syntax.latex import translated
from autodiff.syntax.parse import parse

# text, code, start and end of the span, message, says, the helps
NOTATIONS: list[tuple[str, str, tuple[int, int], str, str, list[str]]] = [
    ("x^T A x", "transpose-mark", (1, 3), "^T does not transpose", "read as a power", ["write x.T @ A"]),
    (
        "sin^2(x)",
        "syntax",
        (0, 8),
        "sin is raised to a power before it is called",
        "the power stands behind the brackets",
        ["write sin(x)^2"],
    ),
    (
        "sin² x",
        "syntax",
        (0, 6),
        "sin is raised to a power before it is called",
        "the power stands behind the brackets",
        ["write sin(x)^2"],
    ),
    (
        "sin^-1(x)",
        "syntax",
        (0, 9),
        "sin is raised to a power before it is called",
        "the power stands behind the brackets",
        ["for the inverse function, write asin(x)", "for the reciprocal, write 1/sin(x)"],
    ),
    (
        "tan−1(x)",
        "syntax",
        (0, 8),
        "tan is raised to a power before it is called",
        "the power stands behind the brackets",
        ["for the inverse function, write atan(x)", "for the reciprocal, write 1/tan(x)"],
    ),
    ("||x||^2", "syntax", (0, 5), "bars do not make a norm", "read as the operator |", ["write norm(x)"]),
    (
        "2|x|",
        "unexpected-end",
        (4, 4),
        "expected an operand after |",
        "an operand is missing here",
        ["an absolute value is written abs(x)"],
    ),
    (
        "|A|",
        "syntax",
        (0, 3),
        "bars do not make an absolute value",
        "read as the operator |",
        ["write abs(A)", "for the determinant, write det(A)"],
    ),
    (
        "d/dx x^2",
        "syntax",
        (0, 4),
        "an expression holds no derivatives",
        "leave this out",
        ['autodiff derive "x^2" prints the derivative'],
    ),
    (
        "x[1;2]",
        "unknown-character",
        (3, 4),
        "unknown character ;",
        "does not end a row",
        ["indexes are separated by commas: x[0, 1]"],
    ),
    (
        "[1 2; 3 4]",
        "unknown-character",
        (4, 5),
        "unknown character ;",
        "does not end a row",
        ["write [[1, 2], [3, 4]]"],
    ),
    (
        "sum_i x_i",
        "syntax",
        (0, 5),
        "sum_i is no function, and has no brackets",
        "no index is needed",
        ["write sum(x) for all elements"],
    ),
    ("sum_{i} x_i", "unknown-character", (4, 5), "unknown character {", "means nothing here", ["write sum(x)"]),
    (
        "\\sum_{i=1}^n (x_i - \\mu)^2",
        "unknown-character",
        (0, 1),
        "unknown character \\",
        "means nothing here",
        ["LaTeX is not read: write sum((x - mu)^2)"],
    ),
    (
        "\\mathbf{x}^\\top A \\mathbf{x}",
        "unknown-character",
        (0, 1),
        "unknown character \\",
        "means nothing here",
        ["LaTeX is not read: write x.T @ A @ x"],
    ),
    (
        "\\left\\|x - y\\right\\|_2^2",
        "unknown-character",
        (0, 1),
        "unknown character \\",
        "means nothing here",
        ["LaTeX is not read: write norm(x - y)^2"],
    ),
    ("x^{T}", "unknown-character", (2, 3), "unknown character {", "means nothing here", ["write x.T"]),
    ("e^{-x^2}", "unknown-character", (2, 3), "unknown character {", "means nothing here", ["write e^(-x^2)"]),
    (
        "\\begin{x}",
        "unknown-character",
        (0, 1),
        "unknown character \\",
        "means nothing here",
        ["LaTeX is not read: write sqrt(x) for \\sqrt{x}, a/b for \\frac{a}{b}"],
    ),
    (
        "$x^2$",
        "unknown-character",
        (0, 1),
        "unknown character $",
        "means nothing here",
        ["LaTeX is not read: write x^2"],
    ),
    (
        '{"expr": "x"}',
        "unknown-character",
        (0, 1),
        "unknown character {",
        "means nothing here",
        ["JSON requests come from standard input, as - in place of the expression, or with --rows FILE"],
    ),
    (
        "A\\b",
        "unknown-character",
        (1, 2),
        "unknown character \\",
        "means nothing here",
        ["to solve a system of equations, write linalg.solve(A, b)"],
    ),
    ("x .* y", "syntax", (2, 4), "there is no operator .*", "unknown", ["write *, which works element by element"]),
    ("x.'", "transpose-mark", (1, 3), ".' does not transpose", "this mark means nothing here", ["write x.T"]),
    (
        "<x, y>",
        "syntax",
        (0, 6),
        "angle brackets do not make an inner product",
        "an inner product?",
        ["write sum(x*y), or dot(x, y) for vectors"],
    ),
    (
        "⟨x, y⟩",
        "unknown-character",
        (0, 6),
        "angle brackets do not make an inner product",
        "an inner product?",
        ["write sum(x*y), or dot(x, y) for vectors"],
    ),
    ("x mod 2", "syntax", (2, 5), "mod is no operator", "stands between two operands", ["write x % 2"]),
    (
        "x.dot y",
        "implicit-product",
        (2, 7),
        "there is no operator between x.dot and y",
        "a product needs its *",
        ["to call dot, write x.dot(y)", "to multiply, write x.dot*y"],
    ),
    (
        "A x",
        "implicit-product",
        (0, 3),
        "there is no operator between A and x",
        "a product needs its *",
        ["write A*x", "for the product of matrices, write A @ x"],
    ),
    (
        "A.T x",
        "implicit-product",
        (2, 5),
        "there is no operator between A.T and x",
        "a product needs its *",
        ["write A.T @ x"],
    ),
    (
        "f(x) = x^2",
        "assignment",
        (0, 6),
        "an expression assigns nothing",
        "this would define a function",
        ["leave out f(x) =: x^2"],
    ),
    (
        "2 sin x",
        "implicit-product",
        (0, 5),
        "there is no operator between 2 and sin",
        "a product needs its *",
        ["write 2*sin(…)"],
    ),
    (
        "2*pi x",
        "implicit-product",
        (2, 6),
        "there is no operator between pi and x",
        "a product needs its *",
        ["write pi*x"],
    ),
    (
        "sum（x，ｄim＝0）",
        "unknown-character",
        (3, 4),
        "unknown character （ (U+FF08, fullwidth left parenthesis)",
        "means nothing here",
        ["write sum(x,dim=0)"],
    ),
    (
        "xⁿ⁺¹",
        "unknown-character",
        (2, 3),
        "unknown character ⁺ (U+207A, superscript plus sign)",
        "means nothing here",
        ["write x^(n+1)"],
    ),
    (
        "12 500.5 + x",
        "bad-number",
        (0, 8),
        "12 500.5 is not a number",
        "a number has no blanks",
        ["in a number, leave out the blank: 12500.5"],
    ),
    ("sum(x, dim:0)", "syntax", (10, 11), "a colon gives no argument its name", "unexpected here", ["write dim=0"]),
    (
        "sum(x; dim=0)",
        "unknown-character",
        (5, 6),
        "unknown character ;",
        "does not separate arguments",
        ["write sum(x, dim=0)"],
    ),
    (
        "sum(x, 'dim'=0)",
        "assignment",
        (12, 13),
        "a keyword argument has a name before its =",
        "this would assign",
        ["write dim=…, without quotes"],
    ),
    ("f(x, =2)", "syntax", (5, 6), "a name is missing before =", "nothing stands before it", ["leave out the ="]),
    (
        "log(exp(x)+1)))",
        "unopened-bracket",
        (13, 14),
        ") closes nothing",
        "no bracket is open here",
        ["remove it: log(exp(x)+1)"],
    ),
    (
        "x -> x^2",
        "syntax",
        (2, 4),
        "-> makes no function",
        "an expression has no arguments",
        ["to give a function, write the expression alone: x^2"],
    ),
    (
        "@(x) x^2",
        "syntax",
        (0, 1),
        "@ makes no function",
        "an expression has no arguments",
        ["to give a function, write the expression alone: x^2"],
    ),
]

LATEX = [
    (r"\frac{1}{1+e^{-x}}", "1/(1 + e^-x)"),
    (r"\frac12 x^2", "1/2*x^2"),
    (r"\sqrt[3]{x+1}", "(x + 1)^(1/3)"),
    (r"\sin^2 x + \cos^2 x", "sin(x)^2 + cos(x)^2"),
    (r"\log\left(\frac{x}{y}\right)", "log(x/y)"),
    (r"\exp(-\frac{(x-\mu)^2}{2\sigma^2})", "exp(-((x - mu)^2)/(2*sigma^2))"),
    (r"\operatorname{tr}(A B)", "trace(A @ B)"),
    (r"\text{softmax}(x)", "softmax(x)"),
    (r"\sum_{i=1}^{n} x_i^2", "sum(x^2)"),
    (r"a_{ij} x \leq 2", "a_ij*x<=2"),
    (r"\frac{d}{dx} x^2", None),
    (r"\begin{matrix}1\end{matrix}", None),
    ("{" * 50, None),
    (r"\frac{1}", None),
]


@pytest.mark.parametrize(("text", "code", "span", "message", "says", "helps"), NOTATIONS, ids=[r[0] for r in NOTATIONS])
def test_notations(text: str, code: str, span: tuple[int, int], message: str, says: str, helps: list[str]) -> None:
    with pytest.raises(AutodiffError) as raised:
        parse(text)
    error = raised.value
    assert error.span is not None
    assert (error.code, error.span[1:], error.message) == (code, span, message)
    assert (error.says, error.help) == (says, helps)


@pytest.mark.parametrize(("text", "written"), LATEX, ids=[row[0] for row in LATEX])
def test_latex_is_translated_for_a_repair(text: str, written: str | None) -> None:
    assert translated(text) == written
    if written is not None:
        parse(written)
