"""PyTorch's own names of the normalizations, which also give the statistics that they used."""

# ruff: noqa: N803  (PyTorch's names of sizes)

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.node import Node, Results
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Shape, numel
from autodiff.ops.channel_norms import GROUP_NORM, checked_group, native_batch_norm
from autodiff.ops.normalization import LAYER_NORM, checked_layer


def _mean_kernel(x: Any, axes: tuple[int, ...], keep: bool, eps: float) -> Any:
    return np.mean(x, axis=axes, keepdims=keep)


def _scale_kernel(x: Any, axes: tuple[int, ...], keep: bool, eps: float) -> Any:
    return np.reciprocal(np.sqrt(np.var(x, axis=axes, keepdims=keep) + x.dtype.type(eps)))


def _statistic_shape(x: Node, axes: tuple[int, ...], keep: bool, eps: Any) -> Shape:
    away = {axis % len(x.shape) for axis in axes}
    sizes = [1 if i in away else size for i, size in enumerate(x.shape)]
    return tuple(size for i, size in enumerate(sizes) if keep or i not in away)


def _statistic(name: str, kernel: Any, doc: str) -> Primitive:
    return Primitive(f"{name}(x, axes: any, keep: bool, eps: Number)", kernel, shape=_statistic_shape, doc=doc)


def _tracked(name: str, kernel: Any, doc: str) -> Primitive:
    """A statistic that PyTorch shows a gradient node for, though nothing flows through it: gradients stay None."""
    return Primitive(
        f"{name}(x, weight: Tensor?, bias: Tensor?, rows: any, eps: Number)",
        lambda x, weight, bias, rows, eps: kernel(np.reshape(x, rows), (-1,), False, eps),
        shape=lambda x, weight, bias, rows, eps: rows[:2],
        vjp_all=lambda g, out, x, weight, bias, rows, eps: [None for node in (x, weight, bias) if node is not None],
        edges=lambda x, weight, bias, rows, eps: [x, weight, bias],
        grad_fn="NativeGroupNormBackward0",
        doc=doc,
    )


MEAN = _statistic("saved_mean", _mean_kernel, "The mean that a normalization subtracted, without a gradient.")
SCALE = _statistic("saved_scale", _scale_kernel, "What a normalization multiplied by, without a gradient.")

GROUP_MEAN = _tracked("group_mean", _mean_kernel, "The means that a group normalization subtracted.")
GROUP_SCALE = _tracked("group_scale", _scale_kernel, "What a group normalization multiplied by.")


def _named(function: str, out: Node, x: Node, axes: tuple[int, ...], keep: bool, eps: Any) -> Results:
    return Results.of(function, ("out", "mean", "rstd"), [out, MEAN(x, axes, keep, eps), SCALE(x, axes, keep, eps)])


def _native_layer_norm(x: Node, size: Any, weight: Node | None, bias: Node | None, eps: Any) -> Results:
    x, count = checked_layer(x, size, weight, bias)
    return _named("native_layer_norm", LAYER_NORM(x, weight, bias, count, eps), x, tuple(range(-count, 0)), True, eps)


composite(
    "native_layer_norm(x, normalized_shape: any, weight: Tensor?, bias: Tensor?, eps: Number)",
    _native_layer_norm,
    doc="layer_norm, the means it subtracted and what it multiplied by.",
    example="native_layer_norm([[1., 2., 3.]], [3], None, None, 1e-5)[1]",
    samples=["native_layer_norm(x, [3], w, b, 0.1)[0]; x:2,3, w:3, b:3"],
)


def _native_group_norm(
    x: Node, weight: Node | None, bias: Node | None, N: int, C: int, HxW: int, group: int, eps: Any
) -> Results:
    if numel(x.shape) != N * C * HxW:
        raise AutodiffError(
            "shape-mismatch", f"Expected X.numel() == N * C * HxW to be true, but it is not ({N}, {C}, {HxW})",
            operands=(0,),
        )  # fmt: skip
    checked_group(x, group, weight, bias)
    rows = (N, group, C * HxW // max(group, 1))
    parts = [GROUP_NORM(x, weight, bias, group, eps)]
    parts += [statistic(x, weight, bias, rows, eps) for statistic in (GROUP_MEAN, GROUP_SCALE)]
    return Results.of("native_group_norm", ("out", "mean", "rstd"), parts)


composite(
    "native_group_norm(x, weight: Tensor?, bias: Tensor?, N: int, C: int, HxW: int, group: int, eps: Number)",
    _native_group_norm,
    doc="group_norm, the means it subtracted and what it multiplied by, for each group of each row.",
    example="native_group_norm([[[1., 2.], [3., 5.]]], None, None, 1, 2, 2, 1, 1e-5)[0]",
    samples=[
        "native_group_norm(x, w, b, 2, 4, 3, 2, 0.1)[0]; x:2,4,3, w:4, b:4",
        "x*native_group_norm(ones(1, 2, 2), None, None, 1, 2, 2, 1, 0.1)[1]; x:1,1",
        "x*native_group_norm(ones(1, 2, 2), None, None, 1, 2, 2, 1, 0.1)[2]; x:1,1",
    ],
)


def _batch(
    x: Node, weight: Node | None, bias: Node | None, mean: Node | None, var: Node | None, training: bool,
    momentum: Any, eps: Any,
) -> Results:  # fmt: skip
    out = native_batch_norm(x, weight, bias, mean, var, training, eps)
    if training:
        return _named("native_batch_norm", out, x, (0, *range(2 - len(x.shape), 0)), False, eps)
    nothing = ops.zeros((0,), dtype=x.dtype)
    return Results.of("native_batch_norm", ("out", "mean", "rstd"), [out, nothing, nothing])


composite(
    "native_batch_norm(x, weight: Tensor?, bias: Tensor?, running_mean: Tensor?, running_var: Tensor?, training: bool,"
    " momentum: Number, eps: Number)",
    _batch,
    doc="batch_norm, the means it subtracted and what it multiplied by (when training).",
    example="native_batch_norm([[1., 2.], [3., 5.]], None, None, None, None, True, 0.1, 1e-5)[0]",
    samples=["native_batch_norm(x, w, b, None, None, True, 0.1, 0.1)[0]; x:3,2, w:2, b:2"],
)
