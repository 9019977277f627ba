"""Formulas of two or three tensors, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.elementwise import Elementwise, common_form, elementwise
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import none, zero
from autodiff.ops.checks import C_NAMES, floating_only, not_differentiable, not_implemented, plain_as, wanting
from autodiff.ops.elementwise import log_of

logaddexp = elementwise(
    "logaddexp(x, y)",
    np.logaddexp,
    check=floating_only("logaddexp_cpu", 2),
    vjp=[lambda g, out, x, y: g / (1 + ops.exp(y - x)), lambda g, out, x, y: g / (1 + ops.exp(x - y))],
    doc="log(exp(x) + exp(y)), without overflow.",
    example="logaddexp([0., 1000.], [0., 1000.])",
    samples=["logaddexp(x, y); x:2,3, y:3"],
)
logaddexp2 = elementwise(
    "logaddexp2(x, y)",
    np.logaddexp2,
    check=floating_only("logaddexp2_cpu", 2),
    vjp=[lambda g, out, x, y: g / (1 + 2 ** (y - x)), lambda g, out, x, y: g / (1 + 2 ** (x - y))],
    doc="log2(2^x + 2^y), without overflow.",
    example="logaddexp2([0., 2000.], [0., 2000.])",
    samples=["logaddexp2(x, y); x:2,3, y:3"],
)


def _copysign_to_x(g: Node, out: Node, x: Node, y: Node) -> Node:
    return g * ops.masked_fill(out / x, ops.eq(x, 0), 0)  # type: ignore[no-any-return]


_copysign: dict[str, Any] = {"doc": "The size of x with the sign of y."}
COPYSIGN = Elementwise("copysign(x, y)", np.copysign, vjp=[_copysign_to_x, zero], **_copysign)
COPYSIGN_NUMBER = Elementwise(
    "copysign(x, y)", np.copysign, vjp=[_copysign_to_x, none], grad_fn="CopysignBackward1", **_copysign
)
copysign = composite(
    "copysign(x, y)",
    lambda x, y: (COPYSIGN_NUMBER if y.weak else COPYSIGN)(x, y),
    doc="The size of x with the sign of y.",
    kinks="The derivative at 0 is 0.",
    example="copysign([1., -2.], [-1., -1.])",
    samples=["copysign(x, y); x:2,3, y:3", "copysign(x, -1); x:2,3"],
)
ldexp = elementwise(
    "ldexp(x, y)",
    lambda x, y: np.multiply(x, np.exp2(y)),
    vjp=[lambda g, out, x, y: g * 2**y, lambda g, out, x, y: g * out * log_of(2)],
    doc="x*2^y.",
    example="ldexp([1., 2.], [3, 4])",
    samples=["ldexp(x, y); x:2,3, y:3"],
)


def _check_heaviside(x: Node, y: Node) -> None:
    if x.dtype is not y.dtype and not (x.weak or y.weak):
        raise AutodiffError(
            "bad-dtype", "heaviside is not yet implemented for tensors with different dtypes.", operands=(0, 1)
        )


heaviside = elementwise(
    "heaviside(x, values)",
    lambda x, values: np.asarray(np.where(np.equal(x, 0), values, np.greater(x, 0)), np.result_type(x, values)),
    computes="promote",
    check=_check_heaviside,
    vjp=[not_differentiable("heaviside"), not_differentiable("heaviside")],
    edges=wanting,
    grad_fn="NotImplemented",
    doc="0 where x is negative, 1 where it is positive, values where it is 0. PyTorch has no derivative for it.",
    example="heaviside([-1., 0., 2.], 0.5)",
    samples=["x*heaviside(detach(x), tensor(0.5)); x:2,3"],
)
nextafter = elementwise(
    "nextafter(x, y)",
    np.nextafter,
    check=floating_only("nextafter_cpu", 2),
    vjp=[lambda g, out, x, y: ops.where(ops.ne(x, y), g, 0), zero],
    doc="The next number after x in the direction of y.",
    example="nextafter([1.], [2.])",
    samples=["nextafter(x, y)*x; x:2,3, y:3 in 3..4"],
)
gcd = elementwise(
    "gcd(x, y)",
    np.gcd,
    computes="promote",
    check=lambda x, y: _integers("gcd_cpu", x, y),
    doc="The greatest common divisor.",
    example="gcd([12, 18], 8)",
)
lcm = elementwise(
    "lcm(x, y)",
    np.lcm,
    computes="promote",
    check=lambda x, y: _integers("lcm_cpu", x, y),
    doc="The least common multiple.",
    example="lcm([4, 6], 10)",
)


def _integers(kernel: str, x: Node, y: Node) -> None:
    dtype = common_form((x, y))[1]
    if dtype.kind != dtypes.INTEGER:
        raise not_implemented(kernel, dtype, (0, 1))


# Of three tensors


def _same_type(x: Node, other: Node, name: str, position: int) -> None:
    if other.dtype is not x.dtype and not (x.weak or other.weak):
        raise AutodiffError(
            "bad-dtype",
            f"expected dtype {_c_name(x)} for `{name}` but got dtype {_c_name(other)}",
            operands=(0, position),
        )


def _c_name(node: Node) -> str:
    return C_NAMES[node.dtype.name].replace("long", "long int")


def _check_lerp(x: Node, end: Node, weight: Node) -> None:
    _same_type(x, end, "end", 1)
    if not weight.weak:
        _same_type(x, weight, "weight", 2)
    if x.dtype.kind < dtypes.FLOATING and not x.weak:
        raise not_implemented(f"lerp_kernel_{'scalar' if weight.weak else 'tensor'}", x.dtype)


def _lerp_kernel(x: Any, end: Any, weight: Any) -> Any:
    """From the nearer end, as PyTorch does, so that weight 1 is exactly end."""
    step = np.subtract(end, x)
    near = np.less(np.abs(weight), 0.5)
    return np.where(
        near, np.add(x, np.multiply(weight, step)), np.subtract(end, np.multiply(step, np.subtract(1, weight)))
    )


_lerp: dict[str, Any] = {"check": _check_lerp, "doc": "x + weight*(end - x)."}
LERP_NUMBER = Elementwise(
    "lerp(x, end, weight)",
    _lerp_kernel,
    vjp=[lambda g, out, x, end, weight: g * (1 - weight), lambda g, out, x, end, weight: g * weight, none],
    grad_fn="LerpBackward0",
    **_lerp,
)
LERP = Elementwise(
    "lerp(x, end, weight)",
    _lerp_kernel,
    vjp=[
        lambda g, out, x, end, weight: g * (1 - weight),
        lambda g, out, x, end, weight: g * weight,
        lambda g, out, x, end, weight: g * (end - x),
    ],
    grad_fn="LerpBackward1",
    **_lerp,
)
lerp = composite(
    "lerp(x, end, weight)",
    lambda x, end, weight: (LERP_NUMBER if weight.weak else LERP)(x, end, weight),
    doc="The point between x and end: x + weight*(end - x).",
    example="lerp([0., 10.], [10., 20.], 0.25)",
    samples=["lerp(x, y, 0.4); x:2,3, y:3", "lerp(x, y, z); x:2,3, y:3, z:2,1"],
)
ADDCMUL = Elementwise(
    "addcmul(x, tensor1, tensor2, value: Number)",
    lambda x, tensor1, tensor2, value: np.add(x, np.multiply(np.multiply(value, tensor1), tensor2)),
    computes="promote",
    vjp=[
        lambda g, out, x, a, b, value: g,
        lambda g, out, x, a, b, value: g * (b * value),
        lambda g, out, x, a, b, value: g * (a * value),
    ],
    text="x + value*tensor1*tensor2",
    doc="x + value*tensor1*tensor2.",
)


def _addcmul(x: Node, tensor1: Node, tensor2: Node, value: Any) -> Node:
    if not any(node.dtype.is_floating for node in (x, tensor1, tensor2)):
        value = plain_as(value, dtypes.int64)
    if all(node.dtype is dtypes.bool_ for node in (x, tensor1, tensor2)):
        raise not_implemented("addcmul_cpu_out", dtypes.bool_, (0, 1, 2))
    return ADDCMUL(x, tensor1, tensor2, value)  # type: ignore[no-any-return]


addcmul = composite(
    "addcmul(x, tensor1, tensor2, *, value: Number = 1)",
    _addcmul,
    doc="x + value*tensor1*tensor2.",
    example="addcmul([1., 1.], [2., 3.], [4., 5.], value=0.5)",
    samples=["addcmul(x, y, z, value=2); x:2,3, y:3, z:2,1"],
)


def _check_addcdiv(x: Node, tensor1: Node, tensor2: Node, value: Any) -> None:
    if not (tensor1.dtype.is_floating or tensor2.dtype.is_floating):
        raise AutodiffError(
            "bad-dtype",
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true"
            " division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value *"
            " torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 /"
            " tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value"
            " * tensor1 / tensor2), for all dtypes.",
            operands=(1, 2),
        )


addcdiv = elementwise(
    "addcdiv(x, tensor1, tensor2, *, value: Number = 1)",
    lambda x, tensor1, tensor2, value: np.add(x, np.divide(np.multiply(value, tensor1), tensor2)),
    computes="promote",
    check=_check_addcdiv,
    vjp=[
        lambda g, out, x, a, b, value: g,
        lambda g, out, x, a, b, value: g * (value / b),
        lambda g, out, x, a, b, value: -g * (value * a / (b * b)),
    ],
    text="x + value*tensor1/tensor2",
    doc="x + value*tensor1/tensor2.",
    example="addcdiv([1., 1.], [2., 3.], [4., 5.], value=0.5)",
    samples=["addcdiv(x, y, z, value=2); x:2,3, y:3, z:2,1 in 0.5..2"],
)
