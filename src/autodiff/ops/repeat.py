"""Repetition: tensors laid out several times."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.kinds import plain
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, constant
from autodiff.graph.sizes import Shape, normalize_dim, show
from autodiff.ops.layout import CONTIGUOUS, VIEW, merged
from autodiff.ops.reduce import invalid_combination


def _repeated(x: Node, repeats: Shape) -> Shape:
    padded = (1,) * (len(repeats) - len(x.shape)) + x.shape
    return tuple(size * times for size, times in zip(padded, repeats, strict=True))


def _checked_repeat(x: Node, repeats: Shape) -> None:
    if len(repeats) < len(x.shape):
        raise AutodiffError(
            "bad-rank",
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor",
            operands=(0,),
            says=f"this has shape {show(x.shape)}",
            help="give one number a dimension, from the first to the last; tile(...) fills in ones on the left",
        )
    shape = _repeated(x, repeats)
    for size in shape:
        if isinstance(size, int) and size < 0:
            raise AutodiffError(
                "bad-value",
                f"Trying to create tensor with negative dimension {size}: {show(shape)}",
                operands=(1,),
            )


def _sum_repeats(g: Node, out: Node, x: Node, repeats: Shape) -> Node:
    """Repetitions and elements seen as dims of their own, so that the repetitions can be summed."""
    padded = (1,) * (len(repeats) - len(x.shape)) + x.shape
    several = [i for i, times in enumerate(repeats) if times != 1]
    if several:
        split: list[Any] = []
        dims = []
        for size, times in zip(padded, repeats, strict=True):
            if times != 1:
                dims.append(len(split))
                split.append(times)
            split.append(size)
        g = ops.sum(ops.reshape(g, tuple(split)), tuple(dims))
    return g if g.shape == x.shape else ops.reshape(g, x.shape)


REPEAT: Primitive = Primitive(
    "repeat(x, repeats: sizes)",
    np.tile,
    shape=_repeated,
    check=_checked_repeat,
    vjp=[_sum_repeats],
    doc="x laid out repeats[i] times along each dim i.",
)
composite(
    "repeat(x, repeats: sizes)",
    REPEAT,
    doc="x laid out repeats[i] times along each dim i; new dims come first.",
    example="repeat([1., 2.], 2, 2)",
    samples=["repeat(x, 2, 3); x:2,3", "x.repeat(2, 1, 2); x:1,3", "repeat(x, 1, 1); x:2,3", "repeat(x, 3); x:scalar"],
)
composite(
    "tile(x, dims: sizes)",
    lambda x, dims: REPEAT(x, (1,) * (len(x.shape) - len(dims)) + dims),
    doc="x laid out dims[i] times along each dim i, counted from the last.",
    example="tile([1., 2.], [2])",
    samples=["tile(x, (2,)); x:2,3", "tile(x, (2, 1, 1)); x:2,3"],
)


def _repeat_interleave(x: Node, repeats: Any, dim: int | None) -> Node:
    if isinstance(repeats, Node) and repeats.weak:
        repeats = repeats.params[0]
    if not isinstance(repeats, Node):
        return _interleave(x, repeats, dim)
    if dim is None:
        x, dim = ops.flatten(x), 0
    return ops.index_select(x, dim, constant(_places(repeats, x.shape[dim] if x.shape else 1)))  # type: ignore[no-any-return]


def _interleave(x: Node, repeats: Any, dim: int | None) -> Node:
    """The same number of repetitions for each slice: a view, copied."""
    if not isinstance(repeats, int) or isinstance(repeats, bool):
        raise AutodiffError(
            "argument-type",
            f"repeat_interleave(): argument 'repeats' must be int or Tensor, not {type(repeats).__name__}",
            type="TypeError",
            operands=(1,),
        )
    if repeats < 0:
        raise AutodiffError("bad-value", "Repeats must be non-negative", operands=(1,))
    if dim is None:
        x, dim = ops.flatten(x), 0
    elif not x.shape:
        normalize_dim(dim + 1, 0)
    wide = list(x.shape)
    wide.insert(dim + 1, repeats)
    copied = CONTIGUOUS(ops.expand(ops.unsqueeze(x, dim + 1), tuple(wide)))
    return VIEW(copied, merged(copied.shape, dim, dim + 1))  # type: ignore[no-any-return]


MAX_REPEATED = 2**28


def _places(repeats: Node, extent: Any) -> np.ndarray:
    """Which slice each slice of the result is."""
    from autodiff.graph.evaluate import values_of

    if len(repeats.shape) > 1:
        raise AutodiffError("bad-rank", "repeats must be 0-dim or 1-dim tensor", operands=(1,))
    if repeats.dtype not in (dtypes.int32, dtypes.int64):
        raise AutodiffError(
            "bad-dtype",
            f"\"repeat_interleave_cpu\" not implemented for '{repeats.dtype.long_name}'",
            type="NotImplementedError",
            operands=(1,),
        )
    times = values_of(repeats)
    if times.size == 1:
        times = np.broadcast_to(times.reshape(()), (extent,))
    elif times.size != extent:
        raise AutodiffError(
            "shape-mismatch",
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {times.size} and"
            f" input.size(0) = {extent}",
            operands=(0, 1),
        )
    if (times < 0).any():
        raise AutodiffError("bad-value", "repeats can not be negative", operands=(1,))
    if float(np.sum(times, dtype=np.float64)) > MAX_REPEATED:
        raise AutodiffError(
            "limit-size", "this repeats more often than memory allows", type="MemoryError", operands=(1,)
        )
    return np.repeat(np.arange(extent), times)


def _repeat_interleave_call(x: Node, repeats: Any, dim: int | None, output_size: int | None) -> Node:
    if repeats is None:
        return constant(_places(x, x.shape[0] if x.shape else 1))
    if isinstance(repeats, (list, tuple)):
        given, repeats = repeats, plain(repeats)
        if any(isinstance(times, bool) or not isinstance(times, int) for times in repeats):
            raise invalid_combination("repeat_interleave", x, given)
        repeats = constant(np.array(repeats, dtype=np.int64))
    out = _repeat_interleave(x, repeats, None if dim is None else normalize_dim(dim, len(x.shape)))
    size = out.shape[0 if dim is None else dim]
    if output_size not in (None, size):
        message = "allocated size does not match required size"
        if not isinstance(repeats, Node):
            message = f"repeat_interleave: Invalid output_size, expected {size} but got {output_size}"
        raise AutodiffError("bad-value", message, operands=(1,))
    return out


composite(
    "repeat_interleave(x, repeats: any = None, dim: int? = None, *, output_size: int? = None)",
    _repeat_interleave_call,
    doc="Each slice along dim (each element, without one) repeated in place.",
    example="repeat_interleave([1., 2.], 2)",
    samples=[
        "repeat_interleave(x, 2); x:2,3",
        "repeat_interleave(x, 2, 1); x:2,3",
        "repeat_interleave(x, tensor([1, 0, 2]), 1); x:2,3",
    ],
)
