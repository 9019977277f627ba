"""Normalizations of channels (dim 1): over groups of them, over a batch, row by row, and by their neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Dim, normalize_dim, numel, show, size_text
from autodiff.ops.checks import not_implemented
from autodiff.ops.layout import contiguous_copy
from autodiff.ops.losses import a_tensor, refuse_gradient
from autodiff.ops.normalization import (
    centred_gradient,
    check_dtypes,
    cotangents,
    shown_operands,
    standard,
    standard_array,
)

# Groups: rows of channels are normalized together.


def _channels(parameter: Any, rank: int) -> Any:
    """A parameter of the channels, to be broadcast along dim 1."""
    return np.reshape(parameter, (-1, *[1] * (rank - 2)))


def _group_kernel(x: Any, weight: Any, bias: Any, groups: int, eps: float) -> Any:
    rows = np.reshape(x, (x.shape[0], groups, -1)) if x.size else x
    out = np.reshape(standard_array(rows, (-1,), eps), x.shape) if x.size else x
    if weight is not None:
        out = out * _channels(weight, x.ndim)
    return out if bias is None else out + _channels(bias, x.ndim)


def _along_channels(parameter: Node, x: Node) -> Node:
    return ops.reshape(parameter, (x.shape[1], *[1] * (len(x.shape) - 2)))  # type: ignore[no-any-return]


def _over_others(value: Node) -> Node:
    """Sum over all dims but that of the channels."""
    return ops.sum(value, (0, *range(2, len(value.shape))))  # type: ignore[no-any-return]


def _group_rule(g: Node, out: Node, x: Node, weight: Node | None, bias: Node | None, groups: int, eps: Any) -> Any:
    rows = (x.shape[0], groups, numel(x.shape[1:]) // groups)
    x_hat, scale = standard(ops.reshape(x, rows), (2,), eps)

    def into_x() -> Node:
        gy = g if weight is None else g * _along_channels(weight, x)
        return ops.reshape(centred_gradient(ops.reshape(gy, rows), x_hat, scale, (2,)), x.shape)  # type: ignore[no-any-return]

    return cotangents(
        [
            (x, into_x),
            (weight, lambda: _over_others(g * ops.reshape(x_hat, x.shape))),
            (bias, lambda: _over_others(g)),
        ]
    )


GROUP_NORM = Primitive(
    "group_norm(x, weight: Tensor?, bias: Tensor?, groups: int, eps: Number)",
    _group_kernel,
    shape=lambda x, *_: x.shape,
    vjp_all=_group_rule,
    edges=shown_operands,
    grad_fn="NativeGroupNormBackward0",
    doc="x normalized over groups of channels.",
)


def _several_values(size: list[Dim], shown: str) -> None:
    if numel((size[0], *size[2:])) == 1:
        message = f"Expected more than 1 value per channel when training, got input size {shown}"
        raise AutodiffError("bad-value", message, type="ValueError", operands=(0,))


def _group_norm(x: Node, groups: int, weight: Node | None, bias: Node | None, eps: Any) -> Node:
    x = a_tensor(x)
    if len(x.shape) < 2:
        message = f"Expected at least 2 dimensions for input tensor but received {len(x.shape)}"
        raise AutodiffError("bad-rank", message, operands=(0,))
    if groups == 0:
        message = "integer division or modulo by zero"
        raise AutodiffError("bad-value", message, type="ZeroDivisionError", help="num_groups is one or more")
    channels = x.shape[1]
    if isinstance(channels, int) and isinstance(x.shape[0], int):
        rows = [x.shape[0] * channels // groups, groups, *x.shape[2:]]
        _several_values(rows, show(rows))
    checked_group(x, groups, weight, bias)
    return GROUP_NORM(contiguous_copy(x), weight, bias, groups, eps)  # type: ignore[no-any-return]


def checked_group(x: Node, groups: int, weight: Node | None, bias: Node | None) -> None:
    """Raises for groups that do not divide the channels, and for parameters that do not fit them."""
    normalize_dim(1, len(x.shape))
    channels = x.shape[1]
    if groups <= 0:
        raise AutodiffError("bad-value", f"Expected num groups to be greater than 0, got {groups}")
    if isinstance(channels, int) and channels % groups:
        raise AutodiffError(
            "shape-mismatch",
            "Expected number of channels in input to be divisible by num_groups, but got input of shape"
            f" {show(x.shape)} and num_groups={groups}",
            operands=(0,),
        )
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None and parameter.shape != (channels,):
            raise AutodiffError(
                "shape-mismatch",
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of"
                f" shape {show(weight.shape if weight is not None else parameter.shape)} and input of shape"
                f" {show(x.shape)}",  # PyTorch shows the shape of the weight for both
            )
    check_dtypes(x, "GroupNormKernelImpl", weight, bias)


composite(
    "group_norm(x, num_groups: int, weight: Tensor? = None, bias: Tensor? = None, eps: Number = 1e-05)",
    _group_norm,
    doc="x normalized over num_groups groups of channels (dim 1), row by row.",
    example="group_norm([[1., 2., 3., 5.]], 2)",
    samples=[
        "group_norm(x, 2); x:2,4,3",
        "group_norm(x, 2, w, b); x:2,4,3, w:4, b:4",
        "group_norm(x, 1, bias=b); x:2,4, b:4",
    ],
)


# Batches


def _others(rank: int) -> tuple[int, ...]:
    return (0, *range(2, rank))


def _batch_kernel(x: Any, weight: Any, bias: Any, mean: Any, var: Any, training: bool, eps: float) -> Any:
    if training:
        out = standard_array(x, _others(x.ndim), eps)
    else:
        out = (x - _channels(mean, x.ndim)) / np.sqrt(_channels(var, x.ndim) + eps)
    if weight is not None:
        out = out * _channels(weight, x.ndim)
    return out if bias is None else out + _channels(bias, x.ndim)


def _batch_rule(
    g: Node, out: Node, x: Node, weight: Node | None, bias: Node | None, mean: Any, var: Any, training: bool, eps: Any
) -> Any:
    dims = _others(len(x.shape))
    if training:
        x_hat, scale = standard(x, dims, eps)
    else:
        scale = ops.rsqrt(_along_channels(var, x) + eps)
        x_hat = (x - _along_channels(mean, x)) * scale

    def into_x() -> Node:
        gy = g if weight is None else g * _along_channels(weight, x)
        return centred_gradient(gy, x_hat, scale, dims) if training else gy * scale

    found = cotangents([(x, into_x), (weight, lambda: _over_others(g * x_hat)), (bias, lambda: _over_others(g))])
    return [*found, *[None for statistic in (mean, var) if statistic is not None]]


BATCH_NORM = Primitive(
    "batch_norm(x, weight: Tensor?, bias: Tensor?, running_mean: Tensor?, running_var: Tensor?, training: bool,"
    " eps: Number)",
    _batch_kernel,
    shape=lambda x, *_: x.shape,
    vjp_all=_batch_rule,
    edges=shown_operands,
    grad_fn="NativeBatchNormBackward0",
    doc="x normalized channel by channel.",
)


def native_batch_norm(
    x: Node, weight: Node | None, bias: Node | None, mean: Node | None, var: Node | None, training: bool, eps: Any
) -> Node:
    features = x.shape[1] if len(x.shape) > 1 else 0
    for name, parameter in (("running_mean", mean), ("running_var", var), ("weight", weight), ("bias", bias)):
        if parameter is not None:
            if numel(parameter.shape) != features:
                message = f"{name} should contain {features} elements not {numel(parameter.shape)}"
                raise AutodiffError("shape-mismatch", message)
        elif name.startswith("running") and not training:
            raise AutodiffError("missing-argument", f"{name} must be defined in evaluation mode")
    if len(x.shape) < 2:
        message = f"Dimension out of range (expected to be in range of [-1, 0], but got {1})"
        raise AutodiffError("bad-rank", message, type="IndexError", operands=(0,))
    refuse_gradient("native_batch_norm", "running_mean", mean)
    refuse_gradient("native_batch_norm", "running_var", var)
    if not x.dtype.is_floating:
        raise not_implemented("batch_norm", x.dtype)
    check_dtypes(x, "batch_norm", weight, bias, mean, var)
    weight, bias, mean, var = (
        p if p is None or len(p.shape) == 1 else ops.reshape(p, (-1,)) for p in (weight, bias, mean, var)
    )
    return BATCH_NORM(x, weight, bias, mean, var, training, eps)  # type: ignore[no-any-return]


def _batch_norm(
    x: Node, mean: Node | None, var: Node | None, weight: Node | None, bias: Node | None, training: bool,
    momentum: Any, eps: Any,
) -> Node:  # fmt: skip
    x = a_tensor(x)
    if training and x.shape:
        _several_values(list(x.shape), size_text(x.shape))
    shown = eps if isinstance(eps, int) else float(eps)
    if training and eps <= 0:
        message = f"batch_norm eps must be positive during training, but got {shown}"
        raise AutodiffError("bad-value", message, type="ValueError")
    if eps < 0:
        raise AutodiffError("bad-value", f"batch_norm eps must be non-negative, but got {shown}", type="ValueError")
    if 0 in x.shape:  # PyTorch leaves what is empty as it is, whatever the parameters
        out = ops.clone(x)
        out = out if weight is None else out * ops.select(weight, 0, 0)
        return out if bias is None else out + ops.select(bias, 0, 0)  # type: ignore[no-any-return]
    return native_batch_norm(x, weight, bias, mean, var, training, eps)


composite(
    "batch_norm(x, running_mean: Tensor?, running_var: Tensor?, weight: Tensor? = None, bias: Tensor? = None,"
    " training: bool = False, momentum: Number = 0.1, eps: Number = 1e-05)",
    _batch_norm,
    doc="x normalized channel by channel (dim 1), by its own statistics when training, else by the running ones.",
    example="batch_norm([[1., 2.], [3., 5.]], None, None, training=True)",
    samples=[
        "batch_norm(x, None, None, training=True); x:3,2",
        "batch_norm(x, None, None, w, b, training=True); x:3,2,2, w:2, b:2",
        "batch_norm(x, tensor([0.5, 1.]), tensor([1., 2.]), w); x:3,2, w:2",
        "batch_norm(x, tensor([0.5, 1.]), tensor([1., 2.]), bias=b); x:3,2,2, b:2",
    ],
)


def _instance_norm(
    x: Node, mean: Node | None, var: Node | None, weight: Node | None, bias: Node | None, use_input_stats: bool,
    momentum: Any, eps: Any,
) -> Node:  # fmt: skip
    """As a batch of one with a channel for each channel of each row."""
    x = a_tensor(x)
    if use_input_stats and numel(x.shape[2:]) == 1:
        message = f"Expected more than 1 spatial element when training, got input size {size_text(x.shape)}"
        raise AutodiffError("bad-value", message, type="ValueError", operands=(0,))
    if not use_input_stats and (mean is None or var is None):
        message = "Expected running_mean and running_var to be defined when use_input_stats is false"
        raise AutodiffError("missing-argument", message)
    if (mean is None) != (var is None):
        message = "running_mean and running_var must either both be None or neither be None"
        raise AutodiffError("missing-argument", message, type="ValueError")
    normalize_dim(1, len(x.shape))
    rows, channels = x.shape[0], x.shape[1]
    wide = ops.view(ops.contiguous(x), (1, rows * channels, *x.shape[2:]))
    weight, bias, mean, var = (None if p is None else ops.repeat(p, (rows,)) for p in (weight, bias, mean, var))
    out = native_batch_norm(wide, weight, bias, mean, var, use_input_stats, eps)
    return ops.view(out, x.shape)  # type: ignore[no-any-return]


composite(
    "instance_norm(x, running_mean: Tensor? = None, running_var: Tensor? = None, weight: Tensor? = None,"
    " bias: Tensor? = None, use_input_stats: bool = True, momentum: Number = 0.1, eps: Number = 1e-05)",
    _instance_norm,
    doc="x normalized channel by channel (dim 1) and row by row.",
    example="instance_norm([[[1., 2., 4.]]])",
    samples=["instance_norm(x); x:2,2,3", "instance_norm(x, weight=w, bias=b); x:2,2,3, w:2, b:2"],
)


def _local_response_norm(x: Node, size: int, alpha: Any, beta: Any, k: Any) -> Node:
    x = a_tensor(x)
    rank = len(x.shape)
    if rank < 3:
        message = f"Expected 3D or higher dimensionality                          input (got {rank} dimensions)"
        raise AutodiffError("bad-rank", message, type="ValueError", operands=(0,))
    if 0 in x.shape:
        return x
    squares = x * x
    if rank == 3:
        squares = ops.pad(ops.unsqueeze(squares, 1), (0, 0, size // 2, (size - 1) // 2))
        squares = ops.squeeze(ops.avg_pool2d(squares, (size, 1), stride=(1,)), 1)
    else:
        rest = numel(x.shape[3:])
        squares = ops.view(squares, (x.shape[0], 1, x.shape[1], x.shape[2], rest))
        squares = ops.pad(squares, (0, 0, 0, 0, size // 2, (size - 1) // 2))
        squares = ops.squeeze(ops.avg_pool3d(squares, (size, 1, 1), stride=(1,)), 1)
        squares = ops.view(squares, x.shape)
    return x / (squares * alpha + k) ** beta  # type: ignore[no-any-return]


composite(
    "local_response_norm(x, size: int, alpha: Number = 0.0001, beta: Number = 0.75, k: Number = 1.0)",
    _local_response_norm,
    doc="x divided by a power of the mean of the squares of neighbouring channels.",
    example="local_response_norm([[[1.], [2.], [3.]]], 2)",
    samples=["local_response_norm(x, 2); x:1,3,2", "local_response_norm(x, 3, alpha=0.5, beta=0.5, k=2); x:1,3,2,2"],
)
