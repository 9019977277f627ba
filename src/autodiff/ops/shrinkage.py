"""Activation functions that leave out what is small: shrinkage, thresholds, prelu."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.elementwise import Elementwise, elementwise
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.sizes import numel, show
from autodiff.ops.checks import floating_only, no_bool, not_implemented, plain_as


def _check_softshrink(x: Node, lambd: Any) -> None:
    floating_only("softshrink_check")(x)
    largest = np.finfo(x.dtype.numpy if x.dtype.is_floating else np.float64).max
    if not 0 <= lambd <= largest:
        raise AutodiffError(
            "bad-value",
            f"lambda must be in range [0, {float(largest):g}] for input dtype {x.dtype.long_name}, but found"
            f" {float(lambd):g}",
            operands=(1,),
        )


softshrink = elementwise(
    "softshrink(x, lambd: Number = 0.5)",
    lambda x, lambd: np.where(
        np.greater(x, lambd), np.subtract(x, lambd), np.where(np.less(x, -lambd), np.add(x, lambd), 0 * np.abs(x))
    ),
    check=_check_softshrink,
    vjp=[lambda g, out, x, lambd: ops.where((x < -lambd) | (x > lambd), g, 0)],
    doc="x moved towards 0 by lambd, and 0 where it is nearer than that.",
    kinks="The derivative at -lambd and lambd is 0.",
    example="softshrink([-1., 0.2, 2.])",
    samples=["softshrink(x); x:2,3", "softshrink(x, 0.2); x:2,3"],
)
hardshrink = elementwise(
    "hardshrink(x, lambd: Number = 0.5)",
    lambda x, lambd: np.where(np.greater_equal(x, -lambd) & np.less_equal(x, lambd), 0, x),
    check=floating_only("hardshrink_cpu"),
    vjp=[lambda g, out, x, lambd: ops.where((x < -lambd) | (x > lambd), g, 0)],
    doc="x, and 0 where it is within lambd of 0.",
    kinks="The derivative at -lambd and lambd is 0.",
    example="hardshrink([-1., 0.2, 2.])",
    samples=["hardshrink(x); x:2,3", "hardshrink(x, 0.2); x:2,3"],
)
THRESHOLD = Elementwise(
    "threshold(x, threshold: Number, value: Number)",
    lambda x, threshold, value: np.where(np.less_equal(x, threshold), np.asarray(value).astype(np.asarray(x).dtype), x),
    computes="promote",
    check=lambda x, threshold, value: no_bool("threshold_cpu")(x),
    vjp=[lambda g, out, x, threshold, value: ops.where(x <= threshold, 0, g)],
    doc="x where it is above threshold, else value.",
)


def _threshold(x: Node, threshold: Any, value: Any, inplace: bool) -> Node:
    if x.dtype.kind == dtypes.INTEGER:
        threshold, value = plain_as(threshold, dtypes.int64), plain_as(value, dtypes.int64)
    return THRESHOLD(x, threshold, value)  # type: ignore[no-any-return]


threshold = composite(
    "threshold(x, threshold: Number, value: Number, inplace: bool = False)",
    _threshold,
    doc="x where it is above threshold, else value.",
    kinks="The derivative at threshold is 0.",
    example="threshold([-1., 0.5, 2.], 0.1, 20)",
    samples=["threshold(x, 0.1, 20); x:2,3"],
)
PRELU = Elementwise(
    "prelu(x, weight)",
    lambda x, weight: np.where(np.greater(x, 0), x, np.multiply(weight, x)),
    vjp=[
        lambda g, out, x, weight: ops.where(x > 0, g, weight * g),
        lambda g, out, x, weight: ops.where(x > 0, 0, x * g),
    ],
    grad_fn="PreluKernelBackward0",
    doc="x where it is positive, else weight*x.",
)


def _prelu(x: Node, weight: Node) -> Node:
    if weight.dtype is not x.dtype and not (x.weak or weight.weak):
        raise AutodiffError(
            "bad-dtype",
            f"prelu: Type promoting not supported. Got {x.dtype.long_name} and {weight.dtype.long_name}",
            operands=(0, 1),
        )
    if x.dtype.kind < dtypes.FLOATING and not x.weak:
        raise not_implemented("prelu_kernel", x.dtype)
    rank, count = len(x.shape), numel(weight.shape)
    if count != 1:
        if not rank:
            raise AutodiffError("bad-rank", "Not allow zero-dim input tensor.", operands=(0,))
        channels = x.shape[1] if rank > 1 else 1
        if channels != count:
            raise AutodiffError(
                "shape-mismatch",
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and channel"
                f" size = {channels}.",
                operands=(0, 1),
                help=f"weight has one number, or one for each channel, dim 1 of {show(x.shape)}",
            )
    if len(weight.shape) > 1:
        raise AutodiffError(
            "bad-rank",
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {len(weight.shape)}",
            operands=(1,),
        )
    if not weight.weak and weight.shape != (1,) * rank and not (rank == 1 and weight.shape):
        weight = ops.reshape(weight, tuple(count if i == min(1, rank - 1) else 1 for i in range(rank)))
    return PRELU(x, weight)  # type: ignore[no-any-return]


prelu = composite(
    "prelu(x, weight)",
    _prelu,
    doc="x where it is positive, else weight*x; weight is one number, or one for each channel (dim 1).",
    kinks="The derivative at 0 is weight.",
    example="prelu([-1., 0.5, 2.], [0.25])",
    samples=["prelu(x, y); x:2,3, y:1", "prelu(x, y); x:2,3, y:3"],
)
