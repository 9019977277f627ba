"""Exponentials, logarithms, roots, signs and rounding."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.elementwise import Elementwise, elementwise
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Rule, number, zero
from autodiff.ops.checks import floating_only, no_bool


def unary(name: str, kernel: Callable[..., Any], rule: Rule, doc: str, example: str, **about: Any) -> Elementwise:
    """A function of one tensor, with the sample that all of them have."""
    about.setdefault("samples", [f"{name}(x); x:2,3"])
    return elementwise(f"{name}(x)", kernel, vjp=[rule], doc=doc, example=f"{name}({example})", **about)


# Numbers in derivative formulas that stay recognisable, `log(10)`, and are folded before anything runs.

_LOG_OF_NUMBER = Elementwise(
    "log(x)", np.log, keeps_numbers=True, vjp=[zero], latex=r"\ln", doc="The logarithm of a number."
)
_SQRT_OF_NUMBER = Elementwise(
    "sqrt(x)", np.sqrt, keeps_numbers=True, vjp=[zero], latex=r"\sqrt", doc="The square root of a number."
)


def log_of(value: Any) -> Node:
    """The natural logarithm of a plain number, as a plain number."""
    return _LOG_OF_NUMBER(number(value))  # type: ignore[no-any-return]


def sqrt_of(value: Any) -> Node:
    """The square root of a plain number, as a plain number."""
    return _SQRT_OF_NUMBER(number(value))  # type: ignore[no-any-return]


POSITIVE = (0.2, 3.0)

exp = unary("exp", np.exp, lambda g, out, x: g * out, "e to the power of each element.", "[0., 1.]", latex=r"\exp")
exp2 = unary("exp2", np.exp2, lambda g, out, x: g * out * log_of(2), "2 to the power of each element.", "[0., 3.]")
expm1 = unary("expm1", np.expm1, lambda g, out, x: g * (out + 1), "exp(x) - 1, precise for small x.", "[0., 1e-10]")
log = unary("log", np.log, lambda g, out, x: g / x, "The natural logarithm.", "[1., 2.]", domain=POSITIVE, latex=r"\ln")
log2 = unary(
    "log2",
    np.log2,
    lambda g, out, x: g / (x * log_of(2)),
    "The logarithm to base 2.",
    "[1., 8.]",
    domain=POSITIVE,
    latex=r"\log_2",
)
log10 = unary(
    "log10",
    np.log10,
    lambda g, out, x: g / (x * log_of(10)),
    "The logarithm to base 10.",
    "[1., 100.]",
    domain=POSITIVE,
    latex=r"\log_{10}",
)
log1p = unary(
    "log1p",
    np.log1p,
    lambda g, out, x: g / (x + 1),
    "log(1 + x), precise for small x.",
    "[0., 1e-10]",
    domain=(-0.8, 3.0),
    grad_fn="Log1PBackward0",
)
sqrt = unary(
    "sqrt", np.sqrt, lambda g, out, x: g / (2 * out), "The square root.", "[1., 4.]", domain=POSITIVE, latex=r"\sqrt"
)
rsqrt = unary(
    "rsqrt",
    lambda x: np.reciprocal(np.sqrt(x)),
    lambda g, out, x: -0.5 * g * out**3,
    "1/sqrt(x).",
    "[1., 4.]",
    domain=POSITIVE,
)


def logistic(x: Any) -> Any:
    """1/(1 + exp(-x)) in the precision of x; an overflow of exp gives the right limit, 0."""
    x = np.asarray(x)
    if x.dtype == np.float16:
        return logistic(x.astype(np.float32)).astype(np.float16)
    return np.reciprocal(np.add(np.exp(np.negative(x)), 1))


def _logistic_in_steps(x: Node) -> Node | None:
    if x.dtype is dtypes.float16:
        return None
    return ops.reciprocal(ops.exp(-x) + 1)  # type: ignore[no-any-return]


sigmoid = unary(
    "sigmoid",
    logistic,
    lambda g, out, x: g * (1 - out) * out,
    "1/(1 + exp(-x)).",
    "[-1., 0., 1.]",
    decompose=_logistic_in_steps,
    aliases=["special.expit"],
    latex=r"\sigma",
)


def _logit_kernel(x: Any, eps: float | None) -> Any:
    if eps is not None and eps >= 0:
        x = np.where(np.less(x, eps), eps, np.where(np.greater(x, 1 - eps), 1 - eps, x))
    return np.log(np.divide(x, np.subtract(1, x)))


def _logit_rule(g: Node, out: Node, x: Node, eps: Any) -> Node:
    whole = eps is None or eps < 0
    low, high = (0, 1) if whole else (eps, 1 - eps)
    outside = math.nan if whole else 0
    return ops.where((x < low) | (x > high), outside, g / (x * (1 - x)))  # type: ignore[no-any-return]


logit = elementwise(
    "logit(x, eps: Number? = None)",
    _logit_kernel,
    vjp=[_logit_rule],
    doc="log(x/(1 - x)), the inverse of sigmoid; with eps, x is first clamped to eps … 1 - eps.",
    kinks="Beyond eps the derivative is 0.",
    example="logit([0.2, 0.5])",
    samples=["logit(x); x:2,3", "logit(x, 0.3); x:2,3"],
    domain=(0.1, 0.9),
)

# Signs and rounding


def _sign(x: Any) -> Any:
    """Unlike NumPy's, of NaN it is 0."""
    if np.asarray(x).dtype.kind == "b":
        return x
    return (
        np.where(np.isnan(x), 0, np.sign(x)).astype(np.asarray(x).dtype)
        if np.asarray(x).dtype.kind == "f"
        else np.sign(x)
    )


absolute = unary(
    "abs",
    np.abs,
    lambda g, out, x: g * ops.sgn(x),
    "The absolute value.",
    "[-1., 2.]",
    computes="promote",
    aliases=["absolute"],
    check=no_bool("abs_cpu"),
    kinks="The derivative at 0 is 0.",
    text="abs(x)",
    latex=r"\left|x\right|",
)
sign = unary("sign", _sign, zero, "-1, 0 or 1, the sign of each element.", "[-2., 0., 3.]", computes="promote")
sgn = unary("sgn", _sign, zero, "-1, 0 or 1, the sign of each element.", "[-2., 0., 3.]", computes="promote")


angle = unary(
    "angle",
    lambda x: np.asarray(np.where(np.isnan(x), x, np.multiply(np.less(x, 0), np.pi)), np.result_type(x)),
    zero,
    "The angle of x in the complex plane: pi where x is negative, else 0.",
    "[-2., 3.]",
)


def _rounding(name: str, kernel: Any, doc: str, *aliases: str) -> Elementwise:
    return unary(
        name,
        kernel,
        zero,
        doc,
        "[-1.5, 0.5, 2.7]",
        computes="promote",
        aliases=aliases,
        check=no_bool(f"{name}_vml_cpu"),
        kinks="The derivative is 0, also at the steps.",
        domain=(0.1, 0.4),
    )


floor = _rounding("floor", np.floor, "The largest integer that is not above x.")
ceil = _rounding("ceil", np.ceil, "The smallest integer that is not below x.")
trunc = _rounding("trunc", np.trunc, "x rounded towards zero.", "fix")
frac = unary(
    "frac",
    lambda x: np.subtract(x, np.trunc(x)),
    lambda g, out, x: g,
    "x without its integer part, with the sign of x.",
    "[-1.5, 0.5, 2.7]",
    check=floating_only("frac_cpu"),
    domain=(0.1, 0.9),
)
ROUND = Elementwise(
    "round(x)",
    lambda x: np.rint(x) if np.asarray(x).dtype.kind == "f" else x,
    computes="promote",
    vjp=[zero],
    check=no_bool("round_vml_cpu"),
    doc="x rounded to an integer, halves to the even one.",
)


def _round_decimals(x: Any, decimals: int) -> Any:
    scale = float(np.power(10.0, min(abs(decimals), 999)))  # may be inf, and the result NaN, as in PyTorch
    if decimals >= 0:
        return np.divide(np.rint(np.multiply(x, scale)), scale)
    return np.multiply(np.rint(np.divide(x, scale)), scale)


ROUND_DECIMALS = Elementwise(
    "round(x, decimals: int)",
    _round_decimals,
    computes="promote",
    vjp=[zero],
    check=floating_only("round_cpu"),
    grad_fn="RoundBackward1",
    doc="x rounded to so many decimals.",
)
round_ = composite(
    "round(x, *, decimals: int? = None)",
    lambda x, decimals: ROUND(x) if decimals is None else ROUND_DECIMALS(x, decimals),
    doc="x rounded to an integer, or to so many decimals; halves go to the even neighbour.",
    kinks="The derivative is 0, also at the steps.",
    example="round([0.5, 1.5, 2.25], decimals=1)",
    samples=["round(x); x:2,3", "round(x, decimals=1); x:2,3 in 0.11..0.14"],
    domain=(0.1, 0.4),
)


def _nan_to_num_kernel(x: Any, nan: float | None, posinf: float | None, neginf: float | None) -> Any:
    x = np.asarray(x)
    if x.dtype.kind != "f":
        return x
    range_ = np.finfo(x.dtype)
    x = np.where(np.isnan(x), 0.0 if nan is None else nan, x)
    x = np.where(np.equal(x, np.inf), range_.max if posinf is None else posinf, x)
    return np.where(np.equal(x, -np.inf), range_.min if neginf is None else neginf, x).astype(range_.dtype)


nan_to_num = elementwise(
    "nan_to_num(x, nan: Number? = None, posinf: Number? = None, neginf: Number? = None)",
    _nan_to_num_kernel,
    computes="promote",
    vjp=[lambda g, out, x, *_: g * ops.isfinite(x)],
    doc="x with NaN replaced (by 0), and infinities (by the largest numbers of the dtype).",
    kinks="What is replaced gets a zero gradient.",
    example="nan_to_num([1., nan, inf], posinf=99)",
    samples=["nan_to_num(x); x:2,3"],
)
