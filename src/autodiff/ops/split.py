"""Taking a tensor apart along a dim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType
from autodiff.graph.evaluate import values_of
from autodiff.graph.kinds import plain, type_name
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.shown import strides
from autodiff.graph.sizes import Dim, Shape, Size, concrete, normalize_dim, show


def _needs_dims(name: str, x: Node) -> None:
    if not x.shape:
        raise AutodiffError("bad-rank", f"{name} expects at least a 1-dimensional tensor", operands=(0,))


# Pieces of given sizes. PyTorch has two operations for it, and a copying form of each.


MAX_PIECES = 100_000  # each is a node


def too_many(pieces: int) -> None:
    if pieces > MAX_PIECES:
        raise AutodiffError("limit-size", f"this makes {pieces} pieces, more than the limit of {MAX_PIECES}")


def _with_extent(x: Node, dim: int, extent: Dim) -> Shape:
    return (*x.shape[:dim], extent, *x.shape[dim + 1 :])


def _pieces(x: Node, sizes: Sequence[Dim], dim: int) -> list[tuple[Shape, DType]]:
    return [(_with_extent(x, dim, size), x.dtype) for size in sizes]


def _even(x: Node, size: int, dim: int) -> tuple[int, ...]:
    """The sizes of pieces of one size, the last of which may be smaller."""
    (extent,) = concrete((x.shape[dim],))
    if not size:
        return (0,)
    too_many(-(-extent // size))
    return tuple(min(size, extent - start) for start in range(0, max(extent, 1), size))


def _cut(x: Any, sizes: Sequence[int], dim: int) -> list[Any]:
    return np.split(x, np.cumsum(sizes)[:-1], axis=dim)


def _join(g: Any, out: Any, x: Node, size: Any, dim: int) -> Node:
    """Gaps are pieces that nothing depends on."""
    return ops.cat([ops.zeros_like(piece) if part is None else part for part, piece in zip(g, out, strict=True)], dim)  # type: ignore[no-any-return]


def _same_strides(node: Node) -> Any:
    return (strides(node.inputs[0]),) * len(node.results or ())


def _splitting(name: str, grad_fn: str, view: bool) -> Primitive:
    def kernel(x: Any, split_size: int, dim: int) -> list[Any]:
        extent = x.shape[dim]
        count = max(-(-extent // split_size), 1) if split_size else 1
        return [
            x[(..., slice(i * split_size, (i + 1) * split_size)) + (slice(None),) * (-1 - dim)] for i in range(count)
        ]

    return Primitive(
        f"{name}(x, split_size: int, dim: dim)",
        kernel,
        results=lambda x, size, dim: _pieces(x, _even(x, size, dim), dim),
        vjp=[_join],
        grad_fn=grad_fn,
        layout=_same_strides if view else "contiguous",
        view=view,
        doc="Pieces of one size along a dim; the last may be smaller.",
    )


def _splitting_with_sizes(name: str, grad_fn: str, view: bool) -> Primitive:
    return Primitive(
        f"{name}(x, split_sizes: sizes, dim: dim)",
        _cut,
        results=lambda x, sizes, dim: _pieces(x, sizes, dim),
        check=_check_sizes,
        vjp=[_join],
        grad_fn=grad_fn,
        layout=_same_strides if view else "contiguous",
        view=view,
        doc="Pieces of the given sizes along a dim.",
    )


def _check_sizes(x: Node, sizes: Shape, dim: int) -> None:
    _needs_dims("split", x)
    if any(isinstance(size, int) and size < 0 for size in sizes):
        raise AutodiffError(
            "bad-value",
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={show(sizes)}",
            operands=(1,),
        )
    total: Dim = 0
    for size in sizes:
        total = total + size
    if total != x.shape[dim]:
        raise AutodiffError(
            "shape-mismatch",
            f"split_with_sizes expects split_sizes to sum exactly to {x.shape[dim]} (input tensor's size at dimension"
            f" {dim}), but got split_sizes={show(sizes)}",
            operands=(0,),
            says=f"this has shape {show(x.shape)}",
        )


SPLIT = _splitting("split", "SplitBackward0", True)
UNSAFE_SPLIT = _splitting("unsafe_split", "UnsafeSplitBackward0", False)
SPLIT_COPY = _splitting("split_copy", "SplitBackward0_copy", False)
SPLIT_WITH_SIZES = _splitting_with_sizes("split_with_sizes", "SplitWithSizesBackward0", True)
UNSAFE_SPLIT_WITH_SIZES = _splitting_with_sizes("unsafe_split_with_sizes", "UnsafeSplitWithSizesBackward0", False)
SPLIT_WITH_SIZES_COPY = _splitting_with_sizes("split_with_sizes_copy", "SplitWithSizesBackward0_copy", False)


def _evenly(operation: Primitive, x: Node, size: int, dim: int) -> Any:
    _needs_dims("split", x)
    if size < 0:
        raise AutodiffError(
            "bad-value", f"split expects split_size be non-negative, but got split_size={size}", operands=(1,)
        )
    dim = normalize_dim(dim, len(x.shape))
    if size == 0 and x.shape[dim] != 0:
        raise AutodiffError(
            "bad-value",
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {x.shape[dim]}",
            operands=(1,),
        )
    return operation(x, size, dim)


def _whole(name: str, sizes: Sequence[Any]) -> tuple[Any, ...]:
    """Sizes that are whole numbers; raises PyTorch's TypeError."""
    sizes = plain(sizes)
    for place, size in enumerate(sizes):
        if isinstance(size, bool) or not isinstance(size, (int, Size)):
            raise AutodiffError(
                "argument-type",
                f"{name}(): argument 'split_sizes' (position 2) must be tuple of ints, but found element of type"
                f" {type_name(size)} at pos {place}",
                type="TypeError",
                operands=(1,),
            )
    return tuple(sizes)


def _by_size_or_sizes(evenly: Primitive, by_sizes: Primitive) -> Any:
    def function(x: Node, size: Any, dim: int) -> Any:
        if isinstance(size, (list, tuple)):
            sizes = _whole(by_sizes.name, size)
            return by_sizes(x, sizes, normalize_dim(dim, len(x.shape)))
        if isinstance(size, bool) or not isinstance(size, int):
            raise AutodiffError(
                "argument-type",
                f"{evenly.name}(): argument 'split_size' (position 2) must be int, not {type_name(size)}",
                type="TypeError",
                operands=(1,),
            )
        return _evenly(evenly, x, size, dim)

    return function


def _chunk(evenly: Primitive, by_sizes: Primitive) -> Any:
    def function(x: Node, chunks: int, dim: int) -> Any:
        _needs_dims("chunk", x)
        if chunks <= 0:
            raise AutodiffError(
                "bad-value", f"chunk expects `chunks` to be greater than 0, got: {chunks}", operands=(1,)
            )
        dim = normalize_dim(dim, len(x.shape))
        (extent,) = concrete((x.shape[dim],))
        if not extent:
            too_many(chunks)
            return by_sizes(x, (0,) * chunks, dim)
        return evenly(x, -(-extent // chunks), dim)

    return function


for _prefix, _a, _b, _what in (
    ("", SPLIT, SPLIT_WITH_SIZES, ""),
    ("unsafe_", UNSAFE_SPLIT, UNSAFE_SPLIT_WITH_SIZES, ", as copies"),
):
    composite(
        f"{_prefix}split(x, split_size: any, dim: int = 0)",
        _by_size_or_sizes(_a, _b),
        doc=f"Pieces along a dim{_what}: of one size (the last may be smaller), or of the sizes in a list.",
        example=f"{_prefix}split([1., 2., 3.], 2)[0]",
        samples=[f"{_prefix}split(x, 2)[1]; x:3,2", f"{_prefix}split(x, [1, 2], 1)[1]; x:2,3"],
    )
    composite(
        f"{_prefix}chunk(x, chunks: int, dim: int = 0)",
        _chunk(_a, _b),
        doc=f"At most the given number of equal pieces along a dim{_what}; the last may be smaller.",
        example=f"{_prefix}chunk([1., 2., 3.], 2)[0]",
        samples=[f"{_prefix}chunk(x, 2)[1]; x:3,2", f"{_prefix}chunk(x, 3, -1)[0]*chunk(x, 3, -1)[2]; x:2,3"],
    )
for _operation in (SPLIT_WITH_SIZES, UNSAFE_SPLIT_WITH_SIZES, SPLIT_WITH_SIZES_COPY):
    composite(
        f"{_operation.name}(x, split_sizes: sizes, dim: dim = 0)",
        _operation,
        doc="Pieces of the given sizes along a dim.",
        example=f"{_operation.name}([1., 2., 3.], [2, 1])[0]",
        samples=[f"{_operation.name}(x, [1, 2], 1)[1]; x:2,3"],
    )
composite(
    "split_copy(x, split_size: int, dim: int = 0)",
    lambda x, size, dim: _evenly(SPLIT_COPY, x, size, dim),
    doc="Copies of pieces of one size along a dim; the last may be smaller.",
    example="split_copy([1., 2., 3.], 2)[0]",
    samples=["split_copy(x, 2)[1]; x:3,2"],
)


# Slices without their dim


def _unbinding(name: str, grad_fn: str, view: bool) -> Primitive:
    def results(x: Node, dim: int) -> list[tuple[Shape, DType]]:
        (count,) = concrete((x.shape[dim],))
        too_many(count)
        return [((*x.shape[:dim], *x.shape[dim + 1 :]), x.dtype)] * count

    def check(x: Node, dim: int) -> None:
        if not x.shape:
            raise AutodiffError(
                "dim-out-of-range",
                f"Dimension specified as {dim} but tensor has no dimensions",
                type="IndexError",
                operands=(0,),
            )

    def layout(node: Node) -> Any:
        own, dim = strides(node.inputs[0]), node.params[0]
        return ((*own[:dim], *own[dim + 1 :]),) * len(node.results or ())

    return Primitive(
        f"{name}(x, dim: dim)",
        lambda x, dim: list(np.moveaxis(x, dim, 0)),
        results=results,
        check=check,
        vjp=[_stack],
        grad_fn=grad_fn,
        layout=layout if view else "contiguous",
        view=view,
        doc="The slices along a dim, without it.",
    )


def _stack(g: Any, out: Any, x: Node, dim: int) -> Node:
    return ops.stack([ops.zeros_like(piece) if part is None else part for part, piece in zip(g, out, strict=True)], dim)  # type: ignore[no-any-return]


for _name, _grad_fn, _view in (("unbind", "UnbindBackward0", True), ("unbind_copy", "UnbindBackward0_copy", False)):
    composite(
        f"{_name}(x, dim: dim = 0)",
        _unbinding(_name, _grad_fn, _view),
        doc="The slices along a dim, without it.",
        example=f"{_name}([[1., 2.], [3., 4.]])[0]",
        samples=[f"{_name}(x)[1]; x:3,2", f"{_name}(x, -1)[0] * {_name}(x, -1)[1]; x:2,2", f"{_name}(x)[0]; x:2"],
    )


# Pieces as slices, at given places


def _between(x: Node, dim: int, places: Sequence[int]) -> tuple[Node, ...]:
    from autodiff.ops.slices import sliced

    ends: list[Any] = [*places, None]
    starts = [0, *places]
    return tuple(sliced(x, dim, start, end, 1) for start, end in zip(starts, ends, strict=True))


def _tensor_split(x: Node, where: Any, dim: int, name: str = "tensor_split") -> tuple[Node, ...]:
    if not x.shape:
        raise AutodiffError(
            "bad-rank",
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims",
            operands=(0,),
        )
    if isinstance(where, Node):
        value = values_of(where)
        if value.dtype != np.int64:
            raise AutodiffError(
                "bad-dtype",
                "tensor_split expected tensor_indices_or_sections to have dtype of long, but got"
                f" {where.dtype.long_name}",
                operands=(1,),
            )
        if value.ndim > 1:
            raise AutodiffError(
                "bad-rank",
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional"
                f" tensor, but got a tensor with {value.ndim} dims",
                operands=(1,),
            )
        where = value.tolist()
    dim = normalize_dim(dim, len(x.shape))
    if isinstance(where, (list, tuple)):
        places = plain(where)
        if any(isinstance(place, bool) or not isinstance(place, (int, Size)) for place in places):
            from autodiff.ops.reduce import invalid_combination

            raise invalid_combination(name, x, where)
        return _between(x, dim, places)
    if isinstance(where, bool) or not isinstance(where, int):
        raise AutodiffError(
            "argument-type",
            f"tensor_split(): argument 'indices_or_sections' (position 2) must be int, not {type_name(where)}",
            type="TypeError",
            operands=(1,),
        )
    too_many(where)
    if where <= 0:
        raise AutodiffError("bad-value", f"number of sections must be larger than 0, got {where}", operands=(1,))
    (extent,) = concrete((x.shape[dim],))
    small, larger = divmod(extent, where)
    return _between(x, dim, [i * small + min(i, larger) for i in range(1, where)])


composite(
    "tensor_split(x, indices_or_sections: any, dim: int = 0)",
    _tensor_split,
    doc="That many pieces along a dim, as equal as possible, or pieces cut at the places in a list.",
    example="tensor_split([1., 2., 3.], 2)[0]",
    samples=["tensor_split(x, 2)[1]; x:3,2", "tensor_split(x, [1, 2], 1)[1]; x:2,3"],
)


def _splitter(name: str, rank: int) -> None:
    def function(x: Node, where: Any) -> tuple[Node, ...]:
        if len(x.shape) < rank:
            raise AutodiffError(
                "bad-rank",
                f"torch.{name} requires a tensor with at least {rank} dimension, but got a tensor with {len(x.shape)}"
                " dimensions!",
                operands=(0,),
            )
        dim = 0 if len(x.shape) == 1 else {"hsplit": 1, "vsplit": 0, "dsplit": 2}[name]
        if isinstance(where, int) and not isinstance(where, bool):
            extent = x.shape[dim]
            if where < 0:
                message = f"number of sections must be larger than 0, got {where}"
                raise AutodiffError("bad-value", message, operands=(1,))
            if where == 0 or (isinstance(extent, int) and extent % where):
                raise AutodiffError(
                    "bad-value",
                    f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {extent}"
                    f" is not divisible by the split_size {where}!",
                    operands=(0,),
                )
        return _tensor_split(x, where, dim, name)

    sizes = ",".join(["2"] * max(rank, 2))
    composite(
        f"{name}(x, indices_or_sections: any)",
        function,
        doc=f"Equal pieces {'of the columns' if rank == 1 else 'of the rows' if rank == 2 else 'along dim 2'}, or"
        " pieces cut at the places in a list.",
        example=f"{name}(ones({sizes}), 2)[0]",
        samples=[f"{name}(x, 2)[1]; x:{sizes}", f"{name}(x, [1])[0]; x:{sizes}"],
    )


_splitter("hsplit", 1)
_splitter("vsplit", 2)
_splitter("dsplit", 3)
