"""Losses of classes: negative log likelihood and cross entropy."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, none
from autodiff.graph.sizes import Shape, numel, show
from autodiff.ops.arithmetic import ADD_NUMBER, DIV_NUMBER, MUL_NUMBER
from autodiff.ops.checks import not_implemented
from autodiff.ops.create import NUMEL, SIZE
from autodiff.ops.losses import a_tensor, checked_reduction, legacy_reduction, reduced_array, refuse_gradient

# Negative log likelihood picks one class of each row: a linear map, and its adjoint which puts it back.


def _chosen(classes: int, target: Any, weight: Any, ignore_index: int, dtype: Any) -> tuple[Any, Any]:
    """Class of each place and its weight, which is zero for what is ignored; raises PyTorch's IndexError.

    The weights are None where all are one.
    """
    target = np.asarray(target).astype(np.int64)
    ignores = 0 <= ignore_index < classes
    if weight is None and not ignores and target.size and target.min() >= 0 and target.max() < classes:
        return target, None
    counts = target != ignore_index
    wrong = counts & ((target < 0) | (target >= classes))
    if wrong.any():
        raise AutodiffError(
            "index-out-of-range", f"Target {target[wrong].flat[0]} is out of bounds.", type="IndexError"
        )
    place = np.where(counts, target, 0)
    if weight is None:
        return place, counts.astype(dtype)
    return place, np.where(counts, np.asarray(weight)[place] if classes else 0, 0).astype(dtype)


def _class_axis(rank: int) -> int:
    return 0 if rank == 1 else 1


def _nll_kernel(x: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
    axis = _class_axis(x.ndim)
    place, weights = _chosen(x.shape[axis], target, weight, ignore_index, x.dtype)
    if x.ndim == 2 and x.size:
        picked = x[np.arange(len(x)), place]
    elif x.size:
        picked = np.take_along_axis(x, np.expand_dims(place, axis), axis).squeeze(axis)
    else:
        picked = np.zeros(place.shape, x.dtype)
    if weights is None:
        total = np.sum(-picked)
        return -picked if reduction == "none" else total / x.dtype.type(place.size) if reduction == "mean" else total
    loss = np.where(weights == 0, 0, -picked * weights).astype(x.dtype)
    if reduction == "mean":
        return np.sum(loss) / np.sum(weights)
    return reduced_array(loss, reduction)


def _nll_adjoint_kernel(
    g: Any, target: Any, weight: Any, size: tuple[int, ...], reduction: str, ignore_index: int
) -> Any:
    axis = _class_axis(len(size))
    place, weights = _chosen(size[axis], target, weight, ignore_index, g.dtype)
    result = np.zeros(size, g.dtype)
    if weights is None:
        share = g.dtype.type(1) / g.dtype.type(place.size) if reduction == "mean" else g.dtype.type(1)
        back = np.broadcast_to(-g * share, place.shape)
        if len(size) == 2:
            result[np.arange(len(place)), place] = back
        else:
            np.put_along_axis(result, np.expand_dims(place, axis), np.expand_dims(back, axis), axis)
        return result
    share = weights / np.sum(weights) if reduction == "mean" else weights
    if result.size:
        back = np.where(weights == 0, 0, -g * share).astype(g.dtype)
        np.put_along_axis(result, np.expand_dims(place, axis), np.expand_dims(back, axis), axis)
    return result


def _nll_shape(x: Node, target: Node, weight: Any, reduction: str, ignore_index: int) -> Shape:
    return target.shape if reduction == "none" else ()


NLL = Primitive(
    "nll_loss(x, target, weight: Tensor?, reduction: str, ignore_index: int)",
    _nll_kernel,
    shape=_nll_shape,
    vjp=[
        lambda g, out, x, target, weight, reduction, ignore: NLL_ADJOINT(g, target, weight, x.shape, reduction, ignore),
        none,
        none,
    ],
    edges=lambda x, target, weight, reduction, ignore_index: [x],
    grad_fn=lambda x, *_: "NllLossBackward0" if len(x.shape) < 3 else "NllLoss2DBackward0",
    doc="Minus the element of the target class, weighted.",
)
NLL_ADJOINT: Primitive = Primitive(
    "nll_loss_backward(x, target, weight: Tensor?, size: sizes, reduction: str, ignore_index: int)",
    _nll_adjoint_kernel,
    shape=lambda x, target, weight, size, reduction, ignore_index: size,
    vjp=[
        lambda g, out, x, target, weight, size, reduction, ignore: NLL(g, target, weight, reduction, ignore),
        none,
        none,
    ],
    edges=lambda x, target, weight, size, reduction, ignore_index: [x],
    doc="The gradient of nll_loss: each share where its target class is.",
)


def _check_target(target: Node) -> None:
    if target.dtype not in (dtypes.int64, dtypes.uint8):
        raise AutodiffError(
            "bad-dtype",
            f"expected target dtype to be Long or Byte, but got {target.dtype.long_name}",
            operands=(1,),
            help="class indices are integers: y.long()",
        )


def _check_class_weight(x: Node, weight: Node | None, spatial: bool) -> None:
    if weight is None:
        return
    classes = x.shape[-1 if len(x.shape) == 1 else 1]
    if len(weight.shape) != 1 or weight.shape[0] != classes:
        message = (
            "weight tensor should be defined either for all or no classes"
            if spatial
            else f"weight tensor should be defined either for all {classes} classes or no classes but got weight"
            f" tensor of shape: {show(weight.shape)}"
        )
        raise AutodiffError("shape-mismatch", message, operands=(0, 2))
    if weight.dtype is not x.dtype:
        message = f"expected scalar type {x.dtype.long_name} but found {weight.dtype.long_name}"
        raise AutodiffError("bad-dtype", message, operands=(0, 2))


def _check_nll(x: Node, target: Node) -> None:
    rank = len(x.shape)
    if len(target.shape) > 1:
        raise AutodiffError("bad-rank", "0D or 1D target tensor expected, multi-target not supported", operands=(1,))
    if rank == 1 and target.shape and target.shape[0] != 1:
        raise AutodiffError(
            "shape-mismatch",
            f"For 1D input, 1D target must have size 1, but got target size: {target.shape[0]}",
            type="ValueError",
            operands=(0, 1),
        )


def _check_spatial(x: Node, target: Node) -> None:
    if len(target.shape) != 3:
        raise AutodiffError(
            "bad-rank",
            f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {len(target.shape)}",
            operands=(1,),
        )
    if (x.shape[0], *x.shape[2:]) != target.shape:
        raise AutodiffError(
            "shape-mismatch",
            f"size mismatch (got input: {show(x.shape)} , target: {show(target.shape)}",
            operands=(0, 1),
        )


def _nll(x: Node, target: Node, weight: Node | None, reduction: str, ignore_index: int) -> Node:
    """As PyTorch's nll_loss_nd: other than two spatial dims are viewed as two."""
    rank = len(x.shape)
    if rank < 1:
        raise AutodiffError("bad-rank", f"Expected 1 or more dimensions (got {rank})", type="ValueError", operands=(0,))
    if rank > 1 and x.shape[0] != (target.shape[0] if target.shape else 0):
        raise AutodiffError(
            "shape-mismatch",
            f"Expected input batch_size ({x.shape[0]}) to match target batch_size"
            f" ({target.shape[0] if target.shape else 0}).",
            type="ValueError",
            operands=(0, 1),
        )
    spatial = rank > 2
    wide = x
    if spatial and rank != 4:
        size = (x.shape[0], *x.shape[2:])
        if size != target.shape:
            raise AutodiffError(
                "shape-mismatch", f"Expected target size {show(size)}, got {show(target.shape)}", operands=(0, 1)
            )
        rest = numel(x.shape[2:])
        wide = ops.view(ops.contiguous(x), (*x.shape[:2], 1, rest))
        target = ops.reshape(target, (x.shape[0], 1, rest))
    refuse_gradient("nll_loss2d_forward" if spatial else "nll_loss_forward", "weight", weight)
    if not spatial:
        _check_nll(wide, target)
        _check_class_weight(wide, weight, spatial)
    _check_target(target)
    if spatial:
        _check_spatial(wide, target)
        _check_class_weight(wide, weight, spatial)
    if not x.dtype.is_floating:
        raise not_implemented("nll_loss2d_forward_out_frame" if spatial else "nll_loss_out_frame", x.dtype)
    if rank == 1 and target.shape:
        loss = NLL(wide, ops.reshape(target, ()), weight, reduction, ignore_index)
        return ops.reshape(loss, (1,)) if reduction == "none" else loss  # type: ignore[no-any-return]
    loss = NLL(wide, target, weight, reduction, ignore_index)
    if spatial and rank != 4 and reduction == "none":
        loss = ops.view(loss, size)
    return loss  # type: ignore[no-any-return]


def _nll_loss(
    x: Node, target: Node, weight: Node | None, average: Any, ignore_index: int, reduce: Any, reduction: Any
) -> Node:
    reduction = checked_reduction(legacy_reduction(average, reduce, reduction))
    return _nll(a_tensor(x), a_tensor(target), weight, reduction, ignore_index)


NLL_TAIL = "size_average: any = None, ignore_index: int = -100, reduce: any = None, reduction: any = 'mean'"
composite(
    f"nll_loss(x, target, weight: Tensor? = None, {NLL_TAIL})",
    _nll_loss,
    doc="Negative log likelihood: minus the element of x that the class target chooses.",
    example="nll_loss(log([[0.2, 0.8], [0.5, 0.5]]), [1, 0])",
    samples=[
        "nll_loss(x, tensor([2, 0])); x:2,3",
        "nll_loss(x, tensor([2, 0]), weight=tensor([1., 2., 3.])); x:2,3",
        "nll_loss(x, tensor([[2, 0], [1, 1]]), reduction='none'); x:2,3,2",
        "nll_loss(x, tensor([2, 0]), ignore_index=0, reduction='sum'); x:2,3",
    ],
)


# Cross entropy


def _check_smoothing(smoothing: Any) -> None:
    if smoothing > 1:
        raise AutodiffError("bad-value", f"label_smoothing must be between 0.0 and 1.0. Got: {float(smoothing):g}")


def _over_classes(weight: Node, x: Node) -> Node:
    """The weights of classes, to be broadcast along the class dim of x."""
    if len(x.shape) < 2:
        return weight
    return ops.view(weight, (1, weight.shape[0], *[1] * (len(x.shape) - 2)))  # type: ignore[no-any-return]


def _soft_cross_entropy(x: Node, target: Node, weight: Node | None, reduction: str, smoothing: Any) -> Node:
    """Against probabilities of classes."""
    dim = 0 if len(x.shape) == 1 else 1
    classes = x.shape[dim]
    if weight is not None and weight.shape != (classes,):
        raise AutodiffError(
            "shape-mismatch",
            f"cross_entropy: weight tensor should be defined either for all {classes} classes or no classes but got"
            f" weight tensor of shape: {show(weight.shape)}",
            operands=(0, 2),
        )
    scores = ops.log_softmax(x, dim)
    if smoothing > 0:
        _check_smoothing(smoothing)
        target = ADD_NUMBER(MUL_NUMBER(target, 1 - smoothing), smoothing / SIZE(x, dim))
    product = scores * target
    if weight is not None:
        product = product * _over_classes(weight, x)
    if reduction == "none":
        return -ops.sum(product, (dim,))  # type: ignore[no-any-return]
    total = -ops.sum(product)
    return total if reduction == "sum" else DIV_NUMBER(total, NUMEL(x) / SIZE(x, dim))  # type: ignore[no-any-return]


def _smoothed_cross_entropy(
    x: Node, target: Node, weight: Node | None, reduction: str, ignore_index: int, smoothing: Any
) -> Node:
    _check_smoothing(smoothing)
    dim = 0 if len(x.shape) == 1 else 1
    scores = ops.log_softmax(x, dim)
    hard = _nll(scores, target, weight, reduction, ignore_index)
    weighted = scores if weight is None else scores * _over_classes(weight, x)
    smooth = ops.masked_fill(-ops.sum(weighted, (dim,)), ops.eq(target, ignore_index), 0)
    if reduction != "none":
        smooth = ops.sum(smooth)
    if reduction == "mean":
        unit = ops.full_like(ops.detach(scores), -1)
        smooth = smooth / _nll(unit, target, weight, "sum", ignore_index)
    return MUL_NUMBER(hard, 1 - smoothing) + MUL_NUMBER(smooth, smoothing / SIZE(x, dim))  # type: ignore[no-any-return]


def _cross_entropy(
    x: Node, target: Node, weight: Node | None, average: Any, ignore: int, reduce: Any, reduction: Any, smoothing: Any
) -> Node:
    reduction = checked_reduction(legacy_reduction(average, reduce, reduction))
    x, target = a_tensor(x), a_tensor(target)
    if x.shape == target.shape:
        if not target.dtype.is_floating:
            message = f"Expected floating point type for target with class probabilities, got {target.dtype.long_name}"
            raise AutodiffError("bad-dtype", message, operands=(1,))
        if ignore >= 0:
            raise AutodiffError("bad-value", "ignore_index is not supported for floating point target")
        if not x.shape:
            raise AutodiffError("bad-rank", "Dimension specified as 0 but tensor has no dimensions", type="IndexError")
        return _soft_cross_entropy(x, target, weight, reduction, smoothing)
    if smoothing > 0:
        return _smoothed_cross_entropy(x, target, weight, reduction, ignore, smoothing)
    return _nll(ops.log_softmax(x, 0 if len(x.shape) < 2 else 1), target, weight, reduction, ignore)


composite(
    f"cross_entropy(x, target, weight: Tensor? = None, {NLL_TAIL}, label_smoothing: Number = 0.0)",
    _cross_entropy,
    doc="Cross entropy of the scores x (before softmax) with class indices, or with probabilities of classes.",
    example="cross_entropy([[1., 2., 3.], [0., 1., 0.]], [2, 0])",
    samples=[
        "cross_entropy(x, tensor([2, 0])); x:2,3",
        "cross_entropy(x, y); x:2,3, y:2,3",
        "cross_entropy(x, y, weight=tensor([1., 2., 3.]), label_smoothing=0.1, reduction='sum'); x:2,3, y:2,3",
        "cross_entropy(x, tensor([2, 0]), weight=tensor([1., 2., 3.]), label_smoothing=0.1); x:2,3",
        "cross_entropy(x, tensor([[2, 0], [1, 1]]), reduction='none'); x:2,3,2",
    ],
)


def _linear_cross_entropy(
    x: Node, linear_weight: Node, target: Node, linear_bias: Node | None, weight: Node | None, reduction: str,
    ignore_index: int | None, label_smoothing: Any,
) -> Node:  # fmt: skip
    if len(linear_weight.shape) < 2:
        message = f"expected linear_weight with dimensionality at least 2, got {len(linear_weight.shape)}"
        raise AutodiffError("bad-rank", message, operands=(1,))
    features = linear_weight.shape[-1]
    classes = linear_weight.shape[:-1]
    if len(classes) > 1:
        linear_weight = ops.reshape(linear_weight, (numel(classes), features))
        linear_bias = None if linear_bias is None else ops.reshape(linear_bias, (numel(classes),))
    logits = ops.reshape(ops.linear(x, linear_weight, linear_bias), (*x.shape[:-1], *classes))
    return ops.cross_entropy(  # type: ignore[no-any-return]
        logits,
        target,
        weight=weight,
        reduction=reduction,
        ignore_index=-100 if ignore_index is None else ignore_index,
        label_smoothing=label_smoothing,
    )


composite(
    "linear_cross_entropy(x, linear_weight, target, *, linear_bias: Tensor? = None, weight: Tensor? = None,"
    " reduction: str = 'mean', ignore_index: int? = None, label_smoothing: Number = 0.0)",
    _linear_cross_entropy,
    doc="cross_entropy of the scores that linear(x, linear_weight, linear_bias) gives.",
    example="linear_cross_entropy([[1., 2.]], [[1., 0.], [0., 1.], [1., 1.]], [2])",
    samples=[
        "linear_cross_entropy(x, w, tensor([2, 0])); x:2,3, w:4,3",
        "linear_cross_entropy(x, w, tensor([[2, 0], [1, 1]]), linear_bias=b, reduction='sum'); x:2,3, w:3,2,3, b:3,2",
    ],
)
