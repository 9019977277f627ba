"""Broadcasting made visible, and the shape of a tensor as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import bool_
from autodiff.graph.node import Node
from autodiff.graph.op import attribute, ops
from autodiff.graph.primitive import Primitive, primitive
from autodiff.graph.shown import strides
from autodiff.graph.sizes import Shape, normalize_dim, numel, show
from autodiff.ops.contiguity import expanded_strides, is_contiguous
from autodiff.ops.create import SIZE

MAX_ELEMENTS = 2**59  # what NumPy can address, times the size of an element


def _expanded(node: Node) -> Shape:
    (x,) = node.inputs
    return expanded_strides(x.shape, strides(x), node.shape)


def _type_shown(x: Node) -> str:
    return "CPUBoolType" if x.dtype is bool_ else f"torch.{x.dtype.long_name}Tensor"


def _checked_expand(x: Node, size: Shape) -> tuple[Node, Shape]:
    lead = len(size) - len(x.shape)
    if lead < 0:
        raise AutodiffError(
            "shape-mismatch",
            f"expand({_type_shown(x)}{{{show(x.shape)}}}, size={show(size)}): the number of sizes"
            f" provided ({len(size)}) must be greater or equal to the number of dimensions in the tensor"
            f" ({len(x.shape)})",
            operands=(0,),
        )
    result = list(size)
    for i in range(len(size) - 1, -1, -1):
        wide = size[i]
        if i < lead:
            if isinstance(wide, int) and wide < 0:
                if not x.shape:
                    raise AutodiffError("bad-value", "numel: integer multiplication overflow", operands=(1,))
                raise AutodiffError(
                    "shape-mismatch",
                    f"The expanded size of the tensor ({wide}) isn't allowed in a leading, non-existing dimension {i}",
                    operands=(0,),
                )
            continue
        own = x.shape[i - lead]
        if wide == -1:
            result[i] = own
        elif own not in (1, wide) or (own == 1 and isinstance(wide, int) and wide < 0):
            raise AutodiffError(
                "shape-mismatch",
                f"The expanded size of the tensor ({wide}) must match the existing size ({own}) at non-singleton"
                f" dimension {i}.  Target sizes: {show(size)}.  Tensor sizes: {show(x.shape)}",
                operands=(0,),
                says=f"this has shape {show(x.shape)}",
                help="only dims of size one expand; repeat(...) copies",
            )
    count = numel(tuple(result))
    if isinstance(count, int) and count > MAX_ELEMENTS:
        raise AutodiffError(
            "limit-size", f"{show(result)} has more elements than can be counted", type="MemoryError", operands=(0,)
        )
    return x, tuple(result)


expand: Primitive = primitive(
    "expand(x, size: sizes)",
    np.broadcast_to,
    shape=lambda x, size: size,
    check=_checked_expand,
    vjp=[lambda g, out, x, size: ops.sum_to_size(g, x.shape)],
    layout=_expanded,
    view=True,
    doc="x seen with a larger shape: dims of size one repeat, without a copy; -1 keeps a size.",
    example="expand([[1.], [2.]], 2, 3)",
    samples=["expand(x, 2, 3); x:3", "x.expand(-1, 3); x:2,1", "expand(x, 2, 2, 3); x:2,1"],
)
composite(
    "broadcast_to(x, size: sizes)",
    expand,
    doc="x seen with a larger shape, as broadcasting makes it.",
    example="broadcast_to([1., 2.], [2, 2])",
    samples=["broadcast_to(x, (2, 3)); x:3"],
)
composite(
    "expand_as(x, y)",
    lambda x, y: expand(x, y.shape),
    doc="x seen with the shape of y.",
    example="expand_as([1., 2.], [[3., 4.], [5., 6.]])",
    samples=["expand_as(x, y); x:3, y:2,3"],
)


# The shape as numbers


def _shape(x: Node) -> tuple[Any, ...]:
    """Numbers, and for named sizes nodes that can be calculated with."""
    return tuple([size if isinstance(size, int) else SIZE(x, i) for i, size in enumerate(x.shape)])


def _size(x: Node, dim: int | None) -> Any:
    if dim is None:
        return _shape(x)
    if not x.shape:
        raise AutodiffError(
            "dim-out-of-range",
            f"Dimension specified as {dim} but tensor has no dimensions",
            type="IndexError",
            operands=(0,),
        )
    return SIZE(x, normalize_dim(dim, len(x.shape)))


composite(
    "size(x, dim: int? = None)",
    _size,
    doc="The shape of x, or its extent along dim.",
    example="size([[1., 2., 3.]], 1)",
)
composite(
    "dim(x)", lambda x: len(x.shape), aliases=["ndimension"], doc="The number of dimensions.", example="dim([1., 2.])"
)
composite("nelement(x)", lambda x: ops.numel(x), doc="The number of elements.", example="nelement([1., 2.])")
composite("is_contiguous(x)", is_contiguous, doc="Whether x lies in memory row by row.", example="is_contiguous([1.])")
attribute("shape", _shape)
attribute("ndim", lambda x: len(x.shape))
