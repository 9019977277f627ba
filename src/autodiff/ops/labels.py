"""Losses of labels that hold or not: binary cross entropy, soft margins."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.elementwise import common_form, fit
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, none
from autodiff.graph.sizes import broadcast, show
from autodiff.ops.checks import not_implemented
from autodiff.ops.create import SIZE
from autodiff.ops.losses import (
    LEGACY,
    a_tensor,
    checked_reduction,
    legacy_reduction,
    loss_shape,
    reduced_array,
    reduced_loss,
    refuse_gradient,
    share,
    size_mismatch,
    unlike,
)


def _checked_probabilities(x: Any, target: Any) -> None:
    for name, values in (("input", x), ("target", target)):
        if not np.all((values >= 0) & (values <= 1)):
            raise AutodiffError("bad-value", f"all elements of {name} should be between 0 and 1")


def _bce_kernel(x: Any, target: Any, weight: Any, reduction: str) -> Any:
    _checked_probabilities(x, target)
    low = np.asarray(-100, x.dtype)
    loss = (target - 1) * np.maximum(np.log1p(-x), low) - target * np.maximum(np.log(x), low)
    return reduced_array(loss if weight is None else loss * weight, reduction)


def _weigh(g: Node, weight: Node | None) -> Node:
    return g if weight is None else g * weight


BCE = Primitive(
    "binary_cross_entropy(x, target, weight: Tensor?, reduction: str)",
    _bce_kernel,
    shape=lambda x, target, weight, reduction: loss_shape(x, reduction),
    vjp=[
        lambda g, out, x, target, weight, reduction: (
            _weigh(share(g, x, reduction), weight) * ((x - target) / ops.clamp_min((1 - x) * x, 1e-12))
        ),
        lambda g, out, x, target, weight, reduction: (
            _weigh(share(g, x, reduction), weight) * (ops.log1p(-x) - ops.log(x))
        ),
        none,
    ],
    edges=lambda x, target, weight, reduction: [x, target],
    doc="Cross entropy of probabilities of two classes.",
)


def _logits_kernel(x: Any, target: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    softplus = np.maximum(-x, 0) + np.log1p(np.exp(-np.abs(x)))
    if pos_weight is not None:
        softplus = softplus * ((pos_weight - 1) * target + 1)
    loss = (1 - target) * x + softplus
    return reduced_array(loss if weight is None else loss * weight, reduction)


def _logits_slope(x: Node, target: Node, pos_weight: Node | None) -> Node:
    if pos_weight is None:
        return ops.sigmoid(x) - target  # type: ignore[no-any-return]
    t = pos_weight * target
    return (t + 1 - target) * ops.sigmoid(x) - t  # type: ignore[no-any-return]


def _logits_target_slope(x: Node, pos_weight: Node | None) -> Node:
    return -x if pos_weight is None else (1 - pos_weight) * ops.logsigmoid(x) - x


BCE_LOGITS = Primitive(
    "binary_cross_entropy_with_logits(x, target, weight: Tensor?, pos_weight: Tensor?, reduction: str)",
    _logits_kernel,
    shape=lambda x, target, weight, pos_weight, reduction: loss_shape(x, reduction),
    vjp=[
        lambda g, out, x, target, weight, pos_weight, reduction: (
            _weigh(share(g, x, reduction), weight) * _logits_slope(x, target, pos_weight)
        ),
        lambda g, out, x, target, weight, pos_weight, reduction: (
            _weigh(share(g, x, reduction), weight) * _logits_target_slope(x, pos_weight)
        ),
        none,
        none,
    ],
    edges=lambda x, target, weight, pos_weight, reduction: [x, target],
    grad_fn="BinaryCrossEntropyWithLogitsBackward0",
    doc="Cross entropy of scores of two classes.",
)


def _spread_weight(weight: Node | None, x: Node, message: str) -> Node | None:
    """The weight in the form of x; it may not be larger."""
    if weight is None:
        return None
    if broadcast(x.shape, weight.shape) != x.shape:
        raise AutodiffError("shape-mismatch", message.format(show(x.shape), show(weight.shape)), operands=(0, 2))
    return fit(weight, x.shape, x.dtype)


TOO_LARGE = "output with shape {} doesn't match the broadcast shape {}"


def _binary_cross_entropy(
    x: Node, target: Node, weight: Node | None, average: Any, reduce: Any, reduction: Any
) -> Node:
    reduction = checked_reduction(legacy_reduction(average, reduce, reduction))
    x, target = a_tensor(x), a_tensor(target)
    if x.shape != target.shape:
        raise size_mismatch(
            "Using a target size ({}) that is different to the input size ({}) is deprecated."
            " Please ensure they have the same size.",
            x,
            target,
        )
    refuse_gradient("binary_cross_entropy", "weight", weight)
    if target.dtype is not x.dtype:
        raise unlike(x.dtype, target.dtype)
    if not x.dtype.is_floating:
        raise not_implemented("binary_cross_entropy", x.dtype)
    return BCE(x, target, _spread_weight(weight, x, TOO_LARGE), reduction)  # type: ignore[no-any-return]


def _with_logits(
    x: Node, target: Node, weight: Node | None, average: Any, reduce: Any, reduction: Any, pos_weight: Node | None
) -> Node:
    reduction = checked_reduction(legacy_reduction(average, reduce, reduction))
    x, target = a_tensor(x), a_tensor(target)
    if x.shape != target.shape:
        raise size_mismatch("Target size ({}) must be the same as input size ({})", x, target)
    refuse_gradient("binary_cross_entropy_with_logits", "weight", weight)
    refuse_gradient("binary_cross_entropy_with_logits", "pos_weight", pos_weight)
    dtype = common_form((x, target))[1]
    if not x.dtype.is_floating:
        raise not_implemented("log_sigmoid_cpu", x.dtype)
    if not target.dtype.is_floating:
        message = f"result type {dtype.long_name} can't be cast to the desired output type {target.dtype.long_name}"
        raise AutodiffError("bad-dtype", message, operands=(1,), help="make the target floating: y.double()")
    if pos_weight is not None:
        broadcast(pos_weight.shape, x.shape, (2, 0))
    return BCE_LOGITS(  # type: ignore[no-any-return]
        fit(x, x.shape, target.dtype),  # PyTorch computes in the target's dtype, in place
        target,
        _spread_weight(weight, target, TOO_LARGE),
        _spread_weight(pos_weight, target, TOO_LARGE),
        reduction,
    )


composite(
    f"binary_cross_entropy(x, target, weight: Tensor? = None, {LEGACY})",
    _binary_cross_entropy,
    doc="Cross entropy of the probabilities x of two classes; logarithms are at least -100.",
    example="binary_cross_entropy([0.2, 0.8], [0., 1.])",
    samples=[
        "binary_cross_entropy(x, y); x:2,3 in 0.1..0.9, y:2,3 in 0.1..0.9",
        "binary_cross_entropy(x, y, weight=tensor([1., 2., 3.]), reduction='none');"
        " x:2,3 in 0.1..0.9, y:2,3 in 0.1..0.9",
    ],
)
composite(
    f"binary_cross_entropy_with_logits(x, target, weight: Tensor? = None, {LEGACY}, pos_weight: Tensor? = None)",
    _with_logits,
    doc="Cross entropy of the scores x (before sigmoid) of two classes.",
    example="binary_cross_entropy_with_logits([-1., 2.], [0., 1.])",
    samples=[
        "binary_cross_entropy_with_logits(x, y); x:2,3, y:2,3",
        "binary_cross_entropy_with_logits(x, y, tensor([1., 2., 3.]), pos_weight=tensor(0.5), reduction='sum');"
        " x:2,3, y:2,3",
    ],
)


def _soft_margin_kernel(x: Any, target: Any, reduction: str) -> Any:
    return reduced_array(np.log1p(np.exp(-target * x)), reduction)


def _soft_margin_rule(g: Node, out: Node, x: Node, target: Node, reduction: str) -> Node:
    z = ops.exp(-target * x)
    return share(g, x, reduction) * -(target * z) / (z + 1)  # type: ignore[no-any-return]


SOFT_MARGIN = Primitive(
    "soft_margin_loss(x, target, reduction: str)",
    _soft_margin_kernel,
    shape=lambda x, target, reduction: loss_shape(x, reduction),
    vjp=[_soft_margin_rule, none],
    doc="log(1 + exp(-target*x)).",
)


def _soft_margin_loss(x: Node, target: Node, average: Any, reduce: Any, reduction: Any) -> Node:
    reduction = checked_reduction(legacy_reduction(average, reduce, reduction))
    x, target = a_tensor(x), a_tensor(target)
    refuse_gradient("soft_margin_loss", "target", target)
    shape, dtype = common_form((x, target))
    if not x.dtype.is_floating:
        message = f"result type {dtypes.default_dtype().long_name} can't be cast to the desired output type"
        raise AutodiffError("bad-dtype", f"{message} {x.dtype.long_name}", operands=(0,))
    if shape != x.shape:
        message = f"output with shape {show(x.shape)} doesn't match the broadcast shape {show(shape)}"
        raise AutodiffError("shape-mismatch", message, operands=(0, 1))
    return SOFT_MARGIN(fit(x, shape, dtype), fit(target, shape, dtype), reduction)  # type: ignore[no-any-return]


composite(
    f"soft_margin_loss(x, target, {LEGACY})",
    _soft_margin_loss,
    doc="log(1 + exp(-target*x)) for targets 1 and -1.",
    example="soft_margin_loss([0.5, 2.], [1., -1.])",
    samples=[
        "soft_margin_loss(x, tensor([1., -1., 1.])); x:3",
        "soft_margin_loss(x, tensor([1., -1., 1.]), reduction='none'); x:3",
    ],
)


def _multilabel_soft_margin_loss(
    x: Node, target: Node, weight: Node | None, average: Any, reduce: Any, reduction: Any
) -> Node:
    reduction = legacy_reduction(average, reduce, reduction)
    x, target = a_tensor(x), a_tensor(target)
    loss = -(target * ops.logsigmoid(x) + (1 - target) * ops.logsigmoid(-x))
    if weight is not None:
        loss = loss * weight
    if not x.shape:
        message = "Dimension specified as -1 but tensor has no dimensions"
        raise AutodiffError("bad-rank", message, type="IndexError", operands=(0,))
    dim = len(x.shape) - 1
    loss = ops.sum(loss, (dim,)) / SIZE(x, dim)
    if reduction not in ("none", "mean", "sum"):
        raise AutodiffError("bad-value", f"{reduction} is not valid", type="ValueError")
    return reduced_loss(loss, reduction)


composite(
    f"multilabel_soft_margin_loss(x, target, weight: Tensor? = None, {LEGACY})",
    _multilabel_soft_margin_loss,
    doc="Cross entropy of the scores x of labels of which each holds or not, the mean over labels.",
    example="multilabel_soft_margin_loss([[0.5, 2.]], [[1., 0.]])",
    samples=[
        "multilabel_soft_margin_loss(x, y); x:2,3, y:2,3",
        "multilabel_soft_margin_loss(x, y, weight=w, reduction='none'); x:2,3, y:2,3, w:3",
    ],
)
