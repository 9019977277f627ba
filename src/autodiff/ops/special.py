"""Special functions: error functions, gamma functions, Bessel functions, entropies."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import BOOL
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.kinds import type_name
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import constant, none
from autodiff.graph.values import tensor
from autodiff.ops import numerics
from autodiff.ops.arithmetic import ADD_NUMBER, MUL_NUMBER
from autodiff.ops.checks import not_differentiable
from autodiff.ops.elementwise import POSITIVE, sqrt_of, unary

# Error functions, and the normal distribution

erf = unary(
    "erf",
    numerics.erf,
    lambda g, out, x: g * (2 / sqrt_of(math.pi) * ops.exp(-(x**2))),
    "The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.",
    "[0., 1.]",
    latex=r"\operatorname{erf}",
)
erfc = unary(
    "erfc",
    numerics.erfc,
    lambda g, out, x: g * (-2 / sqrt_of(math.pi) * ops.exp(-(x**2))),
    "1 - erf(x), precise for large x.",
    "[0., 5.]",
    latex=r"\operatorname{erfc}",
)
erfinv = unary(
    "erfinv",
    numerics.erfinv,
    lambda g, out, x: g * (sqrt_of(math.pi) / 2 * ops.exp(out**2)),
    "The inverse of erf, for x between -1 and 1.",
    "[0., 0.5]",
    domain=(-0.9, 0.9),
)
erfcx = unary(
    "special.erfcx",
    numerics.erfcx,
    lambda g, out, x: g * (2 * x * out - 2 / sqrt_of(math.pi)),
    "exp(x^2)*erfc(x), without overflow.",
    "[0., 30.]",
    grad_fn="SpecialErfcxBackward0",
)
ndtr = composite(
    "special.ndtr(x)",
    lambda x: MUL_NUMBER(ADD_NUMBER(erf(MUL_NUMBER(x, 1 / sqrt_of(2))), 1), 0.5),
    doc="The standard normal distribution function.",
    example="special.ndtr([-1., 0., 1.])",
    samples=["special.ndtr(x); x:2,3"],
)
ndtri = unary(
    "special.ndtri",
    numerics.ndtri,
    lambda g, out, x: g * (sqrt_of(2 * math.pi) * ops.exp(out**2 / 2)),
    "The inverse of ndtr: the quantile of the standard normal distribution.",
    "[0.1, 0.5]",
    domain=(0.1, 0.9),
    grad_fn="SpecialNdtriBackward0",
)
log_ndtr = unary(
    "special.log_ndtr",
    numerics.log_ndtr,
    lambda g, out, x: g * (ops.exp(-0.5 * x**2 - out) / sqrt_of(2 * math.pi)),
    "The logarithm of ndtr, precise for very negative x.",
    "[-40., 0.]",
    grad_fn="SpecialLogNdtrBackward0",
)

# Gamma functions

lgamma = unary(
    "lgamma",
    numerics.lgamma,
    lambda g, out, x: g * ops.digamma(x),
    "The logarithm of |gamma(x)|.",
    "[0.5, 5.]",
    aliases=["special.gammaln"],
    domain=POSITIVE,
)
digamma = unary(
    "digamma",
    numerics.digamma,
    lambda g, out, x: g * POLYGAMMA(x, 1),
    "The derivative of lgamma.",
    "[0.5, 5.]",
    aliases=["special.psi"],
    domain=POSITIVE,
)
POLYGAMMA: Elementwise = Elementwise(
    "polygamma(x, n: int)",
    lambda x, n: numerics.polygamma(n, x),
    vjp=[lambda g, out, x, n: g * POLYGAMMA(x, n + 1)],
    text="polygamma(n, x)",
    doc="The n-th derivative of digamma.",
)


LARGEST_ORDER = 10_000  # its factorial is exact on the way


def _polygamma(n: Any, x: Any) -> Node:
    if isinstance(n, (Node, list)):  # x.polygamma(n)
        n, x = x, n
    if isinstance(n, bool) or not isinstance(n, int):
        raise AutodiffError(
            "argument-type", f"polygamma(): argument 'n' (position 1) must be int, not {type_name(n)}", type="TypeError"
        )
    if not isinstance(x, (Node, list, int, float, Fraction)):
        raise AutodiffError(
            "argument-type",
            f"polygamma(): argument 'input' (position 2) must be Tensor, not {type_name(x)}",
            type="TypeError",
        )
    if n > LARGEST_ORDER:
        raise AutodiffError("limit-number", f"the order of polygamma is limited to {LARGEST_ORDER}", operands=(0,))
    if n < 0:
        raise AutodiffError("bad-value", "polygamma(n, x) does not support negative n.", operands=(0,))
    return POLYGAMMA(tensor(x) if isinstance(x, list) else x, n)  # type: ignore[no-any-return]


polygamma = composite(
    "polygamma(n: any, x: any)",
    _polygamma,
    doc="The n-th derivative of digamma.",
    example="polygamma(1, [0.5, 5.])",
    samples=["polygamma(1, x); x:2,3", "polygamma(2, x); x:2,3", "polygamma(0, x); x:2,3"],
    domain=POSITIVE,
)


def _mvlgamma_kernel(x: Any, p: int) -> Any:
    total = numerics.lgamma(x)
    for i in range(1, p):
        total = total + numerics.lgamma(np.subtract(x, i / 2))
    return np.add(total, p * (p - 1) / 4 * math.log(math.pi))


def _mvlgamma_rule(g: Node, out: Node, x: Node, p: int) -> Node:
    steps = constant((-0.5 * np.arange(p)).astype(x.dtype.numpy))
    return g * ops.sum(digamma(ops.unsqueeze(x, len(x.shape)) + steps), (len(x.shape),))  # type: ignore[no-any-return]


MVLGAMMA = Elementwise(
    "mvlgamma(x, p: int)",
    _mvlgamma_kernel,
    vjp=[_mvlgamma_rule],
    doc="The multivariate log-gamma function of dimension p.",
)


LARGEST_DIMENSION = 1_000  # lgamma is evaluated so many times


def _mvlgamma(x: Node, p: int) -> Node:
    if x.dtype.kind == BOOL:
        raise AutodiffError("bad-dtype", "The input tensor may not be a boolean tensor.", operands=(0,))
    if p < 1:
        raise AutodiffError("bad-value", "p has to be greater than or equal to 1", operands=(1,))
    if p > LARGEST_DIMENSION:
        raise AutodiffError(
            "limit-number", f"the dimension of mvlgamma is limited to {LARGEST_DIMENSION}", operands=(1,)
        )
    return MVLGAMMA(x, p)  # type: ignore[no-any-return]


mvlgamma = composite(
    "mvlgamma(x, p: int)",
    _mvlgamma,
    aliases=["special.multigammaln"],
    doc="The multivariate log-gamma function of dimension p.",
    example="mvlgamma([2., 3.], 2)",
    samples=["mvlgamma(x, 1); x:2,3", "mvlgamma(x, 3); x:2,3"],
    domain=(1.5, 4.0),
)


_NO_DERIVATIVE = not_differentiable("zeta", "the derivative for '{}' is not implemented.")
_zeta: dict[str, Any] = {"doc": "The Hurwitz zeta function, the sum of (k + y)^-x over k = 0, 1, 2, …"}


def _zeta_to_y(g: Node, out: Node, x: Node, y: Node) -> Node:
    return g * -x * _choose_zeta(x + 1, y)


ZETA = Elementwise(
    "special.zeta(x, y)",
    numerics.zeta,
    vjp=[_NO_DERIVATIVE, _zeta_to_y],
    grad_fn="SpecialZetaBackward0",
    **_zeta,
)
ZETA_OF_NUMBER = Elementwise(
    "special.zeta(x, y)", numerics.zeta, vjp=[none, _zeta_to_y], grad_fn="SpecialZetaBackward1", **_zeta
)
ZETA_BY_NUMBER = Elementwise(
    "special.zeta(x, y)",
    numerics.zeta,
    vjp=[_NO_DERIVATIVE, none],
    grad_fn="SpecialZetaBackward2",
    **_zeta,
)


def _choose_zeta(x: Node, y: Node) -> Node:
    return (ZETA_OF_NUMBER if x.weak else ZETA_BY_NUMBER if y.weak else ZETA)(x, y)  # type: ignore[no-any-return]


zeta = composite(
    "special.zeta(x, y)",
    _choose_zeta,
    doc="The Hurwitz zeta function, the sum of (k + y)^-x over k = 0, 1, 2, …; PyTorch has no derivative by x.",
    example="special.zeta(2., [1., 2.])",
    samples=[
        "special.zeta(3, x); x:2,3",
        "special.zeta(tensor([2., 3.5, 2.5]), x); x:2,3",
        "x*special.zeta(tensor([2., 3.5, 2.5]), 1.5); x:2,3",
    ],
    domain=POSITIVE,
)

# Bessel functions

i0 = unary(
    "i0",
    numerics.i0,
    lambda g, out, x: g * ops.special_i1(x),
    "The modified Bessel function of the first kind, of order 0.",
    "[0., 1.]",
    aliases=["special.i0"],
)
i0e = unary(
    "special.i0e",
    numerics.i0e,
    lambda g, out, x: g * (ops.special_i1e(x) - ops.sgn(x) * out),
    "exp(-|x|)*i0(x).",
    "[0., 1.]",
    grad_fn="SpecialI0EBackward0",
    samples=["special.i0e(x); x:2,3 in 0.2..2"],
)


def _away_from_zero(x: Node) -> tuple[Node, Node]:
    """Where x can be divided by, and x with something harmless elsewhere."""
    tiny = float(np.finfo(x.dtype.numpy).eps)
    usable = ops.abs(x) > tiny
    return usable, ops.where(usable, x, tiny)


def _i1_rule(g: Node, out: Node, x: Node) -> Node:
    usable, safe = _away_from_zero(x)
    return g * ops.where(usable, i0(safe) - out * ops.reciprocal(safe), 0.5)  # type: ignore[no-any-return]


def _i1e_rule(g: Node, out: Node, x: Node) -> Node:
    usable, safe = _away_from_zero(x)
    return g * ops.where(usable, i0e(safe) - out * (ops.sgn(safe) + ops.reciprocal(safe)), 0.5)  # type: ignore[no-any-return]


i1 = unary(
    "special.i1",
    numerics.i1,
    _i1_rule,
    "The modified Bessel function of the first kind, of order 1.",
    "[0., 1.]",
    grad_fn="SpecialI1Backward0",
)
i1e = unary(
    "special.i1e",
    numerics.i1e,
    _i1e_rule,
    "exp(-|x|)*i1(x).",
    "[0., 1.]",
    grad_fn="SpecialI1EBackward0",
    samples=["special.i1e(x); x:2,3 in 0.2..2"],
)

# Products with logarithms

entr = unary(
    "special.entr",
    numerics.entr,
    lambda g, out, x: g * -(1 + ops.log(x)),
    "-x*log(x), 0 at 0 and -inf below.",
    "[0., 0.5]",
    domain=POSITIVE,
    grad_fn="SpecialEntrBackward0",
)


def _xlogy_to_x(g: Node, out: Node, x: Node, y: Node) -> Node:
    return ops.masked_fill(XLOGY(g, y), ops.eq(x, 0) & ops.le(y, 0), 0)  # type: ignore[no-any-return]


def _xlog1py_to_x(g: Node, out: Node, x: Node, y: Node) -> Node:
    return ops.masked_fill(XLOG1PY(g, y), ops.eq(x, 0) & ops.le(y, -1), 0)  # type: ignore[no-any-return]


def _xlogy_to_y(g: Node, out: Node, x: Node, y: Node) -> Node:
    return g * x / y


def _xlog1py_to_y(g: Node, out: Node, x: Node, y: Node) -> Node:
    return g * x / (y + 1)


def _product(signature: str, kernel: Any, to_x: Any, to_y: Any, grad_fn: str, says: str) -> tuple[Elementwise, ...]:
    """One operation for two tensors, one for a number and a tensor, one for a tensor and a number."""
    return tuple(
        Elementwise(signature, kernel, vjp=vjp, grad_fn=f"{grad_fn}Backward{i}", doc=says)
        for i, vjp in enumerate(([to_x, to_y], [none, to_y], [to_x, none]))
    )


XLOGY, _NUMBER_XLOGY, _XLOGY_NUMBER = _product(
    "xlogy(x, y)", numerics.xlogy, _xlogy_to_x, _xlogy_to_y, "Xlogy", "x*log(y)."
)
XLOG1PY, _NUMBER_XLOG1PY, _XLOG1PY_NUMBER = _product(
    "special.xlog1py(x, y)", numerics.xlog1py, _xlog1py_to_x, _xlog1py_to_y, "SpecialXlog1Py", "x*log(1 + y)."
)
xlogy = composite(
    "xlogy(x, y)",
    lambda x, y: (_XLOGY_NUMBER if y.weak else _NUMBER_XLOGY if x.weak else XLOGY)(x, y),
    doc="x*log(y), and 0 where x is 0.",
    kinks="Where x is 0 and y is not positive the derivative by x is 0.",
    example="xlogy([0., 2.], [0., 3.])",
    samples=["xlogy(x, y); x:2,3, y:3 in 0.3..2", "xlogy(2, y); y:3 in 0.3..2", "xlogy(x, 2); x:2,3"],
)
xlog1py = composite(
    "special.xlog1py(x, y)",
    lambda x, y: (_XLOG1PY_NUMBER if y.weak else _NUMBER_XLOG1PY if x.weak else XLOG1PY)(x, y),
    doc="x*log(1 + y), and 0 where x is 0.",
    kinks="Where x is 0 and y is not above -1 the derivative by x is 0.",
    example="special.xlog1py([0., 2.], [-1., 3.])",
    samples=[
        "special.xlog1py(x, y); x:2,3, y:3 in -0.5..2",
        "special.xlog1py(2, y); y:3 in -0.5..2",
        "special.xlog1py(x, 2); x:3",
    ],
)
