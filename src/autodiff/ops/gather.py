"""One element for each element of an index along a dim: gather, and its inverse, scatter."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, broadcast_to, convert, none
from autodiff.graph.sizes import broadcast, numel, show
from autodiff.ops.create import SIZE
from autodiff.ops.indices import (
    OUT_OF_BOUNDS,
    as_rank,
    bad_dtype,
    bad_shape,
    in_bounds,
    is_index,
    keeps_shape,
    larger,
    rank_of,
)

# One element for each element of the index, along a dim


def _check_gather(x: Node, dim: int, index: Node) -> None:
    if not is_index(index) and 0 not in index.shape:
        raise bad_dtype("gather(): Expected dtype int32/int64 for index", (2,))
    if 0 in index.shape:
        return
    if rank_of(x) != rank_of(index):
        raise bad_shape("Index tensor must have the same number of dimensions as input tensor", (0, 2))
    _no_larger_than(index, x, dim, "self")


def _no_larger_than(index: Node, x: Node, dim: int, name: str) -> None:
    for i, (small, large) in enumerate(zip(index.shape, x.shape, strict=False)):
        if i != dim and larger(small, large):
            raise bad_shape(
                f"Size does not match at dimension {i} expected index {show(index.shape)} to be no larger than {name}"
                f" {show(x.shape)} apart from dimension {dim}",
                (0, 2),
            )


def _corner(x: Any, index: Any, dim: int) -> Any:
    """x cut to the extent of the index in all dims but one."""
    if x.shape == index.shape:
        return x
    rank = x.ndim
    return x[tuple(slice(None) if i - rank == dim else slice(index.shape[i]) for i in range(rank))]


def _gather_kernel(x: Any, dim: int, index: Any) -> Any:
    shape = np.shape(index)
    if 0 in shape:
        return np.zeros(shape, x.dtype)
    x, index = as_rank(x, 1), as_rank(index, 1)
    in_bounds(index, x.shape[dim], OUT_OF_BOUNDS.format(x.ndim + dim, x.shape[dim]))
    return np.take_along_axis(_corner(x, index, dim), index, axis=dim).reshape(shape)


GATHER: Primitive = Primitive(
    "gather(x, dim: dim, index)",
    _gather_kernel,
    shape=lambda x, dim, index: index.shape,
    check=_check_gather,
    vjp=[lambda g, out, x, dim, index: SCATTER_ADD(ops.zeros_like(x), dim, index, g), none],
    edges=lambda x, dim, index: [x],
    doc="out[i][j] = x[index[i][j]][j] along dim 0, and likewise along others.",
)


def _as_index(index: Node) -> Node:
    """An index that names nothing may have any element type."""
    return index if is_index(index) or 0 not in index.shape else convert(index, dtypes.int64)


composite(
    "gather(x, dim: dim, index, *, sparse_grad: bool = False)",
    lambda x, dim, index, sparse_grad: GATHER(x, dim, _as_index(index)),
    doc="For each element of index, the element of x at that place along dim.",
    example="gather([[1., 2.], [3., 4.]], 1, tensor([[0], [1]]))",
    samples=["gather(x, 1, tensor([[0, 0], [2, 1]])); x:2,3", "x.gather(0, tensor([[1, 0]])); x:2,3"],
)


def _take_along_dim(x: Node, indices: Node, dim: int | None) -> Node:
    if indices.dtype is not dtypes.int64:
        raise bad_dtype(f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype.long_name}")
    if dim is None:
        return GATHER(ops.view(ops.contiguous(x), (-1,)), 0, ops.view(ops.contiguous(indices), (-1,)))  # type: ignore[no-any-return]
    if len(x.shape) != len(indices.shape):
        raise bad_shape(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got"
            f" {len(x.shape)} dimensions for input, and {len(indices.shape)} dimensions for indices"
        )
    if not x.shape:
        return GATHER(x, 0, indices)  # type: ignore[no-any-return]
    common = broadcast((*x.shape[:dim], 1, *x.shape[dim + 1 :]), (*indices.shape[:dim], 1, *indices.shape[dim + 1 :]))
    seen = ops.expand(x, (*common[:dim], x.shape[dim], *common[dim + 1 :]))
    wide = (*common[:dim], indices.shape[dim], *common[dim + 1 :])
    index = indices if indices.shape == wide else broadcast_to(indices, wide)
    return GATHER(seen, dim, ops.remainder(index, SIZE(x, dim)))  # type: ignore[no-any-return]


composite(
    "take_along_dim(x, indices, dim: dim? = None)",
    _take_along_dim,
    doc="For each element of indices, the element of x at that place along dim; without a dim, of x flattened.",
    example="take_along_dim([[1., 2.], [3., 4.]], tensor([[0], [1]]), 1)",
    samples=["take_along_dim(x, tensor([[0], [2]]), 1); x:2,3", "take_along_dim(x, tensor([4, 0])); x:2,3"],
)


# Values put where the index says


def check_scatter(x: Node, dim: int, index: Node, src: Node) -> tuple[Any, ...]:
    if not is_index(index) and 0 not in index.shape:
        raise bad_dtype("scatter(): Expected dtype int32/int64 for index", (2,))
    if src.dtype is not x.dtype:
        raise bad_dtype("scatter(): Expected self.dtype to be equal to src.dtype", (0, 3))
    _check_places(x, dim, index, src)
    return x, dim, index, src


def _check_places(x: Node, dim: int, index: Node, src: Node | None) -> None:
    if numel(index.shape) == 0:
        return
    if rank_of(index) != rank_of(x):
        raise bad_shape("Index tensor must have the same number of dimensions as self tensor", (0, 2))
    if src is not None and rank_of(src) != rank_of(index):
        raise bad_shape("Index tensor must have the same number of dimensions as src tensor", (2, 3))
    wrong = any(i != dim and larger(a, b) for i, (a, b) in enumerate(zip(index.shape, x.shape, strict=False)))
    if src is None:
        if wrong:
            raise bad_shape(
                f"Expected index {show(index.shape)} to be no larger than self {show(x.shape)} apart from dimension"
                f" {dim}",
                (0, 2),
            )
        return
    if wrong or any(larger(a, b) for a, b in zip(index.shape, src.shape or (1,), strict=False)):
        raise bad_shape(
            f"Expected index {show(index.shape)} to be no larger than self {show(x.shape)} apart from dimension"
            f" {dim} and to be no larger size than src {show(src.shape)}",
            (0, 2, 3),
        )


def scatter_place(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """The places in x of all elements of the index, as a NumPy index."""
    in_bounds(index, x.shape[dim], OUT_OF_BOUNDS.format(x.ndim + dim, x.shape[dim]))
    place = list(np.ogrid[tuple(slice(0, size) for size in index.shape)])
    place[dim] = index
    return tuple(place)


def _scattering(put: Any) -> Any:
    """A kernel that changes the elements of (a copy of) x at the places of the index by those of src."""

    def kernel(x: Any, dim: int, index: Any, src: Any) -> Any:
        shape = np.shape(x)
        result = np.array(as_rank(x, 1))
        index = as_rank(index, 1)
        if index.size:
            values = as_rank(src, 1)[tuple(slice(size) for size in index.shape)]
            put(result, scatter_place(result, dim, index), values)
        return result.reshape(shape)

    return kernel


def _assign(result: Any, place: Any, values: Any) -> None:
    result[place] = values


SCATTER: Primitive = Primitive(
    "scatter(x, dim: dim, index, src)",
    _scattering(_assign),
    shape=keeps_shape,
    check=check_scatter,
    vjp=[
        lambda g, out, x, dim, index, src: SCATTER_NUMBER(g, dim, index, 0),
        none,
        lambda g, out, x, dim, index, src: _gathered("Scatter", g, dim, index, src),
    ],
    doc="x with the elements of src at the places that index names along dim.",
)
SCATTER_ADD: Primitive = Primitive(
    "scatter_add(x, dim: dim, index, src)",
    _scattering(np.add.at),
    shape=keeps_shape,
    check=check_scatter,
    vjp=[
        lambda g, out, x, dim, index, src: g,
        none,
        lambda g, out, x, dim, index, src: _gathered("ScatterAdd", g, dim, index, src),
    ],
    doc="x with the elements of src added at the places that index names along dim.",
)


def _gathered(name: str, g: Node, dim: int, index: Node, src: Node) -> Node:
    """The cotangent of src, which PyTorch has only where the index reaches all of it."""
    same_shape_as_index(name, index, src)
    return fitted(GATHER(g, dim, index), src)


def same_shape_as_index(name: str, index: Node, src: Node) -> None:
    if index.shape != src.shape and src.shape:
        raise AutodiffError(
            "shape-mismatch",
            f"Function {name}Backward0 returned an invalid gradient at index 1 - got {show(index.shape)} but"
            f" expected shape compatible with {show(src.shape)}",
            help="give src the shape of index",
        )


def fitted(g: Node, src: Node) -> Node:
    """A cotangent for an operand without dims, whose index may have one."""
    return g if g.shape == src.shape else ops.sum_to_size(g, src.shape)


def _number_kernel(x: Any, dim: int, index: Any, value: Any) -> Any:
    shape = np.shape(x)
    result = np.array(as_rank(x, 1))
    index = as_rank(index, 1)
    if index.size:
        result[scatter_place(result, dim, index)] = value
    return result.reshape(shape)


def _check_scatter_number(x: Node, dim: int, index: Node, value: Any) -> None:
    if not is_index(index):
        raise bad_dtype("scatter(): Expected dtype int32/int64 for index", (2,))
    _check_places(x, dim, index, None)


SCATTER_NUMBER: Primitive = Primitive(
    "scatter(x, dim: dim, index, value: Number)",
    _number_kernel,
    shape=keeps_shape,
    check=_check_scatter_number,
    vjp=[lambda g, out, x, dim, index, value: SCATTER_NUMBER(g, dim, index, 0), none],
    grad_fn="ScatterBackward1",
    doc="x with a number at the places that index names along dim.",
)


def _scatter(x: Node, dim: int, index: Node, src: Node, value: Any, reduce: str | None) -> Node:
    if value is not None:
        src = value
    if src is None:
        raise AutodiffError(
            "missing-argument",
            'scatter() missing 1 required positional arguments: "src"',
            type="TypeError",
            help="scatter(x, dim, index, src)",
        )
    if reduce is not None:
        return _scatter_with(x, dim, index, src, reduce)
    if src.weak:
        return SCATTER_NUMBER(x, dim, index, ops.item(src) if not src.params else src.params[0])  # type: ignore[no-any-return]
    return SCATTER(x, dim, index, src)  # type: ignore[no-any-return]


def _scatter_with(x: Node, dim: int, index: Node, src: Node, reduce: str) -> Node:
    """The old way to say scatter_add; PyTorch does not differentiate it."""
    if reduce not in ("add", "multiply"):
        raise AutodiffError("bad-value", "reduce argument must be either add or multiply.", operands=(4,))
    if src.weak:
        src = broadcast_to(convert(src, x.dtype), index.shape)
    return (SCATTERED_SUM if reduce == "add" else SCATTERED_PRODUCT)(x, dim, index, src)  # type: ignore[no-any-return]


def _not_implemented(g: Node, out: Node, *args: Any) -> Node:
    raise AutodiffError(
        "not-differentiable",
        "derivative for aten::scatter is not implemented",
        help="scatter_reduce(x, dim, index, src, 'sum') is differentiable",
    )


_old: dict[str, Any] = {
    "shape": keeps_shape,
    "check": check_scatter,
    "vjp": [_not_implemented, none, _not_implemented],
    "grad_fn": "NotImplemented",
    "edges": lambda x, dim, index, src: [x, src] if src.requires_grad else [x],
    "doc": "x combined with the elements of src at the places that index names along dim.",
}
SCATTERED_SUM: Primitive = Primitive("scatter_with_sum(x, dim: dim, index, src)", _scattering(np.add.at), **_old)
SCATTERED_PRODUCT: Primitive = Primitive(
    "scatter_with_product(x, dim: dim, index, src)", _scattering(np.multiply.at), **_old
)

composite(
    "scatter(x, dim: dim, index, src: Tensor? = None, *, value: Tensor? = None, reduce: str? = None)",
    _scatter,
    doc="x with the elements of src (or a number) at the places that index names along dim.",
    kinks="Where two elements go to one place the last one stays, and both get its gradient.",
    example="scatter([[1., 2.], [3., 4.]], 1, tensor([[0], [1]]), tensor([[5.], [6.]]))",
    samples=[
        "scatter(x, 1, tensor([[0, 2], [1, 0]]), y); x:2,3, y:2,2",
        "scatter(x, 0, tensor([[1, 0, 1]]), 2.5); x:2,3",
        "scatter(x.detach(), 0, tensor([[1, 0, 1]]), y.detach(), reduce='add'); x:2,3, y:1,3",
        "scatter(x.detach(), 0, tensor([[1, 0, 1]]), 2, reduce='multiply'); x:2,3",
    ],
)
composite(
    "scatter_add(x, dim: dim, index, src)",
    SCATTER_ADD,
    doc="x with the elements of src added at the places that index names along dim.",
    example="scatter_add([[1., 2.], [3., 4.]], 1, tensor([[0], [0]]), tensor([[5.], [6.]]))",
    samples=["scatter_add(x, 1, tensor([[0, 0], [1, 0]]), y); x:2,3, y:2,2"],
)
