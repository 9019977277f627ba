"""Windows that slide along a dim."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, constant, primitive
from autodiff.graph.shown import strides
from autodiff.graph.sizes import Dim, Shape, concrete


def _check_unfold(x: Node, dimension: int, size: int, step: int) -> None:
    if size < 0:
        raise AutodiffError("bad-value", f"size is {size} but must be >= 0", operands=(2,))
    extent = x.shape[dimension] if x.shape else 1
    if isinstance(extent, int) and size > extent:
        raise AutodiffError(
            "bad-value",
            f"maximum size for tensor at dimension {dimension} is {extent} but size is {size}",
            operands=(0, 2),
        )
    if step <= 0:
        raise AutodiffError("bad-value", f"step is {step} but must be > 0", operands=(3,))


def _count(extent: Dim, size: int, step: int) -> Dim:
    return (extent - size) // step + 1


def _unfolded(x: Node, dimension: int, size: int, step: int) -> Shape:
    if not x.shape:
        return (size,)
    count = _count(x.shape[dimension], size, step)
    return (*x.shape[:dimension], count, *x.shape[dimension + 1 :], size)


def _unfolded_strides(node: Node) -> Shape:
    own = strides(node.inputs[0])
    dimension, _, step = node.params
    if not own:
        return (1,)
    return (*own[:dimension], own[dimension] * step, *own[dimension + 1 :], own[dimension])


def _unfold_kernel(x: Any, dimension: int, size: int, step: int) -> Any:
    if not np.ndim(x):
        return np.reshape(x, (1,))[:size]
    if not size:
        shape = list(x.shape)
        shape[dimension] = x.shape[dimension] // step + 1
        return np.zeros((*shape, 0), x.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=dimension)
    place: tuple[Any, ...] = (..., slice(None, None, step), *[slice(None)] * -dimension)
    return windows[place]


def _folded(g: Node, out: Node, x: Node, dimension: int, size: int, step: int) -> Node:
    """Each element gets the sum over the windows that show it."""
    if not x.shape:
        return ops.sum(g)  # type: ignore[no-any-return]
    (extent,) = concrete((x.shape[dimension],))
    starts = np.arange(int(_count(extent, size, step))) * step  # type: ignore[arg-type]
    places = (starts[:, None] + np.arange(size)).reshape(-1)
    g = ops.movedim(g, (-1,), (dimension + 1,))
    return ops.index_add(ops.zeros_like(x), dimension, constant(places), ops.flatten(g, dimension, dimension + 1))  # type: ignore[no-any-return]


unfold: Primitive = primitive(
    "unfold(x, dimension: dim, size: int, step: int)",
    _unfold_kernel,
    shape=_unfolded,
    check=_check_unfold,
    vjp=[_folded],
    layout=_unfolded_strides,
    view=True,
    doc="Windows of the given size along a dim, one every step elements; their elements are the last dim.",
    example="[1., 2., 3.].unfold(0, 2, 1)",
    samples=["x.unfold(0, 2, 1); x:4", "x.unfold(1, 2, 2); x:2,5", "x.unfold(0, 2, 1); x:3,2"],
)
