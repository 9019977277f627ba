"""Distances and similarities of vectors, and the losses built on them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.kinds import type_name
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, convert
from autodiff.graph.sizes import broadcast, concrete, show, size_text
from autodiff.ops.arithmetic import ADD_NUMBER, SUB, SUB_NUMBER
from autodiff.ops.losses import CLAMPED_COPY, LEGACY, a_tensor, checked_reduction, hinge, legacy_reduction, reduced_loss
from autodiff.ops.reduce import kept

# The norm of PyTorch's C++ functions, which has a grad_fn of its own: along the last dim, kept.


def _norm_kernel(x: Any, p: float) -> Any:
    size = np.abs(x)
    if p == 2:
        return np.sqrt(np.sum(size * size, axis=-1, keepdims=True))
    if p == 1:
        return np.sum(size, axis=-1, keepdims=True)
    if p == 0:
        return np.sum(size != 0, axis=-1, keepdims=True).astype(x.dtype)
    if p == math.inf:
        return np.max(size, axis=-1, keepdims=True)
    if p == -math.inf:
        return np.min(size, axis=-1, keepdims=True)
    return np.power(np.sum(np.power(size, p), axis=-1, keepdims=True), 1 / p)


def _norm_rule(g: Node, out: Node, x: Node, p: Any) -> Any:
    """As PyTorch's norm_backward: zero at the origin; ties of the largest share the gradient."""
    if p == 0:
        return None
    if p == 1:
        return ops.sign(x) * g
    if p == 2:
        return g * ops.masked_fill(x / out, ops.eq(out, 0), 0)
    if math.isinf(p):
        largest = ops.eq(ops.abs(x), out)
        return ops.sign(x) * ops.where(largest, g / ops.sum(largest, (-1,), True), 0)
    if p < 2:
        scaled = ops.sign(x) * ops.abs(x) ** (p - 1)
        if p < 1:
            scaled = ops.masked_fill(scaled, ops.eq(x, 0), 0)
            return scaled * g * out ** (1 - p)
        return scaled * ops.masked_fill(g / out ** (p - 1), ops.eq(out, 0), 0)
    return x * ops.abs(x) ** (p - 2) * ops.masked_fill(g / out ** (p - 1), ops.eq(out, 0), 0)


NORM = Primitive(
    "vector_norm(x, ord: Number, dim: dims, keepdim: bool)",
    lambda x, ord, dim, keepdim: _norm_kernel(x, ord) if keepdim else np.squeeze(_norm_kernel(x, ord), -1),
    shape=lambda x, ord, dim, keepdim: (*x.shape[:-1], 1) if keepdim else x.shape[:-1],
    vjp=[lambda g, out, x, ord, dim, keepdim: _norm_rule(kept(g, x, dim, keepdim), kept(out, x, dim, keepdim), x, ord)],
    grad_fn="NormBackward1",
    doc="The p-norm along the last dim.",
)


def _last_norm(x: Node, p: Any, keepdim: bool) -> Node:
    if x.dtype.kind < dtypes.FLOATING:
        raise AutodiffError(
            "bad-dtype",
            "norm(): the desired dtype should be either floating point or complex dtypes."
            f" Got {x.dtype.long_name} instead.",
        )
    return _norm(x, p, keepdim)


def _norm(x: Node, p: Any, keepdim: bool) -> Node:
    if x.shape and x.shape[-1] == 0 and (math.isinf(p) or p < 0):
        shown = int(p) if not math.isinf(p) and p == int(p) else float(p)
        message = f"linalg.vector_norm cannot compute the {shown} norm on the dimension {len(x.shape) - 1}because this"
        raise AutodiffError("bad-value", f"{message} dimension is empty and the operation does not have an identity")
    if not x.shape:
        return SCALAR_NORM(x, p)  # type: ignore[no-any-return]
    return NORM(x, p, (len(x.shape) - 1,), keepdim)  # type: ignore[no-any-return]


def _scalar_norm_rule(g: Node, out: Node, x: Node, p: Any) -> Any:
    wide = [ops.unsqueeze(node, 0) for node in (g, out, x)]
    found = _norm_rule(wide[0], wide[1], wide[2], p)
    return None if found is None else ops.squeeze(found, 0)


SCALAR_NORM = Primitive(
    "norm_scalar(x, p: Number)",
    lambda x, p: np.squeeze(_norm_kernel(np.expand_dims(x, -1), p), -1),
    shape=lambda x, p: x.shape,
    vjp=[_scalar_norm_rule],
    grad_fn="NormBackward1",
    doc="The p-norm of a number.",
)


def _pairwise_distance(x1: Node, x2: Node, p: Any, eps: Any, keepdim: bool) -> Node:
    return _last_norm(ADD_NUMBER(a_tensor(x1) - a_tensor(x2), eps), p, keepdim)


composite(
    "pairwise_distance(x1, x2, p: Number = 2.0, eps: Number = 1e-06, keepdim: bool = False)",
    _pairwise_distance,
    doc="The p-norm of x1 - x2 + eps along the last dim.",
    kinks="At distance zero the derivative is 0.",
    example="pairwise_distance([[1., 2.], [3., 4.]], [[0., 0.], [3., 3.]])",
    samples=[
        "pairwise_distance(x, y); x:2,3, y:2,3",
        "pairwise_distance(x, y, p=3.0, keepdim=True); x:2,3, y:3",
        "pairwise_distance(x, y, p=1.5); x:3, y:3",
        "pairwise_distance(x, y, 1); x:3, y:3",
        "pairwise_distance(x, y, inf); x:2,3, y:2,3",
        "pairwise_distance(x, y); x:scalar, y:scalar",
    ],
)


def _cosine_similarity(x1: Node, x2: Node, dim: int, eps: Any) -> Node:
    x1, x2 = a_tensor(x1), a_tensor(x2)
    dtype = dtypes.promote(x1.dtype, x2.dtype)
    if dtype.kind < dtypes.FLOATING:
        raise AutodiffError(
            "bad-dtype",
            f"expected common dtype to be floating point, yet common dtype is {dtype.long_name}",
            operands=(0, 1),
        )
    shape = broadcast(x1.shape, x2.shape)
    unit = []
    for x in (x1, x2):
        wide = x if x.dtype is dtype else convert(x, dtype)
        wide = ops.expand(wide, shape) if x1.shape != x2.shape else wide
        length = ops.linalg_vector_norm(wide, 2, (dim,), True)
        unit.append(wide / CLAMPED_COPY(length, eps))
    return ops.sum(unit[0] * unit[1], (dim,))  # type: ignore[no-any-return]


composite(
    "cosine_similarity(x1, x2, dim: int = 1, eps: Number = 1e-08)",
    _cosine_similarity,
    doc="The cosine of the angle between x1 and x2 along dim.",
    kinks="Lengths below eps count as eps.",
    example="cosine_similarity([1., 2.], [3., 4.], dim=0)",
    samples=["cosine_similarity(x, y); x:2,3, y:2,3", "cosine_similarity(x, y, dim=0); x:3, y:2,3"],
)


# Distances of all pairs of rows


def _pair_rows(x: Node) -> tuple[Node, Node]:
    """The first and the second row of each pair."""
    count = concrete(x.shape[:1])[0]
    first, second = (ops.select(ops.triu_indices(count, count, 1), 0, i) for i in (0, 1))
    return first, second


def _pdist_kernel(x: Any, p: float) -> Any:
    first, second = np.triu_indices(len(x), 1)
    if not x.shape[1]:
        return np.zeros(len(first), x.dtype)
    return _norm_kernel(x[first] - x[second], p)[:, 0]


def _pdist_rule(g: Node, out: Node, x: Node, p: Any) -> Node:
    if p == 0:
        return ops.zeros_like(x)  # type: ignore[no-any-return]
    first, second = _pair_rows(x)
    difference = ops.index_select(x, 0, first) - ops.index_select(x, 0, second)
    g, out = ops.unsqueeze(g, 1), ops.unsqueeze(out, 1)
    if p == math.inf:  # here each of equal differences counts whole
        along = ops.sign(difference) * ops.where(ops.eq(ops.abs(difference), out), g, 0)
    else:
        along = _norm_rule(g, out, difference, p)
    zeros = ops.zeros_like(x)
    return ops.index_add(zeros, 0, first, along) - ops.index_add(zeros, 0, second, along)  # type: ignore[no-any-return]


PDIST = Primitive(
    "pdist(x, p: Number)",
    _pdist_kernel,
    shape=lambda x, p: (concrete(x.shape)[0] * (concrete(x.shape)[0] - 1) // 2,),
    vjp=[_pdist_rule],
    doc="The p-norms of the differences of all pairs of rows.",
)


def _pdist(x: Node, p: Any) -> Node:
    if len(x.shape) != 2:
        message = f"pdist only supports 2D tensors, got: {len(x.shape)}D"
        raise AutodiffError("bad-rank", message, operands=(0,))
    if x.dtype.kind < dtypes.FLOATING:
        raise AutodiffError("bad-dtype", "pdist only supports floating-point dtypes", operands=(0,))
    if p < 0:
        raise AutodiffError("bad-value", "pdist only supports non-negative p values")
    return PDIST(x, p)  # type: ignore[no-any-return]


composite(
    "pdist(x, p: Number = 2.0)",
    _pdist,
    doc="The p-norms of the differences of all pairs of rows of x.",
    kinks="At distance zero the derivative is 0.",
    example="pdist([[0., 0.], [3., 4.], [0., 1.]])",
    samples=["pdist(x); x:3,2", "pdist(x, 1.); x:3,2", "pdist(x, 3.); x:3,2"],
)


# Losses


def _checked_legacy(average: Any, reduce: Any, reduction: Any) -> str:
    return checked_reduction(legacy_reduction(average, reduce, reduction))


def _hinge_embedding_loss(x: Node, target: Node, margin: Any, average: Any, reduce: Any, reduction: Any) -> Node:
    reduction = _checked_legacy(average, reduce, reduction)
    return reduced_loss(hinge(a_tensor(x), a_tensor(target), margin), reduction)


composite(
    f"hinge_embedding_loss(x, target, margin: Number = 1.0, {LEGACY})",
    _hinge_embedding_loss,
    doc="x where target is 1, max(0, margin - x) where it is -1.",
    kinks="At x = margin the derivative is -1.",
    example="hinge_embedding_loss([0.5, 2.], [1., -1.])",
    samples=[
        "hinge_embedding_loss(x, tensor([1., -1., 1.])); x:3",
        "hinge_embedding_loss(x, 0, 0.3, reduction='sum'); x:3",
    ],
)


def _margin_ranking_loss(
    input1: Node, input2: Node, target: Node, margin: Any, average: Any, reduce: Any, reduction: Any
) -> Node:
    reduction = _checked_legacy(average, reduce, reduction)
    input1, input2, target = a_tensor(input1), a_tensor(input2), a_tensor(target)
    if len(input1.shape) != len(input2.shape) or len(input1.shape) != len(target.shape):
        raise AutodiffError(
            "bad-rank",
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: input1:"
            f" {size_text(input1.shape)}, input2: {size_text(input2.shape)}, target: {size_text(target.shape)} ",
            operands=(0, 1, 2),
        )
    return reduced_loss(ops.clamp_min(ADD_NUMBER(-target * (input1 - input2), float(margin)), 0), reduction)


composite(
    f"margin_ranking_loss(input1, input2, target, margin: Number = 0, {LEGACY})",
    _margin_ranking_loss,
    doc="max(0, -target*(input1 - input2) + margin).",
    kinks="At 0 the derivative is that of the positive side.",
    example="margin_ranking_loss([0.5, 2.], [1., 1.], [1., -1.])",
    samples=[
        "margin_ranking_loss(x, y, t, margin=0.3); x:3, y:3, t:3",
        "margin_ranking_loss(x, y, t, 1, reduction='none'); x:3, y:3, t:3",
    ],
)


def _cosine_embedding_loss(
    input1: Node, input2: Node, target: Node, margin: Any, average: Any, reduce: Any, reduction: Any
) -> Node:
    reduction = _checked_legacy(average, reduce, reduction)
    input1, input2, target = a_tensor(input1), a_tensor(input2), a_tensor(target)
    rank = len(target.shape)
    if rank > 1:
        raise AutodiffError("bad-rank", "0D or 1D target tensor expected, multi-target not supported", operands=(2,))
    if len(input1.shape) != rank + 1 or len(input2.shape) != rank + 1:
        raise AutodiffError(
            "bad-rank",
            f"{rank}D target tensor expects {rank + 1}D input tensors, but found inputs with sizes"
            f" {show(input1.shape)} and {show(input2.shape)}.",
            operands=(0, 1, 2),
        )
    dim = (rank,)
    products = ops.sum(input1 * input2, dim)
    square1, square2 = (ADD_NUMBER(ops.sum(x * x, dim), 1e-12) for x in (input1, input2))
    cosine = products / ops.sqrt(square1 * square2)
    zeros = ops.zeros_like(cosine)
    alike = ops.where(ops.eq(target, 1), SUB(1, cosine), zeros)
    unlike = ops.where(ops.eq(target, -1), ops.clamp_min(SUB_NUMBER(cosine, margin), 0), zeros)
    return reduced_loss(alike + unlike, reduction)


composite(
    f"cosine_embedding_loss(input1, input2, target, margin: Number = 0, {LEGACY})",
    _cosine_embedding_loss,
    doc="1 - cosine of the angle where target is 1, max(0, cosine - margin) where it is -1.",
    example="cosine_embedding_loss([[1., 2.], [3., 4.]], [[2., 1.], [4., 3.]], [1, -1])",
    samples=[
        "cosine_embedding_loss(x, y, tensor([1, -1])); x:2,3, y:2,3",
        "cosine_embedding_loss(x, y, 1, reduction='sum'); x:3, y:3",
    ],
)


def _same_ranks(anchor: Node, positive: Node, negative: Node) -> None:
    ranks = [len(x.shape) for x in (anchor, positive, negative)]
    if len(set(ranks)) > 1:
        raise AutodiffError(
            "bad-rank",
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got:"
            f" anchor {ranks[0]}D, positive {ranks[1]}D, and negative {ranks[2]}D inputs",
            operands=(0, 1, 2),
        )


def _check_margin(margin: Any) -> None:
    if margin <= 0:
        shown = margin if isinstance(margin, int) else float(margin)
        raise AutodiffError("bad-value", f"margin must be greater than 0, got {shown}", type="ValueError")


def _triplet_margin_loss(
    anchor: Node, positive: Node, negative: Node, margin: Any, p: Any, eps: Any, swap: bool,
    average: Any, reduce: Any, reduction: Any,
) -> Node:  # fmt: skip
    reduction = _checked_legacy(average, reduce, reduction)
    _check_margin(margin)
    anchor, positive, negative = a_tensor(anchor), a_tensor(positive), a_tensor(negative)
    _same_ranks(anchor, positive, negative)
    near = _pairwise_distance(anchor, positive, p, eps, False)
    far = _pairwise_distance(anchor, negative, p, eps, False)
    if swap:
        far = ops.minimum(far, _pairwise_distance(positive, negative, p, eps, False))
    return reduced_loss(ops.clamp_min(ADD_NUMBER(near, margin) - far, 0), reduction)


composite(
    "triplet_margin_loss(anchor, positive, negative, margin: Number = 1.0, p: Number = 2, eps: Number = 1e-06,"
    f" swap: bool = False, {LEGACY})",
    _triplet_margin_loss,
    doc="max(0, distance to positive - distance to negative + margin).",
    example="triplet_margin_loss([[1., 2.]], [[1., 3.]], [[0., 0.]])",
    samples=[
        "triplet_margin_loss(a, p, n, 3.0); a:2,3, p:2,3, n:2,3",
        "triplet_margin_loss(a, p, n, 4.0, swap=True, reduction='none'); a:2,3, p:2,3, n:2,3",
    ],
)


def _triplet_with_distance(
    anchor: Node, positive: Node, negative: Node, function: Any, margin: Any, swap: bool, reduction: Any
) -> Node:
    reduction = checked_reduction(reduction)
    _check_margin(margin)
    anchor, positive, negative = a_tensor(anchor), a_tensor(positive), a_tensor(negative)
    _same_ranks(anchor, positive, negative)
    if function is not None and not callable(function):
        raise AutodiffError("argument-type", f"'{type_name(function)}' object is not callable", type="TypeError")
    distance = function or (lambda x, y: _pairwise_distance(x, y, 2, 1e-6, False))
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ops.minimum(far, distance(positive, negative))
    return reduced_loss(ops.clamp_min(near + margin - far, 0), reduction)


composite(
    "triplet_margin_with_distance_loss(anchor, positive, negative, *, distance_function: any = None,"
    " margin: Number = 1.0, swap: bool = False, reduction: any = 'mean')",
    _triplet_with_distance,
    doc="max(0, distance to positive - distance to negative + margin), with the Euclidean distance.",
    example="triplet_margin_with_distance_loss([[1., 2.]], [[1., 3.]], [[0., 0.]])",
    samples=["triplet_margin_with_distance_loss(a, p, n, margin=3.0); a:2,3, p:2,3, n:2,3"],
)
