"""Elements picked by tensors of indices, and the inverse: values scattered to the places that they name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.evaluate import values_of
from autodiff.graph.node import Node
from autodiff.graph.op import Primitive, broadcast_to, composite, constant, convert, none, ops, strengthen
from autodiff.graph.sizes import Shape, broadcast, numel, show

# What the operations of this file ask of their operands


def _bad_dtype(message: str, operands: Sequence[int] = (1,)) -> AutodiffError:
    return AutodiffError("bad-dtype", message, operands=operands)


def _bad_shape(message: str, operands: Sequence[int] = (0, 1), type: str = "RuntimeError") -> AutodiffError:
    return AutodiffError("shape-mismatch", message, type=type, operands=operands)


def in_bounds(index: Any, size: int, message: str, type: str = "RuntimeError", negative: bool = False) -> None:
    """Raises for the first index out of range; {} in the message stands for it."""
    low = -size if negative else 0
    if index.size and (index.min() < low or index.max() >= size):
        worst = index[(index < low) | (index >= size)].flat[0]
        raise AutodiffError("index-out-of-range", message.format(worst), type=type)


def _is_index(node: Node) -> bool:
    return node.dtype in (dtypes.int32, dtypes.int64)


def _rank(node: Node) -> int:
    return max(len(node.shape), 1)


def _as_rank(x: Any, rank: int) -> Any:
    return x if np.ndim(x) else np.reshape(x, (1,) * rank)


# One element for each element of the index, along a dim


def _check_gather(x: Node, dim: int, index: Node) -> None:
    if not _is_index(index):
        raise _bad_dtype("gather(): Expected dtype int32/int64 for index", (2,))
    if _rank(x) != _rank(index):
        raise _bad_shape("Index tensor must have the same number of dimensions as input tensor", (0, 2))
    _no_larger_than(index, x, dim, "self")


def _no_larger_than(index: Node, x: Node, dim: int, name: str) -> None:
    for i, (small, large) in enumerate(zip(index.shape, x.shape, strict=False)):
        if i != dim and _larger(small, large):
            raise _bad_shape(
                f"Size does not match at dimension {i} expected index {show(index.shape)} to be no larger than {name}"
                f" {show(x.shape)} apart from dimension {dim}",
                (0, 2),
            )


def _larger(a: Any, b: Any) -> bool:
    return a != b and (not (isinstance(a, int) and isinstance(b, int)) or a > b)


OUT_OF_BOUNDS = "index {{}} is out of bounds for dimension {} with size {}"


def _corner(x: Any, index: Any, dim: int) -> Any:
    """x cut to the extent of the index in all dims but one."""
    if x.shape == index.shape:
        return x
    rank = x.ndim
    return x[tuple(slice(None) if i - rank == dim else slice(index.shape[i]) for i in range(rank))]


def _gather_kernel(x: Any, dim: int, index: Any) -> Any:
    shape = np.shape(index)
    x, index = _as_rank(x, 1), _as_rank(index, 1)
    in_bounds(index, x.shape[dim], OUT_OF_BOUNDS.format(x.ndim + dim, x.shape[dim]))
    return np.take_along_axis(_corner(x, index, dim), index, axis=dim).reshape(shape)


GATHER = Primitive(
    "gather(x, dim: dim, index)",
    _gather_kernel,
    shape=lambda x, dim, index: index.shape,
    check=_check_gather,
    vjp=[lambda g, out, x, dim, index: SCATTER_ADD(ops.zeros_like(x), dim, index, g), none],
    edges=lambda x, dim, index: [x],
    doc="out[i][j] = x[index[i][j]][j] along dim 0, and likewise along others.",
)
composite(
    "gather(x, dim: dim, index, *, sparse_grad: bool = False)",
    lambda x, dim, index, sparse_grad: GATHER(x, dim, index),
    doc="For each element of index, the element of x at that place along dim.",
    example="gather([[1., 2.], [3., 4.]], 1, tensor([[0], [1]]))",
    samples=["gather(x, 1, tensor([[0, 0], [2, 1]])); x:2,3", "x.gather(0, tensor([[1, 0]])); x:2,3"],
)


def _take_along_dim(x: Node, indices: Node, dim: int | None) -> Node:
    if indices.dtype is not dtypes.int64:
        raise _bad_dtype(
            f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype.long_name}"
        )
    if dim is None:
        return GATHER(ops.view(ops.contiguous(x), (-1,)), 0, ops.view(ops.contiguous(indices), (-1,)))  # type: ignore[no-any-return]
    if len(x.shape) != len(indices.shape):
        raise _bad_shape(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got"
            f" {len(x.shape)} dimensions for input, and {len(indices.shape)} dimensions for indices"
        )
    if not x.shape:
        return GATHER(x, 0, indices)  # type: ignore[no-any-return]
    common = broadcast((*x.shape[:dim], 1, *x.shape[dim + 1 :]), (*indices.shape[:dim], 1, *indices.shape[dim + 1 :]))
    seen = ops.expand(x, (*common[:dim], x.shape[dim], *common[dim + 1 :]))
    wide = (*common[:dim], indices.shape[dim], *common[dim + 1 :])
    index = indices if indices.shape == wide else broadcast_to(indices, wide)
    return GATHER(seen, dim, _wrapped(index, x.shape[dim]))  # type: ignore[no-any-return]


def _wrapped(index: Node, size: Any) -> Node:
    """Indices counted from the end, counted from the front."""
    return ops.where(index < 0, index + size, index) if isinstance(size, int) else index  # type: ignore[no-any-return]


composite(
    "take_along_dim(x, indices, dim: dim? = None)",
    _take_along_dim,
    doc="For each element of indices, the element of x at that place along dim; without a dim, of x flattened.",
    example="take_along_dim([[1., 2.], [3., 4.]], tensor([[0], [1]]), 1)",
    samples=["take_along_dim(x, tensor([[0], [2]]), 1); x:2,3", "take_along_dim(x, tensor([4, 0])); x:2,3"],
)


# Values put where the index says


def _check_scatter(x: Node, dim: int, index: Node, src: Node) -> tuple[Any, ...]:
    if not _is_index(index) and index.shape != (0,):
        raise _bad_dtype("scatter(): Expected dtype int32/int64 for index", (2,))
    if src.dtype is not x.dtype:
        raise _bad_dtype("scatter(): Expected self.dtype to be equal to src.dtype", (0, 3))
    _check_places(x, dim, index, src)
    return x, dim, index, src


def _check_places(x: Node, dim: int, index: Node, src: Node | None) -> None:
    if numel(index.shape) == 0:
        return
    if _rank(index) != _rank(x):
        raise _bad_shape("Index tensor must have the same number of dimensions as self tensor", (0, 2))
    if src is not None and _rank(src) != _rank(index):
        raise _bad_shape("Index tensor must have the same number of dimensions as src tensor", (2, 3))
    wrong = any(i != dim and _larger(a, b) for i, (a, b) in enumerate(zip(index.shape, x.shape, strict=False)))
    if src is None:
        if wrong:
            raise _bad_shape(
                f"Expected index {show(index.shape)} to be no larger than self {show(x.shape)} apart from dimension {dim}",
                (0, 2),
            )
        return
    if wrong or any(_larger(a, b) for a, b in zip(index.shape, src.shape, strict=False)):
        raise _bad_shape(
            f"Expected index {show(index.shape)} to be no larger than self {show(x.shape)} apart from dimension {dim} and to"
            f" be no larger size than src {show(src.shape)}",
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
        result = np.array(_as_rank(x, 1))
        index = _as_rank(index, 1)
        if index.size:
            values = _as_rank(src, 1)[tuple(slice(size) for size in index.shape)]
            put(result, scatter_place(result, dim, index), values)
        return result.reshape(shape)

    return kernel


def _assign(result: Any, place: Any, values: Any) -> None:
    result[place] = values


def _keeps_shape(x: Node, *_: Any) -> Shape:
    return x.shape


SCATTER = Primitive(
    "scatter(x, dim: dim, index, src)",
    _scattering(_assign),
    shape=_keeps_shape,
    check=_check_scatter,
    vjp=[
        lambda g, out, x, dim, index, src: SCATTER_NUMBER(g, dim, index, 0),
        none,
        lambda g, out, x, dim, index, src: _gathered("Scatter", g, dim, index, src),
    ],
    doc="x with the elements of src at the places that index names along dim.",
)
SCATTER_ADD = Primitive(
    "scatter_add(x, dim: dim, index, src)",
    _scattering(np.add.at),
    shape=_keeps_shape,
    check=_check_scatter,
    vjp=[
        lambda g, out, x, dim, index, src: g,
        none,
        lambda g, out, x, dim, index, src: _gathered("ScatterAdd", g, dim, index, src),
    ],
    doc="x with the elements of src added at the places that index names along dim.",
)


def _gathered(name: str, g: Node, dim: int, index: Node, src: Node) -> Node:
    """The cotangent of src, which PyTorch has only where the index reaches all of it."""
    if numel(index.shape) == 0:
        return ops.zeros_like(src)  # type: ignore[no-any-return]
    if index.shape != src.shape:
        raise AutodiffError(
            "shape-mismatch",
            f"Function {name}Backward0 returned an invalid gradient at index 1 - got {show(index.shape)} but expected shape"
            f" compatible with {show(src.shape)}",
            help="give src the shape of index",
        )
    return GATHER(g, dim, index)  # type: ignore[no-any-return]


def _number_kernel(x: Any, dim: int, index: Any, value: Any) -> Any:
    shape = np.shape(x)
    result = np.array(_as_rank(x, 1))
    index = _as_rank(index, 1)
    if index.size:
        result[scatter_place(result, dim, index)] = value
    return result.reshape(shape)


def _check_scatter_number(x: Node, dim: int, index: Node, value: Any) -> None:
    if not _is_index(index):
        raise _bad_dtype("scatter(): Expected dtype int32/int64 for index", (2,))
    _check_places(x, dim, index, None)


SCATTER_NUMBER = Primitive(
    "scatter(x, dim: dim, index, value: Number)",
    _number_kernel,
    shape=_keeps_shape,
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
    "shape": _keeps_shape,
    "check": _check_scatter,
    "vjp": [_not_implemented, none, _not_implemented],
    "grad_fn": "NotImplemented",
    "edges": lambda x, dim, index, src: [x, src] if src.requires_grad else [x],
    "doc": "x combined with the elements of src at the places that index names along dim.",
}
SCATTERED_SUM = Primitive("scatter_with_sum(x, dim: dim, index, src)", _scattering(np.add.at), **_old)
SCATTERED_PRODUCT = Primitive("scatter_with_product(x, dim: dim, index, src)", _scattering(np.multiply.at), **_old)

composite(
    "scatter(x, dim: dim, index, src: Tensor? = None, *, value: Tensor? = None, reduce: str? = None)",
    _scatter,
    doc="x with the elements of src (or a number) at the places that index names along dim.",
    kinks="Where two elements go to one place the last one stays, and both get its gradient.",
    example="scatter([[1., 2.], [3., 4.]], 1, tensor([[0], [1]]), tensor([[5.], [6.]]))",
    samples=[
        "scatter(x, 1, tensor([[0, 2], [1, 0]]), y); x:2,3, y:2,3",
        "scatter(x, 0, tensor([[1, 0, 1]]), 2.5); x:2,3",
    ],
)
composite(
    "scatter_add(x, dim: dim, index, src)",
    SCATTER_ADD,
    doc="x with the elements of src added at the places that index names along dim.",
    example="scatter_add([[1., 2.], [3., 4.]], 1, tensor([[0], [0]]), tensor([[5.], [6.]]))",
    samples=["scatter_add(x, 1, tensor([[0, 0], [1, 0]]), y); x:2,3, y:2,3"],
)


# Whole slices, named by a vector


def _vector(index: Any) -> Any:
    return np.reshape(index, -1)


def _at(dim: int, index: Any) -> tuple[Any, ...]:
    return (..., index, *[slice(None)] * (-1 - dim))


def _check_index_select(x: Node, dim: int, index: Node) -> None:
    if not _is_index(index):
        raise _bad_dtype("index_select(): Expected dtype int32 or int64 for index", (2,))
    if len(index.shape) > 1:
        raise AutodiffError(
            "bad-rank", "index_select(): Index is supposed to be a vector", type="IndexError", operands=(2,)
        )
    if not x.shape and numel(index.shape) != 1:
        raise _bad_shape(
            f"index_select(): Index to scalar can have only 1 value, got {numel(index.shape)} value(s)", (2,)
        )


def _index_select_kernel(x: Any, dim: int, index: Any) -> Any:
    index = _vector(index)
    if not np.ndim(x):
        in_bounds(index, 1, "index out of range in self", "IndexError")
        return np.array(x)
    in_bounds(index, x.shape[dim], f"INDICES element is out of DATA bounds, id={{}} axis_dim={x.shape[dim]}")
    return np.take(x, index, axis=dim)


def _index_selected(x: Node, dim: int, index: Node) -> Shape:
    return (*x.shape[:dim], numel(index.shape), *x.shape[dim + 1 :]) if x.shape else ()


INDEX_SELECT = Primitive(
    "index_select(x, dim: dim, index)",
    _index_select_kernel,
    shape=_index_selected,
    check=_check_index_select,
    vjp=[lambda g, out, x, dim, index: INDEX_ADD(ops.zeros_like(x), dim, index, g), none],
    doc="The slices of x that index names along dim.",
)
composite(
    "index_select(x, dim: dim, index)",
    INDEX_SELECT,
    doc="The slices of x that index, a vector of integers, names along dim.",
    example="index_select([[1., 2.], [3., 4.]], 0, tensor([1, 0]))",
    samples=["index_select(x, 1, tensor([2, 0, 2])); x:2,3", "index_select(x, 0, tensor(1)); x:2,3"],
)


def _check_index_add(x: Node, dim: int, index: Node, source: Node) -> None:
    if len(index.shape) > 1:
        raise AutodiffError(
            "bad-rank",
            f"index_add_(): Index is supposed to be a vector, but got dim: {len(index.shape)} with type:"
            f" {index.dtype.long_name} and size: {show(index.shape)}",
            type="IndexError",
            operands=(2,),
        )
    if not _is_index(index):
        raise _bad_dtype(f"index_add_(): Expected dtype int32/int64 for index but got: {index.dtype.long_name}", (2,))
    if source.dtype is not x.dtype:
        raise _bad_dtype(
            f"index_add_(): self ({x.dtype.long_name}) and source ({source.dtype.long_name}) must have the same scalar type",
            (0, 3),
        )
    count = numel(index.shape)
    given = source.shape[dim] if dim < len(source.shape) else 1
    if count != given:
        raise _bad_shape(
            f"index_add_(): Number of indices ({count}) should be equal to source.size(dim): ({given}), for dim: {dim}",
            (2, 3),
        )
    if (*x.shape[:dim], *x.shape[dim + 1 :]) != (*source.shape[:dim], *source.shape[dim + 1 :]):
        raise _bad_shape(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape ="
            f" {show(x.shape)} source.shape = {show(source.shape)}",
            (0, 3),
        )


def _index_add_kernel(x: Any, dim: int, index: Any, source: Any) -> Any:
    shape = np.shape(x)
    result = np.array(_as_rank(x, 1))
    index = _vector(index)
    in_bounds(index, result.shape[dim], OUT_OF_BOUNDS.format(result.ndim + dim, result.shape[dim]))
    moved = np.moveaxis(result, dim, 0)
    np.add.at(moved, index, np.moveaxis(_as_rank(source, 1), dim, 0))
    return result.reshape(shape)


INDEX_ADD = Primitive(
    "index_add(x, dim: dim, index, source)",
    _index_add_kernel,
    shape=_keeps_shape,
    check=_check_index_add,
    vjp=[
        lambda g, out, x, dim, index, source: g,
        none,
        lambda g, out, x, dim, index, source: _reselected(g, dim, index, source),
    ],
    doc="x with the slices of source added to those that index names along dim.",
)


def _reselected(g: Node, dim: int, index: Node, source: Node) -> Node:
    picked = INDEX_SELECT(g, dim, index)
    return picked if picked.shape == source.shape else ops.reshape(picked, source.shape)  # type: ignore[no-any-return]


INDEX_ADD_SCALED = Primitive(
    "index_add(x, dim: dim, index, source, alpha: Number)",
    lambda x, dim, index, source, alpha: _index_add_kernel(x, dim, index, np.multiply(source, alpha)),
    shape=_keeps_shape,
    check=lambda x, dim, index, source, alpha: _check_index_add(x, dim, index, source),
    vjp=[
        lambda g, out, x, dim, index, source, alpha: g,
        none,
        lambda g, out, x, dim, index, source, alpha: _reselected(g, dim, index, source) * alpha,
    ],
    grad_fn="IndexAddBackward0",
    doc="x with alpha times the slices of source added to those that index names along dim.",
)
composite(
    "index_add(x, dim: dim, index, source, *, alpha: Number = 1)",
    lambda x, dim, index, source, alpha: (
        INDEX_ADD(x, dim, index, source) if alpha == 1 else INDEX_ADD_SCALED(x, dim, index, source, alpha)
    ),
    doc="x with alpha times the slices of source added to those that index names along dim.",
    example="index_add([1., 2.], 0, tensor([0, 0]), tensor([3., 4.]))",
    samples=[
        "index_add(x, 1, tensor([2, 0, 2]), y); x:2,3, y:2,3",
        "index_add(x, 0, tensor([1]), y, alpha=2); x:2,3, y:1,3",
    ],
)


def _check_index_fill(x: Node, dim: int, index: Node, value: Any) -> None:
    if index.dtype is not dtypes.int64:
        raise AutodiffError(
            "bad-dtype", "index_fill_(): Expected dtype int64 for index.", type="IndexError", operands=(2,)
        )
    if len(index.shape) > 1:
        raise AutodiffError("bad-rank", "Index has to be a vector/scalar", operands=(2,))
    if isinstance(value, Node) and value.shape:
        raise AutodiffError(
            "bad-rank",
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with"
            f" {len(value.shape)} dimension(s).",
            operands=(3,),
        )


def _index_fill_kernel(x: Any, dim: int, index: Any, value: Any) -> Any:
    shape = np.shape(x)
    result = np.array(_as_rank(x, 1))
    index = _vector(index)
    in_bounds(
        index, result.shape[dim], OUT_OF_BOUNDS.format(result.ndim + dim, result.shape[dim]), "IndexError", negative=True
    )
    result[_at(dim, index)] = value
    return result.reshape(shape)


INDEX_FILL_NUMBER = Primitive(
    "index_fill(x, dim: dim, index, value: Number)",
    _index_fill_kernel,
    shape=_keeps_shape,
    check=_check_index_fill,
    vjp=[lambda g, out, x, dim, index, value: INDEX_FILL_NUMBER(g, dim, index, 0), none],
    layout="like",
    doc="x with a number in the slices that index names along dim.",
)
INDEX_FILL = Primitive(
    "index_fill(x, dim: dim, index, value)",
    _index_fill_kernel,
    shape=_keeps_shape,
    check=_check_index_fill,
    vjp=[
        lambda g, out, x, dim, index, value: INDEX_FILL_NUMBER(g, dim, index, 0),
        none,
        lambda g, out, x, dim, index, value: ops.sum(g - INDEX_FILL_NUMBER(g, dim, index, 0)),
    ],
    grad_fn="IndexFillBackward1",
    layout="like",
    doc="x with a value in the slices that index names along dim.",
)


def _filled_sum(g: Node, out: Node, x: Node, dim: int, index: Node, value: Node) -> Node:
    """PyTorch adds up what index_select finds, so that a slice named twice counts twice."""
    return ops.sum(INDEX_SELECT(g, dim, _forward(index, x.shape[dim] if x.shape else 1)))  # type: ignore[no-any-return]


def _forward(index: Node, size: Any) -> Node:
    return ops.where(index < 0, index + size, index)  # type: ignore[no-any-return]


INDEX_FILL.vjp = [INDEX_FILL.vjp[0], none, _filled_sum]  # type: ignore[index]


def _index_fill(x: Node, dim: int, index: Node, value: Node) -> Node:
    if value.weak:
        return INDEX_FILL_NUMBER(x, dim, index, value.params[0])  # type: ignore[no-any-return]
    _check_index_fill(x, dim, index, value)
    return INDEX_FILL(x, dim, index, value if value.dtype is x.dtype else convert(value, x.dtype))  # type: ignore[no-any-return]


composite(
    "index_fill(x, dim: dim, index, value)",
    _index_fill,
    doc="x with a number, or a tensor without dimensions, in the slices that index names along dim.",
    example="index_fill([[1., 2.], [3., 4.]], 0, tensor([1]), 0)",
    samples=["index_fill(x, 1, tensor([2, 0]), 1.5); x:2,3", "index_fill(x, 0, tensor([1]), s); x:2,3, s:scalar"],
)


def _check_index_copy(x: Node, dim: int, index: Node, source: Node) -> None:
    if len(index.shape) > 1:
        raise AutodiffError(
            "bad-rank",
            f"index_copy_(): Index should have dimension 1 or 0 (got {len(index.shape)})",
            type="IndexError",
            operands=(2,),
        )
    if index.dtype is not dtypes.int64:
        raise _bad_dtype(f"index_copy_(): Expected a long tensor for index, but got {index.dtype.long_name}", (2,))
    if source.dtype is not x.dtype:
        raise _bad_dtype(
            "index_copy_(): self and source expected to have the same dtype, but got (self)"
            f" {x.dtype.long_name} and (source) {source.dtype.long_name}",
            (0, 3),
        )
    count = numel(index.shape)
    given = source.shape[dim] if dim < len(source.shape) else 1
    if source.shape and count != given:
        raise _bad_shape(
            f"index_copy_(): Number of indices ({count}) should be equal to source.size(dim) ({given})", (2, 3), "IndexError"
        )
    own = (*x.shape[:dim], *x.shape[dim + 1 :])
    other = (*source.shape[:dim], *source.shape[dim + 1 :])
    if own != other:
        raise _bad_shape(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape:"
            f" {' '.join(map(str, own))} at dimension {dim} and source slice shape: {' '.join(map(str, other))} at dimension"
            " 0.",
            (0, 3),
        )


def _index_copy_kernel(x: Any, dim: int, index: Any, source: Any) -> Any:
    shape = np.shape(x)
    result = np.array(_as_rank(x, 1))
    index = _vector(index)
    in_bounds(
        index,
        result.shape[dim],
        f"index_copy_(): index {{}} is out of bounds for dimension {result.ndim + dim} with size {result.shape[dim]}",
        "IndexError",
    )
    result[_at(dim, index)] = _as_rank(source, 1)
    return result.reshape(shape)


INDEX_COPY = Primitive(
    "index_copy(x, dim: dim, index, source)",
    _index_copy_kernel,
    shape=_keeps_shape,
    check=_check_index_copy,
    vjp=[
        lambda g, out, x, dim, index, source: INDEX_FILL_NUMBER(g, dim, index, 0),
        none,
        lambda g, out, x, dim, index, source: _reselected(g, dim, index, source),
    ],
    doc="x with the slices of source in place of those that index names along dim.",
)
composite(
    "index_copy(x, dim: dim, index, source)",
    INDEX_COPY,
    doc="x with the slices of source in place of those that index names along dim.",
    kinks="Where a slice is named twice the last one stays, and both get its gradient.",
    example="index_copy([1., 2.], 0, tensor([1]), tensor([3.]))",
    samples=["index_copy(x, 1, tensor([2, 0]), y); x:2,3, y:2,2"],
)


# Places counted through all elements


def _check_long(name: str, index: Node) -> None:
    if index.dtype is not dtypes.int64:
        raise _bad_dtype(f"{name}(): Expected a long tensor for index, but got {index.dtype.long_name}")


def _flat_bounds(index: Any, count: int) -> None:
    in_bounds(
        index,
        count,
        f"out of range: tried to access index {{}} on a tensor of {count} elements.",
        "IndexError",
        negative=True,
    )


def _take_kernel(x: Any, index: Any) -> Any:
    _flat_bounds(index, np.size(x))
    return np.reshape(x, -1)[index]


TAKE = Primitive(
    "take(x, index)",
    _take_kernel,
    shape=lambda x, index: index.shape,
    check=lambda x, index: _check_long("take", index),
    vjp=[lambda g, out, x, index: PUT(ops.zeros_like(x), index, g, True), none],
    doc="The elements of x, flattened, that index names.",
)
composite(
    "take(x, index)",
    TAKE,
    doc="The elements of x, seen as a vector, that index names.",
    example="take([[1., 2.], [3., 4.]], tensor([0, 3]))",
    samples=["take(x, tensor([[0, 5], [1, 0]])); x:2,3"],
)


def _check_put(x: Node, index: Node, source: Node, accumulate: bool) -> None:
    _check_long("put_", index)
    if source.dtype is not x.dtype:
        raise _bad_dtype(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {x.dtype.long_name} and"
            f" source.dtype = {source.dtype.long_name}",
            (0, 2),
        )
    if numel(index.shape) != numel(source.shape):
        raise _bad_shape(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() ="
            f" {numel(source.shape)}, index.numel() = {numel(index.shape)}",
            (1, 2),
            "IndexError",
        )


def _put_kernel(x: Any, index: Any, source: Any, accumulate: bool) -> Any:
    _flat_bounds(index, np.size(x))
    result = np.array(x, order="C").reshape(-1)
    values = np.reshape(source, np.shape(index))
    if accumulate:
        np.add.at(result, index, values)
    else:
        result[index] = values
    return result.reshape(np.shape(x))


PUT = Primitive(
    "put(x, index, source, accumulate: bool)",
    _put_kernel,
    shape=_keeps_shape,
    check=_check_put,
    vjp=[
        lambda g, out, x, index, source, accumulate: g if accumulate else PUT(g, index, ops.zeros_like(source), False),
        none,
        lambda g, out, x, index, source, accumulate: _as_source(TAKE(g, index), source),
    ],
    layout="like",
    doc="x, flattened, with the elements of source at the places that index names.",
)


def _as_source(picked: Node, source: Node) -> Node:
    return picked if picked.shape == source.shape else ops.reshape(picked, source.shape)  # type: ignore[no-any-return]


composite(
    "put(x, index, source, accumulate: bool = False)",
    PUT,
    doc="x with the elements of source put, or added, at the places that index names among all elements.",
    example="put([[1., 2.], [3., 4.]], tensor([0, 3]), tensor([5., 6.]))",
    samples=[
        "put(x, tensor([0, 4]), y); x:2,3, y:2",
        "put(x, tensor([0, 4, 0]), y, accumulate=True); x:2,3, y:3",
    ],
)


# Where a mask holds


def _mask_places(mask: Node, shape: Shape) -> Node:
    """Places, among all elements of the shape, where the mask holds."""
    value = np.broadcast_to(values_of(mask), shape)  # type: ignore[arg-type]
    return constant(np.flatnonzero(value))


MASKED_SELECT = Primitive(
    "masked_select(x, index)",
    _take_kernel,
    shape=lambda x, index: index.shape,
    vjp=[lambda g, out, x, index: PUT(ops.zeros_like(x), index, g, True), none],
    doc="The elements of x where a mask holds, whose places are index.",
)


def _masked_select(x: Node, mask: Node) -> Node:
    if mask.dtype.kind != dtypes.BOOL:
        raise _bad_dtype("masked_select: expected BoolTensor for mask")
    shape = broadcast(mask.shape, x.shape, (1, 0))
    x = strengthen(x, x.dtype)
    return MASKED_SELECT(x if x.shape == shape else broadcast_to(x, shape), _mask_places(mask, shape))  # type: ignore[no-any-return]


composite(
    "masked_select(x, mask)",
    _masked_select,
    doc="The elements of x where the mask holds, as a vector.",
    example="masked_select([1., 2., 3.], [True, False, True])",
    samples=["masked_select(x, x > 0); x:2,3", "masked_select(x, tensor([True, False, True])); x:2,3"],
)

MASKED_SCATTER = Primitive(
    "masked_scatter(x, index, source)",
    lambda x, index, source: _put_kernel(x, index, np.reshape(source, -1)[: index.size], False),
    shape=_keeps_shape,
    vjp=[
        lambda g, out, x, index, source: PUT(g, index, ops.zeros_like(ops.take(g, index)), False),
        none,
        lambda g, out, x, index, source: _padded(TAKE(g, index), source),
    ],
    doc="x with elements of source where a mask holds, whose places are index.",
)


def _padded(picked: Node, source: Node) -> Node:
    """Elements of source that were not used get zero."""
    if numel(picked.shape) != numel(source.shape):
        flat = ops.reshape(ops.zeros_like(source), (-1,))
        picked = ops.slice_scatter(flat, picked, 0, 0, picked.shape[0])
    return _as_source(picked, source)


def _masked_scatter(x: Node, mask: Node, source: Node) -> Node:
    shape = broadcast(mask.shape, x.shape, (1, 0))
    if mask.dtype.kind != dtypes.BOOL:
        raise _bad_dtype(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype.long_name}"
        )
    if source.dtype is not x.dtype:
        raise _bad_dtype(
            f"masked_scatter: expected self and source to have same dtypes but got{x.dtype.long_name} and"
            f" {source.dtype.long_name}",
            (0, 2),
        )
    places = _mask_places(mask, shape)
    if numel(places.shape) > numel(source.shape):  # type: ignore[operator]
        raise _bad_shape("Number of elements of source < number of ones in mask", (1, 2))
    return MASKED_SCATTER(x if x.shape == shape else broadcast_to(x, shape), places, source)  # type: ignore[no-any-return]


composite(
    "masked_scatter(x, mask, source)",
    _masked_scatter,
    doc="x with the elements of source, one after another, where the mask holds.",
    example="masked_scatter([1., 2., 3.], [True, False, True], tensor([5., 6.]))",
    samples=["masked_scatter(x, tensor([True, False, True]), y); x:2,3, y:2,3"],
)


# Places of what is not zero


def _nonzero(x: Node, as_tuple: bool) -> Any:
    found = np.nonzero(np.atleast_1d(values_of(x)))
    if as_tuple:
        return tuple(constant(places.astype(np.int64)) for places in found)
    rows = np.stack(found, axis=1) if x.shape else np.zeros((len(found[0]), 0))
    return constant(rows.astype(np.int64))


composite(
    "nonzero(x, *, as_tuple: bool = False)",
    _nonzero,
    doc="The places of elements that are not zero, as rows; as_tuple gives one vector a dimension.",
    example="nonzero([1., 0., 2.])",
)
composite(
    "argwhere(x)",
    lambda x: _nonzero(x, False),
    doc="The places of elements that are not zero, as rows.",
    example="argwhere([1., 0., 2.])",
)
