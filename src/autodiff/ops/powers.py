"""Powers: by a plain number, of a plain number, and of tensors by tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import Composite, composite
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import BROADCAST, CONVERT, as_operand, primitive
from autodiff.ops.arithmetic import value_of, with_number
from autodiff.ops.checks import not_implemented
from autodiff.ops.elementwise import log_of


def _power_kernel(x: Any, exponent: Any) -> Any:
    """PyTorch's short cuts, which differ from `pow` at negative zeros and infinities as PyTorch does."""
    if exponent == 2:
        return np.multiply(x, x)
    if exponent == 3:
        return np.multiply(np.multiply(x, x), x)
    if exponent == 0.5:
        return np.sqrt(x)
    if exponent == -0.5:
        return np.reciprocal(np.sqrt(x))
    if exponent == -1:
        return np.reciprocal(x)
    if exponent == -2:
        return np.reciprocal(np.multiply(x, x))
    return np.power(x, exponent)


def _special_power(exponent: Any) -> Any:
    """A kernel that computes this power alone, with the values of `_power_kernel`."""
    if exponent == -1:
        return np.divide, ((1.0,), 0)
    kernel = {1: _itself, 2: np.square, 0.5: np.sqrt}.get(exponent)
    return kernel and (kernel, (0,))


def _itself(x: Any) -> Any:
    return x


def _pow_kernel(x: Any, exponent: Any) -> Any:
    """Integers to negative integer powers, which NumPy refuses, are truncated to integers."""
    if np.result_type(x, exponent).kind not in "iu" or np.min(exponent, initial=0) >= 0:
        return np.power(x, exponent)
    sign = np.where(np.remainder(exponent, 2) == 1, -1, 1)
    inverse = np.where(np.equal(x, 1), 1, np.where(np.equal(x, -1), sign, 0))
    return np.where(np.less(exponent, 0), inverse, np.power(x, np.maximum(exponent, 0)))


def _check_pow(x: Node, exponent: Node) -> None:
    if x.dtype.kind == exponent.dtype.kind == dtypes.BOOL:
        raise not_implemented("pow", x.dtype, (0, 1))


def _less_one(n: Node) -> Node:
    """PyTorch takes one from the exponent as it was given, which it refuses for truth values."""
    given = n
    while given.op in (BROADCAST, CONVERT):
        given = given.inputs[0]
    if given.dtype.kind == dtypes.BOOL:
        ops.sub(given, 1)
    return n - 1


POW_NUMBER: Elementwise = Elementwise(
    "pow(x, exponent: Number)",
    _power_kernel,
    specialize=_special_power,
    decompose=lambda x, n: x * x * x if n == 3 else None,
    computes="promote",
    vjp=[lambda g, out, x, n: ops.zeros_like(x) if n == 0 else g * (n * pow_(x, n - 1))],
    grad_fn="PowBackward0",
    text="x^exponent",
    doc="x to the power of a plain number.",
)
POW_TENSOR: Elementwise = Elementwise(
    "pow_tensor(x, exponent)",
    _pow_kernel,
    computes="promote",
    keeps_numbers=True,
    check=_check_pow,
    vjp=[
        lambda g, out, x, n: ops.where(ops.eq(n, 0), ops.zeros_like(out), g * (n * POW_TENSOR(x, _less_one(n)))),
        lambda g, out, x, n: g * ops.where(ops.eq(x, 0) & (n >= 0), ops.zeros_like(out), out * ops.log(x)),
    ],
    grad_fn="PowBackward1",
    text="x^exponent",
    doc="x to the power of exponent, element by element.",
)
POW_OF_NUMBER = Elementwise(
    "pow_of_number(exponent, x: Number)",
    lambda exponent, x: _pow_kernel(x, exponent),
    computes="promote",
    check=lambda n, base: _check_pow_of_number(n, base),
    vjp=[lambda g, out, n, base: _power_of_number(g, out, n, base)],
    grad_fn="PowBackward2",
    text="x^exponent",
    doc="A plain number to the power of exponent.",
)


def _check_pow_of_number(n: Node, base: Any) -> None:
    if n.dtype.kind == dtypes.BOOL and isinstance(base, bool):
        raise not_implemented("pow", n.dtype, (0, 1))


def _power_of_number(g: Node, out: Node, n: Node, base: Any) -> Node:
    if base == 0:
        return g * ops.where(n >= 0, ops.zeros_like(out), out * -math.inf)  # type: ignore[no-any-return]
    return g * (out * log_of(base))


def _power(x: Any, exponent: Any) -> Node:
    x, exponent = as_operand(x), as_operand(exponent)
    n = value_of(exponent)
    if n is not None and not x.weak:
        if isinstance(n, int) and n < 0 and x.dtype.kind < dtypes.FLOATING:
            raise AutodiffError("bad-dtype", "Integers to negative integer powers are not allowed.")
        return POW_NUMBER(with_number(x, n), n)  # type: ignore[no-any-return]
    base = value_of(x)
    if base is not None and not exponent.weak:
        return POW_OF_NUMBER(with_number(exponent, base), base)  # type: ignore[no-any-return]
    return POW_TENSOR(x, exponent)  # type: ignore[no-any-return]


pow_: Composite = composite(
    "pow(x, exponent)",
    _power,
    doc="x to the power of exponent, element by element.",
    kinks="The derivative of x^y by y is 0 where x is 0 and y is not negative.",
    example="pow([1., 2., 3.], 2)",
    samples=["x^3; x:2,3", "x^y; x:2,3, y:3", "2^x; x:2,3", "x^-0.5; x:2,3"],
    domain=(0.3, 2.0),
)
square = composite(
    "square(x)", lambda x: _power(x, 2), doc="x^2.", example="square([1., 2., 3.])", samples=["square(x); x:2,3"]
)
float_power = composite(
    "float_power(x, exponent)",
    lambda x, exponent: _power(_double(x), _double(exponent)),
    doc="x to the power of exponent, computed in float64.",
    example="float_power([1, 2, 3], -1)",
    samples=["float_power(x, 3); x:2,3", "float_power(x, y); x:2,3, y:3", "float_power(2, x); x:2,3"],
    domain=(0.3, 2.0),
)


def _double(x: Node) -> Any:
    known = value_of(x)
    if known is not None:
        return float(known) if isinstance(known, int) else known
    return x if x.dtype is dtypes.float64 else ops.to_copy(x, dtypes.float64)


OPERATORS["**"] = _power


# Mantissa and exponent


def _frexp_kernel(x: Any) -> Any:
    mantissa, exponent = np.frexp(x)
    return mantissa, exponent


def _check_frexp(x: Node) -> None:
    if not x.dtype.is_floating:
        raise AutodiffError("bad-dtype", "torch.frexp() only supports floating-point dtypes", operands=(0,))


primitive(
    "frexp(x)",
    _frexp_kernel,
    check=_check_frexp,
    results=lambda x: [(x.shape, x.dtype), (x.shape, dtypes.int32)],
    fields=("mantissa", "exponent"),
    vjp_all=lambda g, out, x: [None if g[0] is None else g[0] / ops.exp2(ops.to_copy(out[1], x.dtype))],
    kinks="Between powers of two the exponent is constant; at one the derivative is that of the interval above.",
    doc="mantissa and exponent with x = mantissa*2^exponent, the mantissa between 0.5 and 1.",
    example="frexp([3., 8.])[0]",
    samples=["frexp(x)[0]; x:2,3 in 1.1..1.9"],
)
