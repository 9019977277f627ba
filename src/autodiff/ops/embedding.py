"""Embeddings: rows of a table, alone or summed in bags."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, none
from autodiff.graph.sizes import Dim, size_text
from autodiff.ops.losses import a_tensor

# Rows are picked, and gradients added up where they were picked: a linear map and its adjoint. `padding_idx` and
# `scale_grad_by_freq` change the gradient alone.


def _rows_kernel(x: Any, weight: Any, padding_idx: int, max_norm: float | None, norm_type: float, by_freq: bool) -> Any:
    if np.any((x < 0) | (x >= len(weight))):
        raise AutodiffError("index-out-of-range", "index out of range in self", type="IndexError", operands=(0,))
    rows = weight[x]
    if max_norm is not None:
        size = np.linalg.norm(np.reshape(rows, (x.size, weight.shape[1])), norm_type, axis=1)
        shrunk = np.where(size > max_norm, max_norm / (size + 1e-7), 1)
        rows = rows * np.reshape(shrunk, (*x.shape, 1)).astype(weight.dtype)
    return rows


def _rows_gradient_kernel(x: Any, grad: Any, size: tuple[int, ...]) -> Any:
    result = np.zeros(size, grad.dtype)
    np.add.at(result, x, grad)
    return result


def _share_kernel(x: Any, padding_idx: int, by_freq: bool, dtype: DType) -> Any:
    share = (x != padding_idx).astype(dtype.numpy)
    if by_freq:
        _, place, counts = np.unique(x, return_inverse=True, return_counts=True)
        share = share / counts[np.reshape(place, x.shape)]
    return np.expand_dims(share, -1).astype(dtype.numpy)


SHARE = Primitive(
    "embedding_share(x, padding_idx: int, by_freq: bool, dtype: dtype)",
    _share_kernel,
    shape=lambda x, padding_idx, by_freq, dtype: (*x.shape, 1),
    dtype=lambda x, padding_idx, by_freq, dtype: dtype,
    doc="1 for an index that counts, 0 for padding; divided by how often the index occurs.",
)
EMBEDDING = Primitive(
    "embedding(x, weight, padding_idx: int, max_norm: any, norm_type: Number, scale_grad_by_freq: bool)",
    _rows_kernel,
    shape=lambda x, weight, *_: (*x.shape, weight.shape[1]),
    dtype=lambda x, weight, *_: weight.dtype,
    vjp=[
        none,
        lambda g, out, x, weight, padding_idx, max_norm, norm_type, by_freq: EMBEDDING_GRADIENT(
            x, g * SHARE(x, padding_idx, by_freq, g.dtype), weight.shape
        ),
    ],
    doc="Rows of weight.",
)
EMBEDDING_GRADIENT: Primitive = Primitive(
    "embedding_backward(x, grad, size: sizes)",
    _rows_gradient_kernel,
    shape=lambda x, grad, size: size,
    dtype=lambda x, grad, size: grad.dtype,
    vjp=[none, lambda g, out, x, grad, size: EMBEDDING(x, g, -1, None, 2, False)],
    doc="Rows of a gradient added up where they came from.",
)


def _check_indices(x: Node, function: str) -> None:
    if x.dtype not in (dtypes.int64, dtypes.int32):
        raise AutodiffError(
            "bad-dtype",
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got"
            f" torch.{x.dtype.long_name}Tensor instead (while checking arguments for {function})",
            operands=(0,),
            help="indices are integers: x.long()",
        )


def _embedding(
    x: Node, weight: Node, padding_idx: int | None, max_norm: Any, norm_type: Any, by_freq: bool, sparse: bool
) -> Node:
    x, weight = a_tensor(x), a_tensor(weight)
    if padding_idx is None:
        padding_idx = -1
    else:
        rows = weight.shape[0] if weight.shape else 0
        if isinstance(rows, int) and not -rows <= padding_idx < max(rows, 1):
            raise AutodiffError("bad-value", "Padding_idx must be within num_embeddings", type="AssertionError")
        if padding_idx < 0 and isinstance(rows, int):
            padding_idx += rows
    if len(weight.shape) != 2:
        raise AutodiffError("bad-rank", "'weight' must be 2-D", operands=(1,))
    _check_indices(x, "embedding")
    limit = None if max_norm is None else float(max_norm)
    return EMBEDDING(x, weight, padding_idx, limit, norm_type, by_freq)  # type: ignore[no-any-return]


composite(
    "embedding(x, weight, padding_idx: int? = None, max_norm: Number? = None, norm_type: Number = 2.0,"
    " scale_grad_by_freq: bool = False, sparse: bool = False)",
    _embedding,
    doc="The rows of weight that the indices x name.",
    kinks="The row padding_idx gets no gradient; max_norm shrinks rows behind the back of the gradient.",
    example="embedding([2, 0], [[1., 2.], [3., 4.], [5., 6.]])",
    samples=["embedding(tensor([2, 0, 2]), w); w:3,2", "embedding(tensor([[1, 2]]), w, padding_idx=0) * 1; w:3,2"],
)


# Bags: indices of bag b are those from offsets[b] on.


def _bags(x: Any, offsets: Any, count: int) -> Any:
    """The bag of each index; the last bag takes what is left."""
    if len(offsets) and offsets[0] != 0:
        raise AutodiffError(
            "bad-value",
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0."
            f" However, got {offsets[0]}",
            operands=(2,),
        )
    if len(offsets) and offsets[-1] > len(x):
        raise AutodiffError(
            "bad-value",
            f"offsets[-1] can not be greater than input's length {len(x)} but got offsets[-1] of {offsets[-1]}",
            operands=(2,),
        )
    return np.searchsorted(offsets[:count], np.arange(len(x)), "right") - 1


def _bag_sum_kernel(rows: Any, x: Any, offsets: Any, count: int) -> Any:
    result = np.zeros((count, *rows.shape[1:]), rows.dtype)
    bags = _bags(x, offsets, count)
    if count:
        np.add.at(result, bags, rows)
    return result


def _unbag_kernel(g: Any, x: Any, offsets: Any) -> Any:
    bags = _bags(x, offsets, len(g))
    return g[bags] if len(g) else np.zeros((len(x), *g.shape[1:]), g.dtype)


BAG_SUM = Primitive(
    "bag_sum(rows, x, offsets, count: int)",
    _bag_sum_kernel,
    shape=lambda rows, x, offsets, count: (count, *rows.shape[1:]),
    vjp=[lambda g, out, rows, x, offsets, count: UNBAG(g, x, offsets), none, none],
    doc="Rows added up bag by bag.",
)
UNBAG: Primitive = Primitive(
    "unbag(g, x, offsets)",
    _unbag_kernel,
    shape=lambda g, x, offsets: (x.shape[0], *g.shape[1:]),
    vjp=[lambda c, out, g, x, offsets: BAG_SUM(c, x, offsets, g.shape[0]), none, none],
    doc="For each index the row of its bag.",
)


def _winners_kernel(weight: Any, x: Any, offsets: Any, count: int, padding_idx: int) -> Any:
    """For each bag and column the place in x of the largest, the first of equals; -1 in an empty bag."""
    result = np.full((count, weight.shape[1]), -1)
    bags = _bags(x, offsets, count)
    for bag in range(count):
        members = np.flatnonzero((bags == bag) & (x != padding_idx))
        if len(members):
            result[bag] = members[np.argmax(weight[x[members]], axis=0)]
    return result


WINNERS = Primitive(
    "bag_winners(weight, x, offsets, count: int, padding_idx: int)",
    _winners_kernel,
    shape=lambda weight, x, offsets, count, padding_idx: (count, weight.shape[1]),
    dtype=lambda *_: dtypes.int64,
    doc="Where the largest elements of each bag are.",
)


def _largest_kernel(rows: Any, winners: Any) -> Any:
    return np.where(winners < 0, 0, np.take_along_axis(rows, np.maximum(winners, 0), 0))


def _bag_parts(
    x: Node, weight: Node, offsets: Node, sample_weights: Node | None, mode: str, total: int, padding_idx: int
) -> Any:
    """The rows, and what each of them counts in the sum of its bag."""
    rows = EMBEDDING(x, weight, padding_idx, None, 2, False)
    factor = SHARE(x, padding_idx, False, weight.dtype)
    if sample_weights is not None:
        factor = factor * ops.unsqueeze(sample_weights, 1)
    if mode == "mean":
        count = BAG_SUM(factor, x, offsets, total)
        factor = factor / UNBAG(ops.clamp_min(count, 1), x, offsets)
    return rows, factor


def _bag_rule(
    g: Node, out: Node, x: Node, weight: Node, offsets: Node, sample_weights: Node | None,
    mode: str, count: int, padding_idx: int, by_freq: bool,
) -> list[Any]:  # fmt: skip
    rows, factor = _bag_parts(x, weight, offsets, sample_weights, mode, count, padding_idx)
    if mode == "max":
        winners = WINNERS(weight, x, offsets, count, padding_idx)
        won = ops.where(winners < 0, 0, g)
        into_rows = ops.scatter_add(ops.zeros_like(rows), 0, ops.clamp_min(winners, 0), won)
    else:
        into_rows = UNBAG(g, x, offsets) * factor
    found = [None, EMBEDDING_GRADIENT(x, into_rows * SHARE(x, padding_idx, by_freq, weight.dtype), weight.shape), None]
    if sample_weights is not None:
        keep = ops.squeeze(SHARE(x, padding_idx, False, weight.dtype), 1)
        found.append(ops.sum(UNBAG(g, x, offsets) * rows, (1,)) * keep)
    return found


def _bag_kernel(
    x: Any, weight: Any, offsets: Any, sample_weights: Any, mode: str, count: int, padding_idx: int, by_freq: bool
) -> Any:
    wrong = (x < 0) | (x >= len(weight))
    if wrong.any():
        message = f"embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be {x[wrong][0]}"
        raise AutodiffError("index-out-of-range", message, operands=(0,))
    if mode == "max":
        return _largest_kernel(weight[x], _winners_kernel(weight, x, offsets, count, padding_idx)).astype(weight.dtype)
    factor = (x != padding_idx).astype(weight.dtype)
    if sample_weights is not None:
        factor = factor * sample_weights
    result = _bag_sum_kernel(weight[x] * factor[:, None], x, offsets, count)
    if mode == "mean":
        result = result / np.maximum(_bag_sum_kernel(factor, x, offsets, count), 1)[:, None]
    return result.astype(weight.dtype)


EMBEDDING_BAG = Primitive(
    "embedding_bag(x, weight, offsets, per_sample_weights: Tensor?, mode: str, count: int, padding_idx: int,"
    " scale_grad_by_freq: bool)",
    _bag_kernel,
    shape=lambda x, weight, offsets, sample_weights, mode, count, *_: (count, weight.shape[1]),
    dtype=lambda x, weight, *_: weight.dtype,
    vjp_all=_bag_rule,
    edges=lambda x, weight, offsets, sample_weights, *_: [weight, sample_weights],
    doc="Rows of weight added up bag by bag.",
)


def _flat_bags(x: Node, offsets: Node | None, sample_weights: Node | None) -> tuple[Node, Node, Node | None, bool]:
    """Rows of a matrix of indices are bags too."""
    if len(x.shape) == 2:
        if offsets is not None:
            raise AutodiffError(
                "bad-value",
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length"
                " sequences. However, found offsets of type <class 'torch.Tensor'>",
                type="ValueError",
                operands=(0, 2),
            )
        rows, columns = x.shape
        starts = ops.arange(0, _whole(rows * columns), max(_whole(columns), 1), dtype=dtypes.int64)
        if sample_weights is not None:
            sample_weights = ops.reshape(sample_weights, (rows * columns,))
        return ops.reshape(x, (rows * columns,)), starts, sample_weights, True
    if len(x.shape) != 1:
        message = f"input has to be 1D or 2D Tensor, but got Tensor of dimension {len(x.shape)}"
        raise AutodiffError("bad-rank", message, type="ValueError", operands=(0,))
    if offsets is None:
        raise AutodiffError("missing-argument", "offsets has to be a 1D Tensor but got None", type="ValueError")
    if len(offsets.shape) != 1:
        raise AutodiffError("bad-rank", "offsets has to be a 1D Tensor", type="ValueError", operands=(2,))
    return x, offsets, sample_weights, False


def _whole(size: Dim) -> int:
    if not isinstance(size, int):
        raise AutodiffError("needs-value", "embedding_bag needs the sizes of its indices as numbers")
    return size


def _check_mode(mode: Any, sample_weights: Node | None, by_freq: bool, sparse: bool) -> None:
    if mode not in ("sum", "mean", "max"):
        raise AutodiffError("bad-value", "mode has to be one of sum, mean or max", type="ValueError")
    if mode == "max" and by_freq:
        message = "max mode does not support scaling the gradient by the frequency"
        raise AutodiffError("bad-value", message, type="ValueError")
    if mode == "max" and sparse:
        raise AutodiffError("bad-value", "max mode does not support sparse weights", type="ValueError")
    if sample_weights is not None and mode != "sum":
        raise AutodiffError(
            "bad-value",
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got"
            f" mode='{mode}'). Please open a feature request on GitHub.",
            type="NotImplementedError",
        )


def _embedding_bag(
    x: Node, weight: Node, offsets: Node | None, max_norm: Any, norm_type: Any, by_freq: bool, mode: Any, sparse: bool,
    sample_weights: Node | None, include_last: bool, padding_idx: int | None,
) -> Node:  # fmt: skip
    x, weight = a_tensor(x), a_tensor(weight)
    if weight.dtype is dtypes.int64 and x.dtype.is_floating:  # the order of long ago, which PyTorch still takes
        x, weight = weight, x
    if sample_weights is not None and sample_weights.shape != x.shape:
        raise AutodiffError(
            "shape-mismatch",
            f"embedding_bag: If per_sample_weights ({size_text(sample_weights.shape)}) is not None, then it must have"
            f" the same shape as the input ({size_text(x.shape)})",
            type="ValueError",
            operands=(0,),
        )
    if len(weight.shape) != 2:
        message = f"weight has to be a 2D Tensor, but got Tensor of dimension {len(weight.shape)}"
        raise AutodiffError("bad-rank", message, type="ValueError", operands=(1,))
    x, offsets, sample_weights, matrix = _flat_bags(x, offsets, sample_weights)
    _check_mode(mode, sample_weights, by_freq, sparse)
    _check_indices(x, "embedding_bag")
    _check_indices(offsets, "embedding_bag")
    rows = weight.shape[0]
    if padding_idx is None:
        padding_idx = -1
    elif padding_idx < 0 and isinstance(rows, int):
        padding_idx += rows
    count = _whole(offsets.shape[0]) - (1 if include_last and not matrix else 0)
    args = (x, weight, offsets, sample_weights, mode, count, padding_idx, by_freq)
    return EMBEDDING_BAG(*args)  # type: ignore[no-any-return]


composite(
    "embedding_bag(x, weight, offsets: Tensor? = None, max_norm: Number? = None, norm_type: Number = 2,"
    " scale_grad_by_freq: bool = False, mode: any = 'mean', sparse: bool = False,"
    " per_sample_weights: Tensor? = None, include_last_offset: bool = False, padding_idx: int? = None)",
    _embedding_bag,
    doc="Sums, means or maxima of the rows of weight that the indices x name, bag by bag.",
    kinks="Of equal maxima the first gets the gradient.",
    example="embedding_bag([[2, 0]], [[1., 2.], [3., 4.], [5., 6.]])",
    samples=[
        "embedding_bag(tensor([[1, 0], [2, 2]]), w); w:3,2",
        "embedding_bag(tensor([1, 0, 2]), w, tensor([0, 2]), mode='sum', per_sample_weights=p); w:3,2, p:3",
        "embedding_bag(tensor([1, 0, 2]), w, tensor([0, 2]), mode='max'); w:3,2",
    ],
)
