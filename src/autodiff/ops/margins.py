"""Losses that ask the right classes to win by a margin."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, none, zero
from autodiff.graph.sizes import Shape, numel, show
from autodiff.ops.checks import not_implemented
from autodiff.ops.classification import NLL, NLL_ADJOINT
from autodiff.ops.create import SIZE
from autodiff.ops.losses import (
    LEGACY,
    a_tensor,
    checked_reduction,
    legacy_reduction,
    reduced_array,
    refuse_gradient,
)

NOTHING = -100  # no class is ignored: targets are checked to be classes


def _multi_margin_kernel(x: Any, target: Any, weight: Any, p: int, margin: float, reduction: str) -> Any:
    classes = x.shape[-1] if x.ndim else 1
    rows = np.reshape(x, (-1, classes))
    place = np.reshape(target, (-1, 1))
    if np.any((place < 0) | (place >= classes)):
        raise AutodiffError("index-out-of-range", "target out of range", operands=(1,))
    z = margin - np.take_along_axis(rows, place, 1) + rows
    loss = np.where((z > 0) & (np.arange(classes) != place), z if p == 1 else z * z, 0)
    if weight is not None:
        loss = loss * weight[place]
    loss = np.sum(loss, axis=1) / classes
    return reduced_array(loss if target.ndim else loss[0], reduction).astype(x.dtype)


def _multi_margin_rule(
    g: Node, out: Node, x: Node, target: Node, weight: Node | None, p: int, margin: Any, reduction: str
) -> Node:
    rank = len(x.shape)
    if not rank:
        return ops.zeros_like(x)  # type: ignore[no-any-return]
    if len(target.shape) == rank:  # one row with a target of one element
        target = ops.reshape(target, ())
        g = ops.reshape(g, ())
    chosen = -NLL(x, target, None, "none", NOTHING)
    is_target = NLL_ADJOINT(-ops.ones_like(chosen), target, None, x.shape, "none", NOTHING)
    z = margin - ops.unsqueeze(chosen, rank - 1) + x
    if reduction == "mean":
        g = g * SIZE(x, rank - 1) / ops.numel(x)
    if weight is not None:
        g = g * -NLL(ops.ones_like(x), target, weight, "none", NOTHING)
    g = g / SIZE(x, rank - 1)
    slope = ops.unsqueeze(g, len(g.shape)) if g.shape else g
    slope = ops.where((z > 0) & ops.eq(is_target, 0), slope if p == 1 else slope * 2 * z, 0)
    return slope + NLL_ADJOINT(ops.sum(slope, (rank - 1,)), target, None, x.shape, "none", NOTHING)  # type: ignore[no-any-return]


def _per_row(x: Node, target: Node, *rest: Any) -> Shape:
    return () if rest[-1] != "none" else (target.shape[:1] if target.shape else ())


MULTI_MARGIN = Primitive(
    "multi_margin_loss(x, target, weight: Tensor?, p: int, margin: Number, reduction: str)",
    _multi_margin_kernel,
    shape=_per_row,
    vjp=[_multi_margin_rule, none, none],
    edges=lambda x, *_: [x],
    doc="The margins by which other classes come too near to the target class.",
)


def _check_rows(x: Node) -> None:
    rank = len(x.shape)
    if rank > 2 or (rank == 1 and x.shape[0] == 0) or (rank == 2 and x.shape[1] == 0):
        message = f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {show(x.shape)}"
        raise AutodiffError("bad-rank", message, operands=(0,))


def _check_long(target: Node) -> None:
    if target.dtype is not dtypes.int64:
        message = f"expected scalar type Long but found {target.dtype.long_name}"
        raise AutodiffError("bad-dtype", message, operands=(1,), help="class indices are integers: y.long()")


def _multi_margin_loss(
    x: Node, target: Node, p: Any, margin: Any, weight: Node | None, average: Any, reduce: Any, reduction: Any
) -> Node:
    reduction = checked_reduction(legacy_reduction(average, reduce, reduction))
    x, target = a_tensor(x), a_tensor(target)
    if p not in (1, 2):
        raise AutodiffError("bad-value", "only p == 1 and p == 2 supported", type="ValueError")
    if weight is not None and len(weight.shape) != 1:
        raise AutodiffError("bad-rank", "weight must be one-dimensional", type="ValueError")
    refuse_gradient("multi_margin_loss", "weight", weight)
    _check_rows(x)
    rows = x.shape[0] if len(x.shape) == 2 else 1
    if len(target.shape) > 1 or numel(target.shape) != rows:
        raise AutodiffError(
            "shape-mismatch",
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch"
            f" size). Expected target size [{rows}], but got {show(target.shape)}. Input has shape {show(x.shape)}.",
            operands=(0, 1),
        )
    classes = x.shape[-1] if x.shape else 1
    if weight is not None and weight.shape != (classes,):
        raise AutodiffError(
            "shape-mismatch", f"inconsistent weight size, expected {classes} but got {show(weight.shape)}"
        )
    if not x.dtype.is_floating:
        raise not_implemented("multi_margin_loss_cpu_kernel", x.dtype)
    _check_long(target)
    return MULTI_MARGIN(x, target, weight, int(p), margin, reduction)  # type: ignore[no-any-return]


composite(
    f"multi_margin_loss(x, target, p: Number = 1, margin: Number = 1.0, weight: Tensor? = None, {LEGACY})",
    _multi_margin_loss,
    doc="The mean over classes of max(0, margin - x[target] + x[class])^p.",
    kinks="At a margin of zero the derivative is 0.",
    example="multi_margin_loss([[0.1, 0.2, 0.7]], [2])",
    samples=[
        "multi_margin_loss(x, tensor([2, 0])); x:2,3",
        "multi_margin_loss(x, tensor([2, 0]), p=2, weight=tensor([1., 2., 3.])); x:2,3",
        "multi_margin_loss(x, tensor(1), reduction='sum'); x:3",
        "multi_margin_loss(x, tensor([2, 0]), reduction='none'); x:2,3",
    ],
)


# Several right classes: a row of targets ends at the first -1.


def _margins(x: Any, target: Any) -> tuple[Any, Any, Any, Any]:
    """Rows of x, targets made harmless, which of them count, and margins by slot and class where they are missed."""
    classes = x.shape[-1] if x.ndim else 1
    rows, slots = np.reshape(x, (-1, classes)), np.reshape(target, (-1, classes))
    if np.any((slots < -1) | (slots >= classes)):
        raise AutodiffError("index-out-of-range", "argument #2 'target' is out of range", operands=(1,))
    counts = np.cumprod(slots >= 0, axis=1).astype(bool)
    place = np.where(counts, slots, 0)
    is_target = np.zeros(rows.shape, int)
    np.add.at(is_target, (np.arange(len(rows))[:, None], place), counts)
    z = 1 - np.take_along_axis(rows, place, 1)[:, :, None] + rows[:, None, :]
    missed = counts[:, :, None] & (is_target == 0)[:, None, :] & (z > 0)
    return rows, place, missed, z


def _multilabel_margin_kernel(x: Any, target: Any, reduction: str) -> Any:
    rows, _, missed, z = _margins(x, target)
    loss = np.sum(np.where(missed, z, 0), axis=(1, 2)) / rows.shape[1]
    return reduced_array(loss if x.ndim > 1 else loss[0], reduction).astype(x.dtype)


def _multilabel_slope_kernel(x: Any, target: Any) -> Any:
    rows, place, missed, _ = _margins(x, target)
    slope = np.sum(missed, axis=1).astype(x.dtype)
    np.add.at(slope, (np.arange(len(rows))[:, None], place), -np.sum(missed, axis=2).astype(x.dtype))
    return np.reshape(slope / rows.shape[1], x.shape).astype(x.dtype)


MULTILABEL_SLOPE = Primitive(
    "multilabel_margin_slope(x, target)",
    _multilabel_slope_kernel,
    shape=lambda x, target: x.shape,
    vjp=[zero, none],
    doc="The derivative of multilabel_margin_loss before its reduction.",
)


def _multilabel_rule(g: Node, out: Node, x: Node, target: Node, reduction: str) -> Node:
    if reduction == "mean" and len(x.shape) == 2:
        g = g / SIZE(x, 0)
    return MULTILABEL_SLOPE(x, target) * (ops.unsqueeze(g, 1) if g.shape else g)  # type: ignore[no-any-return]


MULTILABEL_MARGIN = Primitive(
    "multilabel_margin_loss(x, target, reduction: str)",
    _multilabel_margin_kernel,
    shape=lambda x, target, reduction: x.shape[:1] if reduction == "none" and len(x.shape) == 2 else (),
    vjp=[_multilabel_rule, none],
    doc="The margins by which wrong classes come too near to the target classes.",
)


def _multilabel_margin_loss(x: Node, target: Node, average: Any, reduce: Any, reduction: Any) -> Node:
    reduction = checked_reduction(legacy_reduction(average, reduce, reduction))
    x, target = a_tensor(x), a_tensor(target)
    _check_rows(x)
    if x.shape != target.shape:
        raise AutodiffError(
            "shape-mismatch",
            f"inconsistent target size: {show(target.shape)} for input of size: {show(x.shape)}",
            operands=(0, 1),
        )
    if not x.dtype.is_floating:
        raise not_implemented("multilabel_margin_loss_forward_out_frame", x.dtype)
    _check_long(target)
    return MULTILABEL_MARGIN(x, target, reduction)  # type: ignore[no-any-return]


composite(
    f"multilabel_margin_loss(x, target, {LEGACY})",
    _multilabel_margin_loss,
    doc="The mean of max(0, 1 - x[target] + x[class]) over targets and other classes; a row of targets ends at -1.",
    kinks="At a margin of zero the derivative is 0.",
    example="multilabel_margin_loss([[0.1, 0.2, 0.4, 0.8]], [[3, 0, -1, 1]])",
    samples=[
        "multilabel_margin_loss(x, tensor([[2, 0, -1], [1, -1, 0]])); x:2,3",
        "multilabel_margin_loss(x, tensor([2, -1, 0]), reduction='sum'); x:3",
        "multilabel_margin_loss(x, tensor([[2, 0, -1], [1, -1, 0]]), reduction='none'); x:2,3",
    ],
)
