"""Writes through views, and views of what has been written to, as operations.

A view is a path from its base: the operations that make it.  Writing through it makes the base a `CopySlices` of what
it was and of what was written; every view is then seen anew, by `AsStrided`.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np

from autodiff.backward import gradients
from autodiff.execute.schedule import lowered
from autodiff.graph import dtypes
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import BROADCAST, CONVERT, PICK, PRIMITIVES, Primitive, constant, pick, variable
from autodiff.graph.shown import edges, strides, visible
from autodiff.tensor.guards import root_of

Step = tuple[Primitive | None, Any, int | None]  # operation (None: places), parameters, which of its results
Path = tuple[Step, ...]


def private(signature: str, kernel: Any, **about: Any) -> Primitive:
    """A primitive that expressions do not have."""
    operation = Primitive(signature, kernel, **about)
    PRIMITIVES.remove(operation)
    return operation


_renamed: dict[tuple[Primitive, str], Primitive] = {}


def renamed(op: Primitive, title: str) -> Primitive:
    """An operation whose node goes by another name."""
    found = _renamed.get((op, title))
    if found is None:
        found = _renamed[op, title] = copy(op)
        found.grad_fn = title
    return found


def path_between(node: Node, sources: dict[Node, Any]) -> tuple[Any, Path] | None:
    """The source that a node is a view of, and the way from there."""
    steps: list[Step] = []
    while node not in sources:
        made = node.inputs[0] if node.op is PICK else node
        if not made.op.view:
            return None
        steps.append((made.op, made.params, node.params[0] if made is not node else None))
        node = made.inputs[0]
    return sources[node], tuple(reversed(steps))


def viewed(node: Node) -> Node:
    """What a view is a view of in the end."""
    while True:
        made = node.inputs[0] if node.op is PICK else node
        if not made.op.view:
            return node
        node = made.inputs[0]


def places_between(base: np.ndarray[Any, Any], view: np.ndarray[Any, Any]) -> Path:
    """The way between two arrays over one memory, whatever made the one of the other."""
    ends = [base.__array_interface__["data"][0], view.__array_interface__["data"][0]]
    for array in (base, view):
        reach = sum(step * (size - 1) for step, size in zip(array.strides, array.shape, strict=True) if size)
        ends.append(array.__array_interface__["data"][0] + reach)
    start, size = min(ends), base.itemsize
    places = np.zeros((max(ends) - start) // size + 1, np.int64)
    numbers = _laid_over(places, base, start)
    numbers[...] = np.arange(base.size).reshape(base.shape)
    return ((None, np.array(_laid_over(places, view, start)), None),)


def _laid_over(places: np.ndarray[Any, Any], like: np.ndarray[Any, Any], start: int) -> np.ndarray[Any, Any]:
    scale = places.itemsize // like.itemsize if like.itemsize <= places.itemsize else 1
    offset = (like.__array_interface__["data"][0] - start) * scale
    return np.ndarray(like.shape, places.dtype, places, offset, tuple(step * scale for step in like.strides))


def follow(node: Node, path: Path) -> Node:
    """The view of `node` that a path leads to."""
    for op, params, result in path:
        if op is None:
            flat = ops.reshape(node, (-1,))
            node = ops.reshape(ops.index_select(flat, 0, constant(params.reshape(-1))), params.shape)
            continue
        made = op.make(op.arrange((node,), params))
        node = made if result is None else made[result]
    return node


_ways: dict[Any, list[Any]] = {}
_WAYS = 4096  # kept


def along(array: np.ndarray[Any, Any], path: Path) -> np.ndarray[Any, Any] | None:
    """The view of an array that a path leads to, None where that takes a copy."""
    if any(op is None for op, _, _ in path):
        return None
    key = (array.shape, path)
    try:
        way = _ways.get(key)
    except TypeError:  # parameters that cannot be remembered
        return None
    if way is None:
        if len(_ways) >= _WAYS:
            _ways.clear()
        way = _ways[key] = _lowered(array.shape, path)
    view = array
    for op, params, result in way:
        found = op.kernel(*op.arrange((view,), params))
        view = found if result is None else found[result]
    shared = view.__class__ is np.ndarray and view.flags.writeable and np.may_share_memory(view, array)
    return view if shared else None


def _lowered(shape: Any, path: Path) -> list[Any]:
    """The steps of a path with the parameters that kernels take."""
    node = variable(" base", shape, dtypes.int64, False)
    found = []
    for op, params, result in path:
        assert op is not None
        made = op.make(op.arrange((node,), params))
        node = made if result is None else made[result]
        found.append((op, lowered(node.inputs[0] if node.op is PICK else node), result))
    return found


def _places(shape: Sequence[int], path: Path) -> np.ndarray[Any, Any]:
    """For each element of a view, its place in the flattened base."""
    places: Any = np.arange(int(np.prod(shape, dtype=np.int64))).reshape(tuple(shape))
    node = variable(" base", tuple(shape), dtypes.int64, False)
    for op, params, result in path:
        if op is None:
            places = places.reshape(-1)[params]
            node = variable(" base", params.shape, dtypes.int64, False)
            continue
        made = op.make(op.arrange((node,), params))
        node = made if result is None else made[result]
        source = node.inputs[0] if node.op is PICK else node
        places = op.kernel(*op.arrange((places,), lowered(source)))
        if result is not None:
            places = places[result]
    return np.asarray(places)


def made_contiguous(node: Node) -> bool:
    """Whether an operation lays out its result, which is no view, in the order of its dims."""
    if node.op is PICK:
        return not callable(node.inputs[0].op.layout)
    return node.op.layout == "contiguous"


def stepped(view: np.ndarray[Any, Any], node: Node, path: Path) -> np.ndarray[Any, Any]:
    """A view of what a node stands for, with PyTorch's steps along dims of size 1, where NumPy has any."""
    if not view.size:
        return view
    wanted: Any = strides(follow(node, path))
    steps = tuple(step * view.itemsize for step in wanted)
    if steps == view.strides:
        return view
    root = root_of(view)
    if not root.flags.c_contiguous:
        return view
    offset = view.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    array: np.ndarray[Any, Any] = np.ndarray(view.shape, view.dtype, root, offset, steps)
    array.flags.writeable = view.flags.writeable
    return array


def element(array: np.ndarray[Any, Any], path: Path) -> np.ndarray[Any, Any]:
    """The one element that a path leads to, as a view; NumPy would have made a copy of it."""
    if not array.ndim:
        return array
    place: Any = np.unravel_index(int(_places(array.shape, path)), array.shape)
    found: np.ndarray[Any, Any] = array[(*place, ...)]
    return found


def _pulled_back(g: Node, shape: Any, path: Path) -> Node:
    base = variable(" base", shape, g.dtype, True)
    (back,) = gradients([follow(base, path)], [g], [base])
    assert back is not None
    return back


def _write(base: Any, value: Any, path: Path) -> Any:
    result = np.array(base, order="C")
    result.reshape(-1)[_places(base.shape, path)] = value
    return result


COPY_SLICES: Primitive = private(
    "copy_slices(x, value, path: any)",
    _write,
    shape=lambda x, value, path: x.shape,
    vjp=[
        lambda g, out, x, value, path: COPY_SLICES.make((g, _zeros(value, g), path)),
        lambda g, out, x, value, path: follow(g, path),
    ],
    grad_fn="torch::autograd::CopySlices",
    edges=lambda x, value, path: [x, *edges(visible(value))[1:]],
    doc="x with value written through a view of it.",
)
AS_STRIDED: Primitive = private(
    "as_strided_view(x, path: any)",
    lambda x, path: x.reshape(-1)[_places(x.shape, path)],
    shape=lambda x, path: follow(x, path).shape,
    vjp=[lambda g, out, x, path: _pulled_back(g, x.shape, path)],
    grad_fn="AsStridedBackward0",
    doc="The view of x that a path leads to.",
)
GRADIENT: Primitive = private(
    "gradient(g)",
    np.copy,
    shape=lambda x: x.shape,
    vjp=[lambda g, out, x: g],
    grad_fn="torch::autograd::CopyBackwards",
    doc="The first gradient that a leaf receives, when a graph is kept.",
)


def _past_data(g: Node, out: Node, x: Node, *form: Any) -> Node:
    return g if g.shape == x.shape else ops.sum_to_size(g, x.shape)


OTHER_DATA: Primitive = private(
    "other_data(x, shape: any, dtype: any)",
    np.copy,
    shape=lambda x, shape, dtype: shape,
    dtype=lambda x, shape, dtype: dtype,
    vjp=[_past_data],
    hidden=True,
    doc="What a tensor with a history stands for after its data was replaced by data of another form.",
)


def written_by(value: Node) -> Node:
    """The operation whose result was written, behind the conversions that people do not see."""
    while value.op is CONVERT:
        value = value.inputs[0]
    return value


def place_of_view(value: Node, view: Node) -> int | None:
    """Which operand of what was written a view is, None where something lies between."""
    for place, operand in enumerate(written_by(value).inputs):
        while operand is not view and (operand.op is BROADCAST or operand.op is CONVERT):
            operand = operand.inputs[0]
        if operand is view:
            return place
    return None


def others_written(node: Node) -> list[Node]:
    """The operands of a write through a view besides base and view."""
    inner = written_by(node.inputs[1])
    return [operand for place, operand in enumerate(inner.inputs) if place != node.eager.written]


def origin(node: Node) -> Node:
    """The node that a tensor's gradient goes to, whatever its data were replaced by."""
    while node.op is OTHER_DATA:
        node = node.inputs[0]
    return node


def _zeros(value: Node, g: Node) -> Node:
    return ops.zeros_like(value)  # type: ignore[no-any-return]


__all__ = [
    "AS_STRIDED",
    "COPY_SLICES",
    "GRADIENT",
    "OTHER_DATA",
    "Path",
    "follow",
    "origin",
    "path_between",
    "pick",
    "places_between",
    "private",
]
