"""Indexing: `x[...]` of every kind.

An index is taken apart as PyTorch does it: numbers, slices and None become selects, slices and unsqueezes, one after
another; what remains are tensors of integers (truth values are turned into the places where they hold), which one
`index` applies together.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.evaluate import values_of
from autodiff.graph.kinds import plain, type_name
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, broadcast_to, constant
from autodiff.graph.shown import strides
from autodiff.graph.sizes import Dim, Shape, Size, broadcast, concrete, contiguous_strides, normalize_dim, show
from autodiff.graph.values import tensor
from autodiff.ops.contiguity import expanded_strides, iterator_strides, view_strides
from autodiff.ops.indices import in_bounds
from autodiff.ops.slices import SELECT, place_of, sliced

# Tensors of places


def _indexed(x: Node, indices: Sequence[Node], dims: Sequence[int]) -> Shape:
    """The dims that the indices replace are together, or in front where other dims are between them."""
    common: Shape = ()
    for index in indices:
        try:
            common = broadcast(common, index.shape)
        except AutodiffError:
            shapes = ", ".join(show(index.shape) for index in indices)
            raise AutodiffError(
                "bad-index",
                f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}",
                type="IndexError",
                operands=(0,),
            ) from None
    rest = [size for dim, size in enumerate(x.shape) if dim not in dims]
    first = _first_dim(dims)
    return (*rest[:first], *common, *rest[first:])


def _indexed_strides(node: Node) -> Shape:
    x, indices, dims = node.args
    own = strides(x)
    rest = [step for dim, step in enumerate(own) if dim not in dims]
    common = len(node.shape) - len(rest)
    first = _first_dim(dims)
    shared = node.shape[first : first + common]
    alone = ((1,) * first) + shared + (1,) * (len(rest) - first)
    operands: list[Shape] = [(*rest[:first], *[0] * common, *rest[first:])]
    for index in indices:
        seen = expanded_strides(index.shape, strides(index), shared)
        steps = view_strides(shared, seen, alone) or contiguous_strides(alone)
        operands.append(
            tuple(0 if size == 1 != wide else step for size, step, wide in zip(alone, steps, node.shape, strict=True))
        )
    return iterator_strides(node.shape, operands)


def _first_dim(dims: Sequence[int]) -> int:
    """Where the dims of the indices go: in place of those they index if these are together, else in front."""
    return dims[0] if list(dims) == list(range(dims[0], dims[-1] + 1)) else 0


def key(x: Any, indices: Sequence[Any], dims: Sequence[int]) -> tuple[Any, ...]:
    """A NumPy index; raises for places that x does not have."""
    items: list[Any] = [slice(None)] * np.ndim(x)
    if not all(index.size for index in indices):
        indices = np.broadcast_arrays(*indices)
    for count, (index, dim) in enumerate(zip(indices, dims, strict=True)):
        size = x.shape[dim]
        if index.size:
            if not size:
                raise AutodiffError(
                    "index-out-of-range", "index is out of bounds for dimension with size 0", type="IndexError"
                )
            if x.size:
                in_bounds(
                    index,
                    size,
                    f"index {{}} is out of bounds for dimension {count} with size {size}",
                    "IndexError",
                    negative=True,
                )
            else:
                index = index % size
        items[dim] = index
    return tuple(items)


def _put_kernel(x: Any, indices: Sequence[Any], values: Any, dims: Sequence[int], accumulate: bool) -> Any:
    place = key(x, indices, dims)
    result = np.array(x)
    if accumulate:
        np.add.at(result, place, values)
    else:
        result[place] = values
    return result


def _put_rules(
    g: Node, out: Node, x: Node, indices: list[Node], values: Node, dims: Any, accumulate: bool
) -> list[Any]:
    """Where an index names a place twice without adding, both values get its gradient, as in PyTorch."""
    kept = g if accumulate else INDEX_PUT(g, indices, ops.zeros_like(values), dims, False)
    return [kept, *[None] * len(indices), INDEX(g, indices, dims)]


INDEX: Primitive = Primitive(
    "index(x, indices: Tensors, dims: dims)",
    lambda x, indices, dims: x[key(x, indices, dims)],
    shape=_indexed,
    vjp_all=lambda g, out, x, indices, dims: [
        INDEX_PUT(ops.zeros_like(x), indices, g, dims, True),
        *[None] * len(indices),
    ],
    edges=lambda x, indices, dims: [x],
    layout=_indexed_strides,
    doc="The elements of x at the places that tensors of integers name, one tensor for each of some dims.",
)
INDEX_PUT: Primitive = Primitive(
    "index_put(x, indices: Tensors, values, dims: dims, accumulate: bool)",
    _put_kernel,
    shape=lambda x, indices, values, dims, accumulate: x.shape,
    vjp_all=_put_rules,
    edges=lambda x, indices, values, dims, accumulate: [x, values],
    layout="like",
    doc="x with values put (or added) at the places that tensors of integers name.",
)


def places(x: Node, tensors: Sequence[tuple[int, Node]]) -> tuple[list[Node], tuple[int, ...]]:
    """Integer indices and their dims, for tensors of integers or truth values given with the dim they begin at."""
    indices: list[Node] = []
    dims: list[int] = []
    if not tensors:
        raise AutodiffError("bad-index", "there are no indices", operands=(1,), help="x itself is x[...]")
    if tensors[-1][0] + _dims_used(tensors[-1][1]) > len(x.shape):
        raise _too_many(x, tensors[-1][0] + 1)
    for dim, index in tensors:
        if index.dtype.kind == dtypes.BOOL or index.dtype is dtypes.uint8:
            for i, size in enumerate(index.shape):
                if x.shape[dim + i] != size:
                    raise AutodiffError(
                        "bad-index",
                        f"The shape of the mask {show(index.shape)} at index {i} does not match the shape of the"
                        f" indexed tensor {show(x.shape)} at index {dim + i}",
                        type="IndexError",
                        operands=(0,),
                    )
            for i, found in enumerate(np.nonzero(values_of(index))):
                indices.append(constant(found))
                dims.append(dim + i)
        else:
            indices.append(index)
            dims.append(dim)
    return indices, tuple(dims)


def _too_many(x: Node, given: int) -> AutodiffError:
    return AutodiffError(
        "too-many-indices",
        f"too many indices for tensor of dimension {len(x.shape)} (got {given})",
        type="IndexError",
        operands=(0,),
    )


# x[...]


def _get(x: Node, items: tuple[Any, ...]) -> Node:
    if len(items) == 1:
        item = plain_number(items[0])
        if isinstance(item, tuple):
            items = item
        elif isinstance(item, list) and _stands_for_tuple(item):
            items = tuple(item)
        elif not x.shape and not isinstance(item, bool) and isinstance(item, (int, slice)):
            raise _of_scalar(item)
        elif isinstance(item, slice):
            return sliced(x, 0, *_ends(item))
    x, tensors = _basic(x, items)
    if not tensors:
        return x
    indices, dims = places(x, tensors)
    return INDEX(x, indices, dims)  # type: ignore[no-any-return]


def _basic(x: Node, items: Sequence[Any]) -> tuple[Node, list[tuple[int, Node]]]:
    """x with numbers, slices and None applied, and the tensors that remain, with the dim that each begins at."""
    items = [_normal(item) for item in items]
    specified = sum(_dims_used(item) for item in items)
    if specified > len(x.shape):
        raise AutodiffError(
            "too-many-indices",
            f"too many indices for tensor of dimension {len(x.shape)}",
            type="IndexError",
            operands=(0,),
            says=f"this has shape {show(x.shape)}",
        )
    omitted = len(x.shape) - specified
    start = x
    tensors: list[tuple[int, Node]] = []
    dim = 0
    for position, item in enumerate(items):
        if item is None:
            x = ops.unsqueeze(x, dim)
            dim += 1
        elif item is ...:
            dim += omitted
        elif isinstance(item, bool):
            x = ops.unsqueeze(x, dim)
            tensors.append((dim, constant(np.zeros(int(item), dtype=np.int64))))
            dim += 1
        elif isinstance(item, (int, Size)):
            x = _select_at(x, dim, item, position)
        elif isinstance(item, slice):
            first, last, step = _ends(item)
            normalize_dim(dim, len(x.shape))
            if step != 1 or not _is_all(first, last, x.shape[dim]):
                x = sliced(x, dim, first, last, step)
            dim += 1
        else:
            tensors.append((dim, item))
            dim += _dims_used(item)
    if not tensors and x is start:
        x = ops.alias(x)
    return x, tensors


def _is_all(start: Any, end: Any, size: Dim) -> bool:
    """Whether a slice says that it begins at the beginning and ends at or behind the end."""
    if start not in (None, 0):
        return False
    return end is None or end == size or (isinstance(end, int) and isinstance(size, int) and end >= size)


def _select_at(x: Node, dim: int, index: Any, position: int) -> Node:
    size = x.shape[dim] if dim < len(x.shape) else 0
    place = place_of(index, size)
    if place is None:
        raise AutodiffError(
            "index-out-of-range",
            f"index {index} is out of bounds for dimension {position} with size {size}",
            type="IndexError",
            operands=(0,),
            says=f"this has shape {show(x.shape)}",
        )
    return SELECT(x, dim, place)  # type: ignore[no-any-return]


def plain_number(item: Any) -> Any:
    """Integers that were given as tensors without dimensions."""
    if isinstance(item, Node) and item.shape == () and item.results is None and not item.dtype.is_floating:
        return plain(item)
    return item


def _normal(item: Any) -> Any:
    """An item as int, bool, slice, None, ... or a tensor of integers or truth values."""
    item = plain_number(item)
    if item is None or item is ... or isinstance(item, (int, Size, slice)):
        return item
    if isinstance(item, (list, tuple)):
        item = _places_of_list(item)
    if not isinstance(item, Node) or (item.weak and item.dtype.is_floating):
        if isinstance(item, str):
            raise AutodiffError("bad-index", "new(): invalid data type 'str'", type="TypeError", operands=(0,))
        raise AutodiffError(
            "bad-index",
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got"
            f" {'float' if isinstance(item, Node) or not isinstance(item, (str, bool)) else type(item).__name__})",
            type="IndexError",
            operands=(0,),
        )
    if item.dtype.kind == dtypes.FLOATING or item.dtype in (dtypes.int8, dtypes.int16):
        raise AutodiffError(
            "bad-index",
            "tensors used as indices must be long, int, byte or bool tensors",
            type="IndexError",
            operands=(0,),
            help="convert it: i.long()",
        )
    return item


def _stands_for_tuple(items: list[Any]) -> bool:
    """Lists that hold anything but numbers are read as if they were tuples."""
    return len(items) < 32 and any(
        item is None or item is ... or isinstance(item, (Node, list, tuple, slice)) for item in items
    )


def _places_of_list(items: Sequence[Any]) -> Node:
    """A list in an index: truth values if all are, else integers (fractions are cut off)."""
    node = tensor(items)
    if node.dtype.kind == dtypes.BOOL and node.shape != (0,):
        return node
    if node.shape == (0,) or not items:
        return constant(np.zeros(concrete(node.shape), dtype=np.int64))
    return constant(values_of(node).astype(np.int64)) if node.dtype is not dtypes.int64 else node


def _dims_used(item: Any) -> int:
    """How many dims of x an item speaks of."""
    if item is None or item is ... or isinstance(item, bool):
        return 0
    if isinstance(item, Node) and (item.dtype.kind == dtypes.BOOL or item.dtype is dtypes.uint8):
        return len(item.shape)
    return 1


def _ends(item: slice) -> tuple[Any, Any, int]:
    """The start, end and step of a slice as numbers."""
    start, end, step = [_end(part) for part in (item.start, item.stop, item.step)]
    step = 1 if step is None else step
    if not isinstance(step, int) or step <= 0:
        raise AutodiffError(
            "bad-index",
            "slice step cannot be zero" if step == 0 else "step must be greater than zero",
            type="ValueError",
            help="flip(x, [0]) reverses",
        )
    return start, end, step


def _end(part: Any) -> Any:
    if isinstance(part, Node) and not part.weak:
        if (part.shape and any(size != 1 for size in part.shape)) or part.dtype.kind != dtypes.INTEGER:
            raise AutodiffError(
                "bad-index",
                "only integer tensors of a single element can be converted to an index",
                type="TypeError",
                operands=(0,),
            )
        return int(values_of(part).reshape(()))
    part = plain_number(part)
    if part is None or isinstance(part, (int, Size)):
        return part
    raise AutodiffError(
        "bad-index", "slice indices must be integers or None or have an __index__ method", type="TypeError"
    )


def _of_scalar(item: Any) -> AutodiffError:
    if isinstance(item, slice):
        message = "slice() cannot be applied to a 0-dim tensor."
    elif item != 0:
        message = f"index {item} is out of bounds for dimension 0 with size 0"
    else:
        message = (
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a"
            " 0-dim tensor to a number"
        )
    return AutodiffError("too-many-indices", message, type="IndexError", operands=(0,))


OPERATORS["[]"] = _get


# Values put at places


def _index_put(x: Node, indices: Any, values: Node, accumulate: bool) -> Node:
    items = list(indices) if isinstance(indices, (list, tuple)) else [indices]
    tensors: list[tuple[int, Node]] = []
    dim = 0
    for i, item in enumerate(items):
        if not isinstance(item, (Node, list)):
            raise AutodiffError(
                "argument-type",
                f"expected Tensor as element {i} in argument 0, but got {type_name(item)}",
                type="TypeError",
                operands=(1,),
            )
        node = _normal(tensor(item) if isinstance(item, list) else _kept_tensor(item))
        tensors.append((dim, node))
        dim += _dims_used(node)
    if dim > len(x.shape):
        raise _too_many(x, dim)
    if values.dtype is not x.dtype:
        raise AutodiffError(
            "bad-dtype",
            "Index put requires the source and destination dtypes match, got"
            f" {x.dtype.long_name} for the destination and {values.dtype.long_name} for the source.",
            operands=(0, 2),
        )
    found, dims = places(x, tensors)
    return INDEX_PUT(x, found, _fitted(values, _indexed(x, found, dims)), dims, accumulate)  # type: ignore[no-any-return]


def _kept_tensor(node: Node) -> Node:
    """A tensor without dimensions stays a tensor here."""
    return ops.reshape(node, (1,)) if node.shape == () else node


def _fitted(values: Node, shape: Shape) -> Node:
    fits = False
    with suppress(AutodiffError):
        fits = broadcast(values.shape, shape) == shape
    if not fits:
        raise AutodiffError(
            "shape-mismatch",
            f"shape mismatch: value tensor of shape {show(values.shape)} cannot be broadcast to indexing result of"
            f" shape {show(shape)}",
            operands=(2,),
        )
    return values if values.shape == shape else broadcast_to(values, shape)


composite(
    "index_put(x, indices: any, values, accumulate: bool = False)",
    _index_put,
    doc="x with values put, or added, at the places that a tuple of index tensors names.",
    example="index_put([1., 2., 3.], (tensor([0, 2]),), tensor([5., 6.]))",
    samples=[
        "x[1, ..., None]; x:2,3",
        "x[:, 1:][0]; x:2,3",
        "x[[1, 0, 1]]; x:2,3",
        "x[[1, 0], :, [0, 1]]; x:2,3,2",
        "x[x > 0]; x:2,3",
        "x[tensor([[True, False, True], [False, True, False]]), 1]; x:2,3,2",
        "index_put(x, (tensor([0, 1]),), y); x:2,3, y:3",
        "index_put(x, (tensor([0, 1, 0]), tensor([0, 2, 0])), y, accumulate=True); x:2,3, y:3",
    ],
)
