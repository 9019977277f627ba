"""Memory seen with other steps: as_strided, its copy, and its inverse."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.shown import strides
from autodiff.graph.sizes import Shape, contiguous_strides, numel, show

Steps = tuple[int, ...]


def _places(size: Steps, stride: Steps, offset: int) -> Any:
    """Where in memory each element is."""
    places = np.full((1,) * len(size), offset, np.int64)
    for axis, (n, step) in enumerate(zip(size, stride, strict=True)):
        places = places + np.arange(n).reshape([-1 if i == axis else 1 for i in range(len(size))]) * step
    return places.reshape(size)


def _strided_kernel(x: Any, order: Steps, size: Steps, stride: Steps, offset: int) -> Any:
    return np.reshape(np.transpose(x, order), -1)[_places(size, stride, offset)]


def _spread_kernel(g: Any, count: int, size: Steps, stride: Steps, offset: int) -> Any:
    result = np.zeros(count, g.dtype)
    np.add.at(result, _places(size, stride, offset), g)
    return result


def _strided_rule(g: Node, out: Node, x: Node, order: Steps, *where: Any) -> Node:
    memory = ops.reshape(SPREAD(g, numel(x.shape), *where), tuple(x.shape[i] for i in order))
    dims = tuple(range(len(order)))
    return memory if order == dims else ops.permute(memory, tuple(order.index(i) for i in dims))  # type: ignore[no-any-return]


def _strided(name: str, grad_fn: str) -> Primitive:
    return Primitive(
        f"{name}(x, order: any, size: any, stride: any, offset: int)",
        _strided_kernel,
        shape=lambda x, order, size, stride, offset: size,
        vjp=[_strided_rule],
        grad_fn=grad_fn,
        doc="The elements that lie in memory at these steps.",
    )


AS_STRIDED = _strided("as_strided", "AsStridedBackward0")
AS_STRIDED_COPY = _strided("as_strided_copy", "AsStridedBackward0_copy")
SPREAD = Primitive(
    "as_strided_backward(g, count: any, size: any, stride: any, offset: int)",
    _spread_kernel,
    shape=lambda g, count, size, stride, offset: (count,),
    vjp=[lambda c, out, g, count, *where: AS_STRIDED(c, (0,), *where)],
    doc="A gradient added up where the elements came from.",
)


def _scatter_kernel(x: Any, src: Any, size: Steps, stride: Steps, offset: int) -> Any:
    result = np.array(x, order="C")
    result.reshape(-1)[_places(size, stride, offset)] = src
    return result


def _scatter_rule(g: Node, out: Node, x: Node, src: Node, size: Steps, stride: Steps, offset: int) -> list[Node]:
    """PyTorch gives x what belongs to src (and nothing of its own), and so does this."""
    onto_src = AS_STRIDED(g, tuple(range(len(g.shape))), size, stride, offset)
    return [SCATTER(ops.zeros_like(x), onto_src, size, stride, offset), onto_src]


SCATTER: Primitive = Primitive(
    "as_strided_scatter(x, src, size: any, stride: any, offset: int)",
    _scatter_kernel,
    shape=lambda x, *_: x.shape,
    vjp_all=_scatter_rule,
    doc="x with src where the steps lead.",
)


def _order_in_memory(x: Node) -> Steps:
    """The dims from the longest to the shortest step, in which order the elements lie in memory."""
    dims = range(len(x.shape))
    own = strides(x)
    if own == contiguous_strides(x.shape) or numel(x.shape) in (0, 1):
        return tuple(dims)
    order = tuple(sorted(dims, key=lambda i: (-own[i] if isinstance(own[i], int) else 0, i)))
    if tuple(own[i] for i in order) != contiguous_strides(tuple(x.shape[i] for i in order)):
        raise AutodiffError(
            "not-contiguous",
            "as_strided of a view that leaves gaps is not available in an expression",
            operands=(0,),
            help="x.contiguous() has no gaps",
        )
    return order


def _checked(x: Node, size: Shape, stride: Shape, offset: Any) -> tuple[Steps, Steps, int]:
    if len(size) != len(stride):
        raise AutodiffError("bad-value", "mismatch in length of strides and shape", operands=(1, 2))
    steps = tuple(int(step) for step in stride if isinstance(step, int))
    sizes = tuple(int(n) for n in size if isinstance(n, int))
    if any(step < 0 for step in steps):
        message = f"as_strided: Negative strides are not supported at the moment, got strides: {show(steps)}"
        raise AutodiffError("bad-value", message, operands=(2,))
    start = 0 if offset is None else offset
    if start < 0:
        raise AutodiffError("bad-value", f"Tensor: invalid storage offset {start}", operands=(3,))
    if any(n < 0 for n in sizes):
        message = f"Storage size calculation overflowed with sizes={show(sizes)} and strides={show(steps)}"
        raise AutodiffError("bad-value", message, operands=(1,))
    count, width = numel(x.shape), x.dtype.size
    needed = start + sum(step * (n - 1) for n, step in zip(sizes, steps, strict=True)) + 1 if all(sizes) else 0
    if isinstance(count, int) and needed > count:
        raise AutodiffError(
            "bad-view",
            f"setStorage: sizes {show(sizes)}, strides {show(steps)}, storage offset {start}, and itemsize {width}"
            f" requiring a storage size of {needed * width} are out of bounds for storage of size {count * width}",
            operands=(0,),
        )
    return sizes, steps, start


for _name, _operation in (("as_strided", AS_STRIDED), ("as_strided_copy", AS_STRIDED_COPY)):

    def _as_strided(
        x: Node, size: Shape, stride: Shape, storage_offset: int | None, operation: Primitive = _operation
    ) -> Node:
        where = _checked(x, size, stride, storage_offset)
        return operation(x, _order_in_memory(x), *where)  # type: ignore[no-any-return]

    composite(
        f"{_name}(x, size: ints, stride: ints, storage_offset: int? = None)",
        _as_strided,
        doc="The elements of this shape that lie in memory at these steps, from storage_offset on.",
        example=f"{_name}([1., 2., 3., 4.], (2, 2), (1, 1))",
        samples=[
            f"{_name}(x, (2, 2), (1, 2)); x:2,3",
            f"{_name}(x, (3, 3), (1, 1), 1); x:6",
            f"{_name}(x.T, (2,), (2,)); x:2,3",
        ],
    )


def _as_strided_scatter(x: Node, src: Node, size: Shape, stride: Shape, storage_offset: int | None) -> Node:
    where = _checked(x, size, stride, storage_offset)
    if src.shape != tuple(where[0]):
        raise AutodiffError(
            "shape-mismatch",
            f"expected src to have a size equal to the slice of self. src size = {show(src.shape)}, slice size ="
            f" {show(where[0])}",
            operands=(0, 1),
        )
    if _order_in_memory(x) != tuple(range(len(x.shape))):
        raise AutodiffError(
            "not-contiguous",
            "as_strided_scatter of a transposed tensor is not available in an expression",
            operands=(0,),
            help="x.contiguous() lies in memory as it is read",
        )
    return SCATTER(x, src, *where)  # type: ignore[no-any-return]


composite(
    "as_strided_scatter(x, src, size: ints, stride: ints, storage_offset: int? = None)",
    _as_strided_scatter,
    doc="x with src in the places that as_strided shows. The gradient of x is PyTorch's, which is not the derivative:"
    " it holds the cotangents of those places, and zeros elsewhere.",
    example="as_strided_scatter([1., 2., 3., 4.], [5., 6.], (2,), (2,))",
    samples=[
        "as_strided_scatter(ones(2, 3), y, (2, 2), (1, 2)); y:2,2",
        "as_strided_scatter(ones(6), y, (2,), (1,), 1); y:2",
    ],
)
