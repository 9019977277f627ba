"""Normalizations over the last dims, and what all normalizations share: elements centred and scaled."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.kinds import type_name
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Dim, show
from autodiff.ops.arithmetic import ADD_NUMBER
from autodiff.ops.checks import not_implemented
from autodiff.ops.create import int_list
from autodiff.ops.layout import contiguous_copy
from autodiff.ops.losses import a_tensor

# All of them are x̂ = (x - mean)/√(var + eps) over some dims, times a weight, plus a bias.


def standard_array(x: Any, axes: tuple[int, ...], eps: float) -> Any:
    mean = np.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    return centred / np.sqrt(np.mean(centred * centred, axis=axes, keepdims=True) + eps)


def standard(x: Node, dims: tuple[int, ...], eps: Any) -> tuple[Node, Node]:
    """x̂ and what x was scaled by."""
    centred = x - ops.mean(x, dims, True)
    scale = ops.rsqrt(ops.mean(centred * centred, dims, True) + eps)
    return centred * scale, scale


def centred_gradient(g: Node, x_hat: Node, scale: Node, dims: tuple[int, ...]) -> Node:
    """The cotangent of x for the cotangent g of x̂: what is left of g without its mean and its part along x̂."""
    return scale * (g - ops.mean(g, dims, True) - x_hat * ops.mean(g * x_hat, dims, True))  # type: ignore[no-any-return]


def cotangents(pairs: list[tuple[Node | None, Any]]) -> list[Node]:
    """One cotangent for each operand that is there."""
    return [cotangent() for operand, cotangent in pairs if operand is not None]


def shown_operands(x: Node, weight: Node | None, bias: Node | None, *_: Any) -> list[Node | None]:
    return [x, weight, bias]


def check_dtypes(x: Node, kernel: str, *parameters: Node | None) -> None:
    given = [parameter.dtype for parameter in parameters if parameter is not None]
    if any(dtype is not x.dtype for dtype in given):
        message = "mixed dtype (CPU): all inputs must share same datatype."
        if any(dtype is not dtypes.float32 for dtype in given):
            message = "mixed dtype (CPU): expect parameter to have scalar type of Float"
        raise AutodiffError("bad-dtype", message, operands=(0,))
    if not x.dtype.is_floating:
        raise not_implemented(kernel, x.dtype)


# Layers


def _layer_kernel(x: Any, weight: Any, bias: Any, count: int, eps: float) -> Any:
    out = standard_array(x, tuple(range(-count, 0)), eps)
    if weight is not None:
        out = out * weight
    return out if bias is None else out + bias


def _layer_rule(g: Node, out: Node, x: Node, weight: Node | None, bias: Node | None, count: int, eps: Any) -> Any:
    rank = len(x.shape)
    dims, lead = tuple(range(rank - count, rank)), tuple(range(rank - count))
    x_hat, scale = standard(x, dims, eps)

    def over_rows(value: Node) -> Node:
        return ops.sum(value, lead) if lead else value

    return cotangents(
        [
            (x, lambda: centred_gradient(g if weight is None else g * weight, x_hat, scale, dims)),
            (weight, lambda: over_rows(g * x_hat)),
            (bias, lambda: over_rows(g)),
        ]
    )


LAYER_NORM = Primitive(
    "layer_norm(x, weight: Tensor?, bias: Tensor?, count: int, eps: Number)",
    _layer_kernel,
    shape=lambda x, *_: x.shape,
    vjp_all=_layer_rule,
    edges=shown_operands,
    grad_fn="NativeLayerNormBackward0",
    doc="x normalized over its last dims.",
)


def _check_normalized(
    function: str, x: Node, size: tuple[Dim, ...], parameters: list[tuple[str, Node | None]], comma: str = ", "
) -> None:
    for position, (name, parameter) in enumerate(parameters, 3):
        if parameter is not None and parameter.weak:
            raise AutodiffError(
                "argument-type",
                f"{function}(): argument '{name}' (position {position}) must be Tensor, not {type_name(parameter)}",
                type="TypeError",
                help="its elements multiply or move those of the last dims: give a tensor of their shape",
            )
    if not size:
        raise AutodiffError(
            "bad-value",
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got"
            " normalized_shape = []",
        )
    for name, parameter in parameters:
        if parameter is not None and parameter.shape != size:
            raise AutodiffError(
                "shape-mismatch",
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape"
                f" {show(parameter.shape)} and normalized_shape = {show(size)}",
            )
    if len(x.shape) < len(size) or x.shape[-len(size) :] != size:
        wanted = comma + ", ".join(map(str, size))
        raise AutodiffError(
            "shape-mismatch",
            f"Given normalized_shape={show(size)}, expected input with shape [*{wanted}], but got input of size"
            f"{show(x.shape)}",
            operands=(0,),
        )


def checked_layer(x: Node, size: Any, weight: Node | None, bias: Node | None) -> tuple[Node, int]:
    """x, and over how many dims it is normalized."""
    x, size = a_tensor(x), int_list("layer_norm", "normalized_shape", 2, size)
    _check_normalized("layer_norm", x, size, [("weight", weight), ("bias", bias)])
    check_dtypes(x, "LayerNormKernelImpl", weight, bias)
    return x, len(size)


def _layer_norm(x: Node, size: Any, weight: Node | None, bias: Node | None, eps: Any) -> Node:
    x, count = checked_layer(x, size, weight, bias)
    return LAYER_NORM(x, weight, bias, count, eps)  # type: ignore[no-any-return]


composite(
    "layer_norm(x, normalized_shape: any, weight: Tensor? = None, bias: Tensor? = None, eps: Number = 1e-05)",
    _layer_norm,
    doc="x normalized over its last dims, whose sizes are normalized_shape.",
    example="layer_norm([[1., 2., 3.], [4., 5., 9.]], [3])",
    samples=[
        "layer_norm(x, [3]); x:2,3",
        "layer_norm(x, [3], w); x:2,3, w:3",
        "layer_norm(x, (2, 3), w, b); x:2,2,3, w:2,3, b:2,3",
        "layer_norm(x, [3], bias=b); x:2,3, b:3",
    ],
)


def _rms_norm(x: Node, size: Any, weight: Node | None, eps: Any) -> Node:
    x, size = a_tensor(x), int_list("rms_norm", "normalized_shape", 2, size)
    _check_normalized("rms_norm", x, size, [("weight", weight)], comma="")
    if not x.dtype.is_floating:
        raise not_implemented("rms_norm", x.dtype)
    dims = tuple(range(len(x.shape) - len(size), len(x.shape)))
    if eps is None:
        eps = float(np.finfo(x.dtype.numpy).eps)
    out = x * ops.rsqrt(ADD_NUMBER(ops.mean(x**2, dims, True), eps))
    if weight is not None:
        out = out * weight
        out = out if out.dtype is x.dtype else ops.to_copy(out, x.dtype)
    return contiguous_copy(out)


composite(
    "rms_norm(x, normalized_shape: any, weight: Tensor? = None, eps: Number? = None)",
    _rms_norm,
    doc="x divided by the root of the mean of its squares over its last dims.",
    example="rms_norm([[1., 2., 3.], [4., 5., 9.]], [3])",
    samples=["rms_norm(x, [3]); x:2,3", "rms_norm(x, (2, 3), w, eps=0.1); x:2,2,3, w:2,3"],
)
