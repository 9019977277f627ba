"""Indexing: `x[...]` of every kind, and the slices it is made of.

An index is taken apart as PyTorch does it: numbers, slices and None become selects, slices and unsqueezes, one after
another; what remains are tensors of integers (truth values are turned into the places where they hold), which one
`index` applies together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.evaluate import values_of
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.op import Primitive, broadcast_to, composite, constant, convert, ops, strides
from autodiff.graph.signature import plain
from autodiff.graph.sizes import Dim, Shape, Size, broadcast, divide, show
from autodiff.graph.values import tensor


# One slice of a dim


def _at(dim: int, item: Any) -> tuple[Any, ...]:
    """A NumPy index for `item` in a dim counted from the back."""
    return (..., item, *[slice(None)] * (-1 - dim))


def _without(items: Sequence[Any], dim: int) -> tuple[Any, ...]:
    return (*items[:dim], *items[dim + 1 :])


def _selected(node: Node) -> Shape:
    return _without(strides(node.inputs[0]), node.params[0])


SELECT = Primitive(
    "select(x, dim: dim, index: int)",
    lambda x, dim, index: x[_at(dim, index)],
    shape=lambda x, dim, index: _without(x.shape, dim),
    vjp=[lambda g, out, x, dim, index: SELECT_SCATTER(ops.zeros_like(x), g, dim, index)],
    layout=_selected,
    view=True,
    doc="The slice of x at a place along a dim.",
)


def _place(index: Any, size: Dim) -> Any:
    """The index counted from the front, None where it is out of range. Places within a named size are taken to exist."""
    if isinstance(index, Size) or isinstance(size, Size):
        return index + size if isinstance(index, int) and index < 0 else index
    return index % size if -size <= index < size else None


def _select(x: Node, dim: int, index: Any) -> Node:
    if not x.shape:
        raise AutodiffError(
            "bad-rank", "select() cannot be applied to a 0-dim tensor.", type="IndexError", operands=(0,)
        )
    index = whole_number("select", "index", 3, index)
    place = _place(index, x.shape[dim])
    if place is None:
        raise AutodiffError(
            "index-out-of-range",
            f"select(): index {index} out of range for tensor of size {show(x.shape)} at dimension {dim}",
            type="IndexError",
            operands=(0,),
        )
    return SELECT(x, dim, place)  # type: ignore[no-any-return]


def whole_number(function: str, name: str, position: int, value: Any) -> Any:
    """An int (or named size) that may have been given as a tensor of one element; raises `argument-type`."""
    if isinstance(value, Node) and value.shape == () and value.dtype.kind == dtypes.INTEGER:
        value = plain(value)
    if isinstance(value, bool) or not isinstance(value, (int, Size)):
        given = "Tensor" if isinstance(value, Node) else type(value).__name__
        raise AutodiffError(
            "argument-type",
            f"{function}(): argument '{name}' (position {position}) must be int, not {given}",
            type="TypeError",
            operands=(position - 1,),
        )
    return value


composite(
    "select(x, dim: dim, index: any)",
    _select,
    doc="The slice of x at a place along a dim, without that dim.",
    example="select([[1., 2.], [3., 4.]], 0, 1)",
    samples=["select(x, 0, 1); x:2,3", "x.select(-1, -1); x:2,3"],
)


# Several of them


def _slice_shape(x: Node, dim: int, start: Dim, end: Dim, step: int) -> Shape:
    return (*x.shape[:dim], _count(start, end, step), *x.shape[dim + 1 :])


def _count(start: Dim, end: Dim, step: int) -> Dim:
    length = end - start
    if step == 1:
        return length
    if isinstance(length, int):
        return -(-length // step)
    exact = divide(length, step)
    if exact is None:
        raise AutodiffError(
            "needs-value",
            f"how many steps of {step} there are in {length} depends on the size",
            help="give the sizes as numbers",
        )
    return exact


def _sliced_strides(node: Node) -> Shape:
    own = strides(node.inputs[0])
    dim, _, _, step = node.params
    return (*own[:dim], own[dim] * step, *own[dim + 1 :])


SLICE = Primitive(
    "slice(x, dim: dim, start: any, end: any, step: int)",
    lambda x, dim, start, end, step: x[_at(dim, slice(start, end, step))],
    shape=_slice_shape,
    vjp=[lambda g, out, x, dim, start, end, step: SLICE_SCATTER(ops.zeros_like(x), g, dim, start, end, step)],
    layout=_sliced_strides,
    view=True,
    doc="The part of x from start (inclusive) to end (exclusive) along a dim.",
)
ops.slice = SLICE


def bounds(size: Dim, start: Any, end: Any) -> tuple[Dim, Dim]:
    """Where a slice begins and ends, counted from the front and within the dim, as Python clamps it."""
    first = _clamped(0 if start is None else start, size)
    last = _clamped(size if end is None else end, size)
    if isinstance(first, int) and isinstance(last, int):
        last = max(first, last)
    return first, last


def _clamped(place: Any, size: Dim) -> Dim:
    if isinstance(place, int) and isinstance(size, int):
        return min(max(place + size if place < 0 else place, 0), size)
    if isinstance(place, int) and place >= 2**63 - 1:
        return size
    return place + size if isinstance(place, int) and place < 0 else place  # type: ignore[no-any-return]


def sliced(x: Node, dim: int, start: Any, end: Any, step: int) -> Node:
    """A slice of x, made also where it is all of x."""
    return SLICE(x, dim, *bounds(x.shape[dim], start, end), step)  # type: ignore[no-any-return]


def _narrow(x: Node, dim: int, start: Any, length: Any) -> tuple[Any, Any]:
    """The ends of `narrow`; raises PyTorch's errors."""
    if not x.shape:
        raise AutodiffError("bad-rank", "narrow() cannot be applied to a 0-dim tensor.", operands=(0,))
    start = whole_number("narrow", "start", 3, start)
    length = whole_number("narrow", "length", 4, length)
    size = x.shape[dim]
    if isinstance(length, int) and length < 0:
        raise AutodiffError("bad-value", "narrow(): length must be non-negative.", operands=(3,))
    if isinstance(size, int) and isinstance(start, int) and not -size <= start <= size:
        raise AutodiffError(
            "index-out-of-range",
            f"start out of range (expected to be in range of [-{size}, {size}], but got {start})",
            type="IndexError",
            operands=(0,),
        )
    if isinstance(start, int) and start < 0:
        start = start + size
    if all(isinstance(value, int) for value in (size, start, length)) and start + length > size:
        raise AutodiffError(
            "index-out-of-range",
            f"start ({start}) + length ({length}) exceeds dimension size ({size}).",
            operands=(0,),
            says=f"this has shape {show(x.shape)}",
        )
    return start, start + length


NARROW_COPY = Primitive(
    "narrow_copy(x, dim: dim, start: any, length: any)",
    lambda x, dim, start, length: np.array(x[_at(dim, slice(start, start + length))]),
    shape=lambda x, dim, start, length: (*x.shape[:dim], length, *x.shape[dim + 1 :]),
    vjp=[
        lambda g, out, x, dim, start, length: SLICE_SCATTER(ops.zeros_like(x), g, dim, start, start + length, 1)
    ],
    doc="A copy of the part of x of a given length, from start along a dim.",
)


def _narrow_copy(x: Node, dim: int, start: Any, length: Any) -> Node:
    first, last = _narrow(x, dim, start, length)
    return NARROW_COPY(x, dim, first, last - first)  # type: ignore[no-any-return]


composite(
    "narrow(x, dim: dim, start: any, length: any)",
    lambda x, dim, start, length: SLICE(x, dim, *_narrow(x, dim, start, length), 1),
    doc="The part of x of a given length, from start along a dim.",
    example="narrow([1., 2., 3.], 0, 1, 2)",
    samples=["narrow(x, 1, 0, 2); x:2,3", "x.narrow(-1, -2, 2); x:2,3"],
)
composite(
    "narrow_copy(x, dim: dim, start: any, length: any)",
    _narrow_copy,
    doc="A copy of the part of x of a given length, from start along a dim.",
    example="narrow_copy([1., 2., 3.], 0, 1, 2)",
    samples=["narrow_copy(x, 1, 0, 2); x:2,3"],
)


# Slices replaced


def checked_slice(x: Node, src: Node, expected: Shape) -> tuple[Node, Node]:
    """The operands of one dtype; raises where src is not of the shape of the slice it replaces."""
    if src.shape != expected:
        raise AutodiffError(
            "shape-mismatch",
            "expected src to have a size equal to the slice of self."
            f" src size = {show(src.shape)}, slice size = {show(expected)}",
            operands=(0, 1),
        )
    return x, src if src.dtype is x.dtype else convert(src, x.dtype)


def replaced(x: Any, place: Any, src: Any) -> Any:
    result = np.array(x)
    result[place] = src
    return result


SELECT_SCATTER = Primitive(
    "select_scatter(x, src, dim: dim, index: int)",
    lambda x, src, dim, index: replaced(x, _at(dim, index), src),
    shape=lambda x, src, dim, index: x.shape,
    check=lambda x, src, dim, index: (*checked_slice(x, src, _without(x.shape, dim)), dim, index),
    vjp=[
        lambda g, out, x, src, dim, index: SELECT_SCATTER(g, ops.zeros_like(src), dim, index),
        lambda g, out, x, src, dim, index: SELECT(g, dim, index),
    ],
    layout="like",
    doc="x with src as the slice at a place along a dim.",
)
SLICE_SCATTER = Primitive(
    "slice_scatter(x, src, dim: dim, start: any, end: any, step: int)",
    lambda x, src, dim, start, end, step: replaced(x, _at(dim, slice(start, end, step)), src),
    shape=lambda x, src, dim, start, end, step: x.shape,
    check=lambda x, src, dim, start, end, step: (
        *checked_slice(x, src, _slice_shape(x, dim, start, end, step)),
        dim,
        start,
        end,
        step,
    ),
    vjp=[
        lambda g, out, x, src, dim, start, end, step: SLICE_SCATTER(g, ops.zeros_like(src), dim, start, end, step),
        lambda g, out, x, src, dim, start, end, step: SLICE(g, dim, start, end, step),
    ],
    layout="like",
    doc="x with src from start to end along a dim.",
)


def _select_scatter(x: Node, src: Node, dim: int, index: int) -> Node:
    return SELECT_SCATTER(x, src, dim, _select(x, dim, index).params[1])  # type: ignore[no-any-return]


def _slice_scatter(x: Node, src: Node, dim: int, start: int | None, end: int | None, step: int) -> Node:
    if step <= 0:
        raise AutodiffError("bad-value", "slice step must be positive", operands=(5,))
    if not x.shape:
        raise AutodiffError("bad-rank", "slice() cannot be applied to a 0-dim tensor.", operands=(0,))
    return SLICE_SCATTER(x, src, dim, *bounds(x.shape[dim], start, end), step)  # type: ignore[no-any-return]


composite(
    "select_scatter(x, src, dim: dim, index: int)",
    _select_scatter,
    doc="x with src as the slice at a place along a dim.",
    example="select_scatter([[1., 2.], [3., 4.]], [0., 0.], 0, 1)",
    samples=["select_scatter(x, y, 0, -1); x:2,3, y:3", "select_scatter(x, y, 1, 0); x:2,3, y:2"],
)
composite(
    "slice_scatter(x, src, dim: dim = 0, start: int? = None, end: int? = None, step: int = 1)",
    _slice_scatter,
    doc="x with src from start (inclusive) to end (exclusive) along a dim.",
    example="slice_scatter([1., 2., 3.], [0., 0.], 0, 1)",
    samples=["slice_scatter(x, y, 1, 1); x:2,3, y:2,2", "slice_scatter(x, y, 0, 0, 3, 2); x:3,2, y:2,2"],
)


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
    first = dims[0] if list(dims) == list(range(dims[0], dims[-1] + 1)) else 0
    return (*rest[:first], *common, *rest[first:])


def key(x: Any, indices: Sequence[Any], dims: Sequence[int]) -> tuple[Any, ...]:
    """A NumPy index; raises for places that x does not have."""
    items: list[Any] = [slice(None)] * np.ndim(x)
    for count, (index, dim) in enumerate(zip(indices, dims, strict=True)):
        size = x.shape[dim]
        if index.size:
            if not size:
                raise AutodiffError(
                    "index-out-of-range", "index is out of bounds for dimension with size 0", type="IndexError"
                )
            for worst in (index.max(), index.min()):
                if not -size <= worst < size:
                    worst = index[(index < -size) | (index >= size)].flat[0]
                    raise AutodiffError(
                        "index-out-of-range",
                        f"index {worst} is out of bounds for dimension {count} with size {size}",
                        type="IndexError",
                    )
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


def _put_rules(g: Node, out: Node, x: Node, indices: list[Node], values: Node, dims: Any, accumulate: bool) -> list[Any]:
    """Where an index names a place twice without adding, both values get its gradient, as in PyTorch."""
    kept = g if accumulate else INDEX_PUT(g, indices, ops.zeros_like(values), dims, False)
    return [kept, *[None] * len(indices), INDEX(g, indices, dims)]


INDEX = Primitive(
    "index(x, indices: Tensors, dims: dims)",
    lambda x, indices, dims: x[key(x, indices, dims)],
    shape=_indexed,
    vjp_all=lambda g, out, x, indices, dims: [
        INDEX_PUT(ops.zeros_like(x), indices, g, dims, True),
        *[None] * len(indices),
    ],
    edges=lambda x, indices, dims: [x],
    doc="The elements of x at the places that tensors of integers name, one tensor for each of some dims.",
)
INDEX_PUT = Primitive(
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
    for dim, index in tensors:
        if index.dtype.kind == dtypes.BOOL or index.dtype is dtypes.uint8:
            for i, size in enumerate(index.shape):
                if x.shape[dim + i] != size:
                    raise AutodiffError(
                        "bad-index",
                        f"The shape of the mask {show(index.shape)} at index {i} does not match the shape of the indexed"
                        f" tensor {show(x.shape)} at index {dim + i}",
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
    for item in items:
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
            x = _select_at(x, dim, item)
        elif isinstance(item, slice):
            first, last, step = _ends(item)
            first, last = bounds(x.shape[dim], first, last)
            if step != 1 or first != 0 or last != x.shape[dim]:
                x = SLICE(x, dim, first, last, step)
            dim += 1
        else:
            tensors.append((dim, item))
            dim += _dims_used(item)
    if not tensors and x is start:
        x = ops.alias(x)
    return x, tensors


def _select_at(x: Node, dim: int, index: Any) -> Node:
    size = x.shape[dim] if dim < len(x.shape) else 0
    place = _place(index, size)
    if place is None:
        raise AutodiffError(
            "index-out-of-range",
            f"index {index} is out of bounds for dimension {dim} with size {size}",
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
        return constant(np.zeros(node.shape, dtype=np.int64))
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
        if part.shape and any(size != 1 for size in part.shape) or part.dtype.kind != dtypes.INTEGER:
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
                f"expected Tensor as element {i} in argument 0, but got {type(item).__name__}",
                type="TypeError",
                operands=(1,),
            )
        node = _normal(tensor(item) if isinstance(item, list) else _kept_tensor(item))
        tensors.append((dim, node))
        dim += _dims_used(node)
    if dim > len(x.shape):
        raise AutodiffError(
            "too-many-indices",
            f"too many indices for tensor of dimension {len(x.shape)} (got {dim})",
            type="IndexError",
            operands=(0,),
        )
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
    return ops.reshape(node, (1,)) if node.shape == () else node  # type: ignore[no-any-return]


def _fitted(values: Node, shape: Shape) -> Node:
    fits = False
    try:
        fits = broadcast(values.shape, shape) == shape
    except AutodiffError:
        pass
    if not fits:
        raise AutodiffError(
            "shape-mismatch",
            f"shape mismatch: value tensor of shape {show(values.shape)} cannot be broadcast to indexing result of shape"
            f" {show(shape)}",
            operands=(2,),
        )
    return values if values.shape == shape else broadcast_to(values, shape)


composite(
    "index_put(x, indices: any, values, accumulate: bool = False)",
    _index_put,
    doc="x with values put, or added, at the places that a tuple of index tensors names.",
    example="index_put([1., 2., 3.], (tensor([0, 2]),), tensor([5., 6.]))",
    samples=[
        "index_put(x, (tensor([0, 1]),), y); x:2,3, y:3",
        "index_put(x, (tensor([0, 1, 0]), tensor([0, 2, 0])), y, accumulate=True); x:2,3, y:3",
    ],
)

