"""Layout: other shapes of the same elements, as views where the strides allow it and as copies where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.kinds import type_name
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, primitive
from autodiff.graph.shown import strides
from autodiff.graph.sizes import (
    Dim,
    Shape,
    contiguous_strides,
    divide,
    infer_view,
    numel,
    show,
)
from autodiff.ops.contiguity import is_contiguous as is_contiguous
from autodiff.ops.contiguity import view_strides

# Views of other shapes


def _like_operand(node: Node) -> Shape:
    return strides(node.inputs[0])


def _viewed(node: Node) -> Shape:
    (x,) = node.inputs
    return view_strides(x.shape, strides(x), node.shape) or contiguous_strides(node.shape)


def target_shape(x: Node, size: Sequence[Dim]) -> Shape:
    """A size given by a user, its -1 filled in; raises `bad-view`."""
    for i, dim in enumerate(size):
        if isinstance(dim, int) and dim < -1:
            raise AutodiffError(
                "bad-view", f"invalid shape dimension {dim} at index {i} of shape {show(size)}", operands=(0,)
            )
    return infer_view(x.shape, size)


def _checked_view(x: Node, size: Shape) -> tuple[Node, Shape]:
    target = target_shape(x, size)
    if view_strides(x.shape, strides(x), target) is None:
        raise AutodiffError(
            "not-contiguous",
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two"
            " contiguous subspaces). Use .reshape(...) instead.",
            operands=(0,),
            help="reshape(...) copies where a view is not possible",
        )
    return x, target


def _reshaping(name: str, grad_fn: str, text: str, doc: str, **about: Any) -> Primitive:
    return Primitive(
        f"{name}(x, {text}: sizes)",
        np.reshape,
        shape=lambda x, size: size,
        vjp=[lambda g, out, x, size: ops.reshape(g, x.shape)],
        grad_fn=grad_fn,
        layout=_viewed,
        doc=doc,
        **about,
    )


VIEW = _reshaping("view", "ViewBackward0", "size", "x with another shape, in the same memory.", view=True)
RESHAPE_ALIAS = _reshaping("reshape", "ReshapeAliasBackward0", "shape", "A view that reshape made.", view=True)
UNSAFE_VIEW = _reshaping("reshape", "UnsafeViewBackward0", "shape", "A copy that reshape made.")
CONTIGUOUS: Primitive = Primitive(
    "contiguous(x)",
    lambda x: np.array(x, order="C"),
    shape=lambda x: x.shape,
    vjp=[lambda g, out, x: g],
    grad_fn="CloneBackward0",
    doc="A copy of x that lies in memory row by row.",
)

view = composite(
    "view(x, size: sizes)",
    lambda x, size: VIEW(*_checked_view(x, size)),
    doc="x with another shape, in the same memory; -1 stands for what is left.",
    example="view([1., 2., 3., 4.], 2, 2)",
    samples=["view(x, 3, 2); x:2,3", "x.view(-1, 1); x:2,3", "x.view(2, 1, -1); x:2,3"],
)


def contiguous_copy(x: Node) -> Node:
    """x itself where it lies row by row, else a copy that does."""
    return x if is_contiguous(x) else CONTIGUOUS(x)


def _reshape(x: Node, shape: Shape) -> Node:
    target = target_shape(x, shape)
    if is_contiguous(x):
        return VIEW(x, target)  # type: ignore[no-any-return]
    if view_strides(x.shape, strides(x), target) is not None:
        return RESHAPE_ALIAS(x, target)  # type: ignore[no-any-return]
    return UNSAFE_VIEW(CONTIGUOUS(x), target)  # type: ignore[no-any-return]


def merged(shape: Shape, start: int, end: int) -> Shape:
    """The shape with dims start to end (inclusive) made one."""
    return (*shape[:start], numel(shape[start : end + 1]), *shape[end + 1 :])


def _flatten(x: Node, start: int, end: int) -> Node:
    if start > end:
        raise AutodiffError(
            "bad-value", "flatten() has invalid args: start_dim cannot come after end_dim", operands=(1, 2)
        )
    if not x.shape:
        return _reshape(x, (1,))
    return x if start == end else _reshape(x, merged(x.shape, start, end))


def _unflatten(x: Node, dim: int, sizes: Shape) -> Node:
    if not x.shape:
        raise AutodiffError("bad-rank", "unflatten got an unexpected error:", operands=(0,))
    if not sizes:
        raise AutodiffError("bad-view", "unflatten: sizes must be non-empty", operands=(2,))
    extent = x.shape[dim]
    if sum(size == -1 for size in sizes) > 1:
        raise AutodiffError("bad-view", "unflatten got an unexpected error:", help="only one dimension can be inferred")
    known = numel(tuple(size for size in sizes if size != -1))
    if known != extent if -1 not in sizes else divide(extent, known) is None:
        raise AutodiffError(
            "bad-view",
            f"unflatten: Provided sizes {show(sizes)} don't multiply up to the size of dim {dim} ({extent}) in the"
            " input tensor",
            operands=(0, 2),
        )
    rest = divide(extent, known)
    filled: list[Any] = [rest if size == -1 else size for size in sizes]
    return VIEW(*_checked_view(x, (*x.shape[:dim], *filled, *x.shape[dim + 1 :])))  # type: ignore[no-any-return]


reshape = composite(
    "reshape(x, shape: sizes)",
    _reshape,
    doc="x with another shape: a view where the layout allows it, else a copy; -1 stands for what is left.",
    example="reshape([1., 2., 3., 4.], 2, 2)",
    samples=["reshape(x, 3, 2); x:2,3", "reshape(x.T, -1); x:2,3", "reshape(x.T, 3, 2); x:2,3"],
)
composite(
    "view_as(x, y)",
    lambda x, y: VIEW(*_checked_view(x, y.shape)),
    doc="x with the shape of y.",
    example="view_as([1., 2.], [[3.], [4.]])",
    samples=["view_as(x, y); x:6, y:2,3"],
)
composite(
    "reshape_as(x, y)",
    lambda x, y: _reshape(x, y.shape),
    doc="x with the shape of y.",
    example="reshape_as([1., 2.], [[3.], [4.]])",
    samples=["reshape_as(x, y); x:6, y:2,3"],
)
composite(
    "flatten(x, start_dim: dim = 0, end_dim: dim = -1)",
    _flatten,
    doc="Dims start_dim to end_dim made one.",
    example="flatten([[1., 2.], [3., 4.]])",
    samples=["flatten(x); x:2,3", "flatten(x, 1); x:2,2,2", "flatten(x.T); x:2,3", "flatten(x); x:scalar"],
)
composite(
    "ravel(x)",
    lambda x: VIEW(*_checked_view(contiguous_copy(x), (-1,))),
    doc="All elements in one dimension.",
    example="ravel([[1., 2.], [3., 4.]])",
    samples=["ravel(x); x:2,3", "ravel(x.T); x:2,3"],
)
composite(
    "unflatten(x, dim: dim, sizes: sizes)",
    _unflatten,
    doc="Dim dim made several, of the given sizes; -1 stands for what is left.",
    example="unflatten([1., 2., 3., 4.], 0, [2, 2])",
    samples=["unflatten(x, 1, (2, -1)); x:2,4"],
)
composite(
    "contiguous(x)",
    contiguous_copy,
    doc="x itself where it lies in memory row by row, else a copy that does.",
    example="contiguous([[1., 2.], [3., 4.]].T)",
    samples=["contiguous(x.T); x:2,3", "contiguous(x) * 2; x:2,3"],
)
alias: Primitive = primitive(
    "alias(x)",
    lambda x: x,
    shape=lambda x: x.shape,
    vjp=[lambda g, out, x: g],
    layout=_like_operand,
    view=True,
    doc="x itself, as another tensor (what x[...] gives).",
    example="alias([1., 2.])",
    samples=["alias(x); x:2,3"],
)


# Dims of size one


def _unsqueezed(node: Node) -> Shape:
    (x,), (dim,) = node.inputs, node.params
    own = strides(x)
    new = own[dim] * x.shape[dim] if dim < len(own) else 1
    return (*own[:dim], new, *own[dim:])


unsqueeze: Primitive = primitive(
    "unsqueeze(x, dim: newdim)",
    np.expand_dims,
    shape=lambda x, dim: (*x.shape[:dim], 1, *x.shape[dim:]),
    vjp=[lambda g, out, x, dim: SQUEEZE(g, dim)],
    layout=_unsqueezed,
    view=True,
    doc="A dimension of size one inserted at dim.",
    example="unsqueeze([1., 2.], 0)",
    samples=["unsqueeze(x, 1); x:2,3", "unsqueeze(x, -1); x:2,3"],
)


def _kept(shape: Shape, dims: tuple[int, ...]) -> list[int]:
    return [i for i, size in enumerate(shape) if i not in dims or size != 1]


def _squeeze_kernel(x: Any, dim: Any) -> Any:
    dims = (dim,) if isinstance(dim, int) else dim
    return np.squeeze(x, axis=tuple(d for d in dims if np.ndim(x) and x.shape[d] == 1))


def _unsqueeze_again(g: Node, out: Node, x: Node, dim: Any) -> Node:
    dims = (dim,) if isinstance(dim, int) else dim
    for d in sorted(dims):
        if d < len(x.shape) and x.shape[d] == 1:
            g = unsqueeze(g, d)
    return g


def _squeezing(params: str, grad_fn: str, dims: Any) -> Primitive:
    def squeezed(node: Node) -> Shape:
        own = strides(node.inputs[0])
        return tuple(own[i] for i in _kept(node.inputs[0].shape, dims(node.params[0])))

    return Primitive(
        f"squeeze(x, {params})",
        _squeeze_kernel,
        shape=lambda x, dim: tuple(x.shape[i] for i in _kept(x.shape, dims(dim))),
        vjp=[_unsqueeze_again],
        grad_fn=grad_fn,
        layout=squeezed,
        view=True,
        doc="x without the given dims of size one.",
    )


SQUEEZE_ALL: Primitive = _squeezing("dim: dims", "SqueezeBackward0", lambda dims: dims)
SQUEEZE: Primitive = _squeezing("dim: dim", "SqueezeBackward1", lambda dim: (dim,))
SQUEEZE_DIMS: Primitive = _squeezing("dim: dims", "SqueezeBackward2", lambda dims: dims)
# What a product with a vector does to the dim that it gave the vector.
SQUEEZE_VECTOR: Primitive = _squeezing("dim: dim", "SqueezeBackward4", lambda dim: (dim,))


def _squeeze(x: Node, dim: Any) -> Node:
    if dim is None:
        return SQUEEZE_ALL(x, tuple(i for i, size in enumerate(x.shape) if size == 1))  # type: ignore[no-any-return]
    if isinstance(dim, int) and not isinstance(dim, bool):
        return SQUEEZE(x, dim)  # type: ignore[no-any-return]
    if isinstance(dim, (list, tuple)) and all(isinstance(d, int) for d in dim):
        return SQUEEZE_DIMS(x, tuple(dim))  # type: ignore[no-any-return]
    raise AutodiffError(
        "argument-type",
        f"squeeze(): argument 'dim' (position 2) must be tuple of ints, not {type_name(dim)}",
        type="TypeError",
        operands=(1,),
    )


squeeze = composite(
    "squeeze(x, dim: any = None)",
    _squeeze,
    doc="x without its dims of size one, or without those of the given dims that have size one.",
    example="squeeze([[1.], [2.]])",
    samples=["squeeze(x); x:2,1,3", "squeeze(x, 1); x:2,1,3", "squeeze(x, (0, 2)); x:1,2,1"],
)
