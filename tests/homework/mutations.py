"""Textbook gradients with one mistake made on purpose, and right answers written in other ways.

The mistakes are made in the *text* of answers, from tables of functions and their derivatives; nothing here knows how
`autodiff.homework` looks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple


class Mutated(NamedTuple):
    """`kinds` is empty for a right answer."""

    expr: str
    shapes: dict[str, tuple[int, ...]]
    wrt: str
    answer: str
    kinds: frozenset[str]


# Outer functions f(u): text with U for u, and the derivative. Inner functions u(x) and theirs.
OUTER = [
    ("sin(U)", "cos(U)"), ("cos(U)", "-sin(U)"), ("exp(U)", "exp(U)"), ("tanh(U)", "(1 - tanh(U)^2)"),
    ("atan(U)", "1/(1 + (U)^2)"), ("sigmoid(U)", "sigmoid(U)*(1 - sigmoid(U))"), ("(U)^3", "3*(U)^2"),
    ("(U)^2", "2*(U)"), ("(U)^4", "4*(U)^3"), ("sinh(U)", "cosh(U)"), ("cosh(U)", "sinh(U)"),
    ("log((U)^2 + 1)", "2*(U)/((U)^2 + 1)"), ("sqrt((U)^2 + 1)", "(U)/sqrt((U)^2 + 1)"), ("2^(U)", "log(2)*2^(U)"),
]  # fmt: skip
INNER = [
    ("x^2", "2*x"), ("3*x + 1", "3"), ("x^3 - x", "(3*x^2 - 1)"), ("sin(x)", "cos(x)"), ("exp(x)", "exp(x)"),
    ("-x", "-1"), ("x/2", "1/2"), ("x^2 + x", "(2*x + 1)"), ("tanh(x)", "(1 - tanh(x)^2)"), ("cos(x)", "(-sin(x))"),
    ("5*x", "5"), ("1 - x^2", "(-2*x)"),
]  # fmt: skip
PLAIN = [
    ("x^2", "2*x"), ("x^3", "3*x^2"), ("sin(x)", "cos(x)"), ("cos(x)", "-sin(x)"), ("exp(x)", "exp(x)"),
    ("tanh(x)", "1 - tanh(x)^2"), ("x^4", "4*x^3"), ("atan(x)", "1/(1 + x^2)"), ("sinh(x)", "cosh(x)"),
    ("exp(2*x)", "2*exp(2*x)"), ("sin(3*x)", "3*cos(3*x)"),
]  # fmt: skip
BELOW = [("x^2 + 1", "2*x"), ("exp(x)", "exp(x)"), ("x^2 + 3", "2*x"), ("cosh(x)", "sinh(x)"), ("2 + sin(x)", "cos(x)")]
INTEGRALS = [
    ("x^2", "x^3/3"), ("exp(2*x)", "exp(2*x)/2"), ("3*x^2 + 2*x", "x^3 + x^2"), ("x*exp(x)", "(x - 1)*exp(x)"),
    ("1/(1 + x^2)", "atan(x)"), ("x^4", "x^5/5"), ("cosh(3*x)", "sinh(3*x)/3"), ("x^3 - x", "x^4/4 - x^2/2"),
]  # fmt: skip
Made = tuple[str, dict[str, tuple[int, ...]], str, str, str]


def _calculus(random: Random) -> Iterator[Made]:
    x: dict[str, tuple[int, ...]] = {"x": ()}
    outer, slope = random.choice(OUTER)
    inner, inner_slope = random.choice(INNER)
    expr, factor = outer.replace("U", inner), slope.replace("U", inner)
    yield expr, x, "x", f"{factor}*({inner_slope})", ""
    yield expr, x, "x", f"({inner_slope})*({factor})", ""
    if inner_slope not in ("1", "-1"):
        yield expr, x, "x", factor, "chain power"
    yield expr, x, "x", f"-({factor})*({inner_slope})", "sign chain" + (" original integral" if inner == "-x" else "")
    if inner != "-x":
        yield expr, x, "x", slope.replace("U", inner_slope), "chain power factor quotient"
    (u, du), (v, dv) = random.sample(PLAIN, 2)
    yield f"({u})*({v})", x, "x", f"({du})*({v}) + ({u})*({dv})", ""
    yield f"({u})*({v})", x, "x", f"({v})*({du}) - -({dv})*({u})", ""
    yield f"({u})*({v})", x, "x", f"({du})*({dv})", "product"
    yield f"({u})*({v})", x, "x", f"({du})*({v})", "product chain"
    yield f"({u})*({v})", x, "x", f"({u})*({dv})", "product original chain"
    yield f"({u})*({v})", x, "x", f"({du})*({v}) - ({u})*({dv})", "product"
    v, dv = random.choice(BELOW)
    yield f"({u})/({v})", x, "x", f"(({du})*({v}) - ({u})*({dv}))/({v})^2", ""
    yield f"({u})/({v})", x, "x", f"({du})/({v}) - ({u})*({dv})/({v})^2", ""
    yield f"({u})/({v})", x, "x", f"(({du})*({v}) + ({u})*({dv}))/({v})^2", "quotient"
    yield f"({u})/({v})", x, "x", f"(({du})*({v}) - ({u})*({dv}))/({v})", "quotient"
    yield f"({u})/({v})", x, "x", f"({du})/({dv})", "quotient original"
    yield f"({u})/({v})", x, "x", f"({du})/({v})", "quotient original"


def _polynomials(random: Random) -> Iterator[Made]:
    x: dict[str, tuple[int, ...]] = {"x": ()}
    n, c, k, d = random.randint(3, 8), random.randint(2, 9), random.randint(2, 9), random.randint(2, 9)
    power = f"{c}*x^{n}"
    yield power, x, "x", f"{c * n}*x^{n - 1}", ""
    yield power, x, "x", f"{c * n}*x^{n}", "power"
    yield power, x, "x", f"{c}*x^{n - 1}", "power factor"
    yield power, x, "x", f"{n}*x^{n - 1}", "factor power"
    yield power, x, "x", f"{c * (n - 1)}*x^{n - 1}", "power factor"
    yield power, x, "x", f"{c}*x^{n + 1}/{n + 1}", "integral"
    yield power, x, "x", f"{c}*x^{n}", "original"
    poly = f"{c}*x^{n} + {k}*x^2 - {d}*x"
    yield poly, x, "x", f"{c * n}*x^{n - 1} + {2 * k}*x - {d}", ""
    yield poly, x, "x", f"{2 * k}*x + {c * n}*x^{n - 1} + -{d}", ""
    yield poly, x, "x", f"{c * n}*x^{n - 1} + {2 * k}*x + {d}", "sign"
    yield poly, x, "x", f"{c * n}*x^{n - 1} + {2 * k}*x", "accumulate"
    yield poly, x, "x", f"{c * n}*x^{n - 1} - {d}", "accumulate"
    yield poly, x, "x", f"{c * n}*x^{n - 1} + {k}*x - {d}", "power factor"
    yield poly, x, "x", f"{n}*x^{n - 1} + {2 * k}*x - {d}", "factor power"
    yield poly, x, "x", f"{c * n}*x^{n - 1} + {2 * k}*x - {d}*x", "original"
    f, big = random.choice(INTEGRALS)
    yield f, x, "x", big, "integral"
    yield f, x, "x", f"{big} + {c}", "integral"
    yield f"{f} + {d}*y", {"x": (), "y": ()}, "y", f"{d}", ""
    base = random.randint(2, 7)
    yield f"{base}^x", x, "x", f"x*{base}^(x-1)", "power"
    yield f"{c}*x^{n}*y^2", {"x": (), "y": ()}, "x", f"{2 * c}*x^{n}*y", "total"
    yield f"x^{n}*y^2", {"x": (), "y": ()}, "x", f"{n}*x^{n - 1}*y^2 + 2*x^{n}*y", "total"
    yield f"x^{n}*y^2", {"x": (), "y": ()}, "y", f"2*x^{n}*y", ""


def _tensors(random: Random) -> Iterator[Made]:
    m, n = random.sample(range(2, 6), 2)
    c = random.randint(2, 6)
    f, slope = random.choice(PLAIN)
    x: dict[str, tuple[int, ...]] = {"x": (m, n)}
    yield f"mean({c}*({f}))", x, "x", f"{c}*({slope})/numel(x)", ""
    yield f"mean({c}*({f}))", x, "x", f"({slope})/{m * n}*{c}", ""
    yield f"mean({c}*({f}))", x, "x", f"{c}*({slope})", "count"
    yield f"sum({c}*({f}))", x, "x", f"{c}*({slope})/numel(x)", "count"
    yield f"sum({c}*({f}))", x, "x", f"({slope})", "factor"
    yield f"sum({f})", x, "x", f"sum({slope})", "shape"
    if f != "exp(x)":
        yield f"sum({f})", x, "x", f"{f}", "original chain"
    ls: dict[str, tuple[int, ...]] = {"X": (m, n), "w": (n,), "y": (m,)}
    loss, grad = f"sum((X @ w - {c}*y)^2)", f"X.T @ (X @ w - {c}*y)"
    yield loss, ls, "w", f"2*{grad}", ""
    yield loss, ls, "w", f"2*(X @ w - {c}*y) @ X", ""
    yield loss, ls, "w", grad, "power factor"
    yield loss, ls, "w", f"-2*{grad}", "sign"
    yield loss, ls, "w", f"2*{grad}/{m}", "count"
    yield loss, ls, "w", f"2*X @ (X @ w - {c}*y)", "transpose"
    yield loss, ls, "w", f"2*(X @ w - {c}*y)", "chain shape"
    yield loss, ls, "X", f"2*outer(X @ w - {c}*y, w)", ""
    yield loss, ls, "X", f"2*outer(w, X @ w - {c}*y)", "transpose shape"
    yield loss, ls, "y", f"{-2 * c}*(X @ w - {c}*y)", ""
    yield loss, ls, "y", f"-2*(X @ w - {c}*y)", "factor chain"
    qs: dict[str, tuple[int, ...]] = {"x": (n,), "A": (n, n), "b": (n,)}
    yield f"x @ A @ x + {c}*(b @ x)", qs, "x", f"(A + A.T) @ x + {c}*b", ""
    yield f"x @ A @ x + {c}*(b @ x)", qs, "x", f"2*A @ x + {c}*b", "transpose accumulate"
    yield f"x @ A @ x + {c}*(b @ x)", qs, "x", f"A @ x + {c}*b", "product accumulate"
    yield f"x @ A @ x + {c}*(b @ x)", qs, "x", "(A + A.T) @ x", "accumulate"
    ts: dict[str, tuple[int, ...]] = {"X": (n, n), "A": (n, n), "B": (n, n)}
    yield "trace(A @ X @ B)", ts, "X", "A.T @ B.T", ""
    yield "trace(A @ X @ B)", ts, "X", "(B @ A).T", ""
    yield "trace(A @ X @ B)", ts, "X", "B @ A", "transpose"
    yield "trace(A @ X @ B)", ts, "X", "A.T @ B", "transpose"
    yield "trace(A @ X @ B)", ts, "X", "A @ B.T", "transpose"
    yield "sum(X*(A @ X))", ts, "X", "(A + A.T) @ X", ""
    yield "sum(X*(A @ X))", ts, "X", "A @ X", "product accumulate"
    yield "sum(A*X*B)", ts, "X", "A*B", ""
    yield "sum((A @ X)*B)", ts, "X", "A.T @ B", ""
    yield "sum((A @ X)*B)", ts, "X", "A.T*B", "elementwise"
    yield "sum((A @ X)*B)", ts, "X", "A @ B", "transpose"
    g, slope = random.choice([("tanh", "1 - tanh(W @ x)^2"), ("sigmoid", "sigmoid(W @ x)*(1 - sigmoid(W @ x))")])
    ns: dict[str, tuple[int, ...]] = {"W": (m, n), "x": (n,)}
    yield f"sum({g}(W @ x))", ns, "x", f"W.T @ ({slope})", ""
    yield f"sum({g}(W @ x))", ns, "x", f"W.T @ ones({m})", "chain"
    yield f"sum({g}(W @ x))", ns, "x", slope, "chain shape"
    yield f"mean({g}(W @ x))", ns, "x", f"W.T @ ({slope})", "count"
    yield f"sum({g}(W @ x))", ns, "W", f"outer({slope}, x)", ""
    yield f"sum({g}(W @ x))", ns, "W", f"outer(x, {slope})", "transpose"


MAKERS: tuple[Callable[[Random], Iterator[Made]], ...] = (_calculus, _polynomials, _tensors)


def mutated(count: int, seed: int) -> list[Mutated]:
    """So many answers, all different."""
    random = Random(seed)
    found: dict[tuple[str, str, str], Mutated] = {}
    while len(found) < count:
        for make in MAKERS:
            for expr, shapes, wrt, answer, kinds in make(random):
                case = Mutated(expr, shapes, wrt, answer, frozenset(kinds.split()))
                found.setdefault((expr + str(shapes), wrt, answer), case)
    chosen = list(found.values())
    random.shuffle(chosen)
    return chosen[:count]
