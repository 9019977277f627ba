"""In-place operations: the memory changes, the version goes up, the history goes on from the new node."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import float64
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import CONVERT, broadcast_to, convert
from autodiff.graph.shown import grad_fn
from autodiff.graph.sizes import show
from autodiff.ops.index import INDEX, INDEX_PUT
from autodiff.tensor import modes
from autodiff.tensor.calling import Sources, _refused, item_of, unwrapped, wrapped
from autodiff.tensor.guards import refuse_history, refuse_overlap, refuse_zeros, repeats, writable
from autodiff.tensor.modes import session
from autodiff.tensor.storage import KEPT, Record, memory_of, record, writing
from autodiff.tensor.tensor import CPP_NAMES, Tensor
from autodiff.tensor.views import COPY_SLICES, place_of_view, private, renamed

ZERO = private(
    "zero_(x)",
    np.zeros_like,
    shape=lambda x: x.shape,
    vjp=[lambda g, out, x: ops.zeros_like(x)],
    grad_fn="ZeroBackward0",
    doc="Zeros in place of x.",
)
FILL = private(
    "fill_by(x, value)",
    lambda x, value: np.broadcast_to(value, np.shape(x)),
    shape=lambda x, value: x.shape,
    vjp=[lambda g, out, x, value: ops.zeros_like(x), lambda g, out, x, value: ops.sum(g)],
    grad_fn="FillBackward3",
    doc="The value of a tensor in place of x.",
)
FILL_NUMBER = private(
    "fill_(x, value)",
    FILL.kernel,
    shape=FILL.shape,
    vjp=FILL.vjp,
    grad_fn="FillBackward2",
    edges=lambda x, value: [x],
    doc="A number in place of x.",
)
COPY = private(
    "copy_(x, source)",
    lambda x, source: np.array(source),
    shape=lambda x, source: x.shape,
    vjp=[lambda g, out, x, source: ops.zeros_like(x), lambda g, out, x, source: g],
    grad_fn="torch::autograd::CopyBackwards",
    doc="Other values in place of x.",
)


REPLACED = private(
    "replaced(x, values: any, title: any)",
    lambda x, values, title: values,
    shape=lambda x, values, title: x.shape,
    vjp=[lambda g, out, x, values, title: ops.zeros_like(x)],
    grad_fn=lambda x, values, title: title,
    doc="Other numbers in place of x, whose derivative is zero.",
)


COMPARED = private(
    "compared(x, other, values: any, title: any)",
    lambda x, other, values, title: values,
    shape=lambda x, other, values, title: values.shape,
    vjp=[
        lambda g, out, x, other, values, title: ops.zeros_like(x),
        lambda g, out, x, other, values, title: ops.zeros_like(other),
    ],
    grad_fn=lambda x, other, values, title: title,
    doc="The truth of a comparison in place of x, whose derivative is zero.",
)


def replace(tensor: Tensor, values: np.ndarray[Any, Any], title: str) -> Tensor:
    """Put numbers into a tensor that do not depend on it; raises PyTorch's errors for leaves."""
    return change(tensor, lambda x: REPLACED.make((x, values, title)))


# Forms that PyTorch numbers apart from the functions.
IN_PLACE = {
    f"{name}Backward0": f"{name}Backward1"
    for name in ["Acosh", "Asinh", "Atanh", "LeakyRelu", "Elu", "Celu", "RreluWithNoise", "Threshold", "Polygamma"]
}


def _titled(node: Node, title: str) -> Node:
    op = renamed(node.op, title)
    return Node(op, node.inputs, node.params, node.shape, node.dtype, node.requires_grad, node.weak, node.results)


COMPARISONS = frozenset(("eq", "ne", "lt", "le", "gt", "ge"))


def change(tensor: Tensor, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Tensor:
    """Put into a tensor what a function of nodes makes of it; raises PyTorch's errors for leaves."""
    refuse_zeros(tensor)
    if modes._grad.on:
        operands = (tensor, *args, *kwargs.values())
        refuse_history(tensor, any(isinstance(value, Tensor) and value.requires_grad for value in operands))
        tensor._current  # noqa: B018  (refuses views that may not be written to)
    sources: Sources = {}
    _refused.clear()
    nodes = [unwrapped(value, sources) for value in (tensor, *args)]
    named = {name: unwrapped(value, sources) for name, value in kwargs.items()}
    if _refused and modes._grad.on:
        raise _refused.pop()
    with session():
        try:
            result = function(*nodes, **named)
        except AutodiffError:
            others = [source._array for source in sources.values() if source is not tensor]
            refuse_overlap(tensor._array, others, "")  # which PyTorch looks at first
            raise
        others = [source._array for source in sources.values() if source is not tensor]
        refuse_overlap(tensor._array, others, result.op.name, same=any(value is tensor for value in args))
        write(tensor, result)
    return tensor


_DEPRECATED = (
    "Use of {} on expanded tensors is deprecated. Please clone() the tensor before performing this operation. This also"
    " applies to advanced indexing e.g. {}"
)
EXPANDED = {
    "index_put": _DEPRECATED.format("index_put_", "tensor[indices] = tensor"),
    "masked_fill": _DEPRECATED.format("masked_fill_", "tensor[mask] = scalar"),
    "index_fill": _DEPRECATED.format("index_fill_", "tensor[mask] = scalar"),
}


def write(tensor: Tensor, result: Node) -> None:
    """Write a node's value into the tensor's memory and continue its history from there."""
    array = tensor._array
    if result.dtype is not tensor.dtype:
        if result.dtype.kind > tensor.dtype.kind:
            name = tensor.dtype.long_name if "clamp" not in result.op.name else CPP_NAMES[tensor.dtype.name]
            raise AutodiffError(
                "bad-dtype",
                f"result type {result.dtype.long_name} can't be cast to the desired output type {name}",
            )
        result = convert(result, tensor.dtype)
    if result.shape != array.shape:
        raise AutodiffError(
            "shape-mismatch",
            f"output with shape {show(array.shape)} doesn't match the broadcast shape {show(result.shape)}",
        )
    if result.op.name in EXPANDED and repeats(array):
        warnings.warn(EXPANDED[result.op.name], UserWarning, stacklevel=4)
    before = tensor._current
    tracked = modes._grad.on and (result.requires_grad or before.requires_grad)
    value = record(result).value
    writing(array)
    if tracked:
        _keep(before, result, array)
    if array.flags.writeable:
        array[...] = value
    else:  # several elements share a place: what has changed counts
        with np.errstate(invalid="ignore"):
            changed = (value != array) & ~((value != value) & (array != array))
            if array.dtype.kind == "f":
                changed |= np.signbit(value) != np.signbit(array)
        writable(array)[changed] = np.broadcast_to(value, array.shape)[changed]
    tensor._counter.version += 1
    if not tracked:
        return
    result._strides = tuple(step // array.itemsize for step in array.strides)
    base = tensor._base
    if base is None:
        _go_on(tensor, result)
        return
    known = record(result)  # which may have saved its result, in this memory
    known.counter, known.version = tensor._counter, tensor._counter.version
    slices = Node(
        COPY_SLICES, (base._current, result), (tensor._way(),), base._node.shape, base._node.dtype, True
    )  # its value is the memory that has been written
    slices.eager = Record(base._array)
    slices.eager.written = place_of_view(result, before)
    _go_on(base, slices)
    known.shown_as = tensor._current  # PyTorch makes the view's new node at once


def _go_on(tensor: Tensor, after: Node) -> None:
    """A tensor's history continues from another node."""
    tensor._go_on(after)
    after._strides = tuple(step // tensor._array.itemsize for step in tensor._array.strides)


def _keep(before: Node, result: Node, array: np.ndarray[Any, Any]) -> None:
    """An operation in place saves a copy of what it overwrites."""
    while result.op is CONVERT:
        result = result.inputs[0]
    known = record(result)
    if known.seen and memory_of(result.inputs[0]) is before:
        record(before).value = array.copy()
        known.seen[0] = KEPT


def in_place(function: Callable[..., Any], name: str = "") -> Callable[..., Tensor]:
    """The method `x.name_(…)` of an operation."""
    if name.startswith(("logical_", "bitwise_")):  # PyTorch's history knows nothing of these

        def unnoticed(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            with modes.no_grad():
                return change(self, function, *args, **kwargs)

        return unnoticed

    def settled(x: Node, *args: Any, **kwargs: Any) -> Node:
        result: Node = function(x, *args, **kwargs)
        title = IN_PLACE.get(grad_fn(result) or "") if result.requires_grad else None
        if title is not None and result.op.hidden is False:
            result = _titled(result, title)
        if result.op.name in COMPARISONS and x.dtype.is_floating:
            values = np.asarray(record(result).value, x.dtype.numpy)
            other = result.inputs[1]
            title = f"{result.op.name.capitalize()}Backward{int(not other.weak)}"
            if other.weak:
                return REPLACED.make((x, values, title))  # type: ignore[no-any-return]
            return COMPARED.make((x, other, values, title))  # type: ignore[no-any-return]
        return result

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if name == "float_power" and self.dtype is not float64:
            raise RuntimeError(
                f"the base given to float_power_ has dtype {self.dtype.long_name} but the operation's result requires"
                " dtype Double"
            )
        return change(self, settled, *args, **kwargs)

    return method


def zero_(self: Tensor) -> Tensor:
    """Fill with zeros."""
    return change(self, lambda x: ZERO.make((x,)))


def fill_(self: Tensor, value: Any) -> Tensor:
    """Fill with one value."""
    op = FILL if isinstance(value, Tensor) else FILL_NUMBER
    if isinstance(value, Tensor) and value.ndim:
        refuse_history(self, self.requires_grad or value.requires_grad)
        raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    return change(self, lambda x, v: op.make((x, _as_node(v, x))), value)


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Take over the values of another tensor, broadcast."""
    return change(self, _copied, src)


def _as_node(value: Any, like: Node) -> Node:
    if isinstance(value, Node):
        return value if value.dtype is like.dtype and not value.weak else convert(value, like.dtype)
    return ops.scalar_tensor.bind([value], {"dtype": like.dtype})  # type: ignore[no-any-return]


def _copied(x: Node, value: Any) -> Node:
    source = value if isinstance(value, Node) else OPERATORS["+"](ops.tensor.bind([value], {}), 0)
    if source.shape != x.shape:
        source = ops.expand.bind([source, list(x.shape)], {})
        source = broadcast_to(source.inputs[0], x.shape) if source.op is ops.expand else source
    return COPY.make((x, _as_node(source, x)))  # type: ignore[no-any-return]


def put(tensor: Tensor, items: Any, value: Any) -> None:
    """`x[items] = value`: a write through a view, or values put where tensors of indices or truth values say.

    Raises TypeError for values that are neither tensors nor numbers, and PyTorch's errors for shapes and dtypes.
    """
    if not isinstance(value, (Tensor, bool, int, float, np.number, np.bool_)):
        raise TypeError(f"can't assign a {type(value).__name__} to a {tensor.type()}")
    sources: Sources = {}
    items = None if items is True else items  # all of it, with a new axis
    parts = items if isinstance(items, tuple) else (items,)
    places: Node | None = None
    target = tensor
    if _basic(parts):
        target = tensor if _whole(parts, tensor) else item_of(tensor, parts)
    elif not (len(parts) <= tensor.ndim + 1 and all(part is Ellipsis or _everything(part) for part in parts)):
        x = unwrapped(tensor, sources)
        index = unwrapped(parts, sources)
        with session():
            found = OPERATORS["[]"](x, index)
            places = found if found.op is INDEX else None
            seen = found.inputs[0] if places is not None else found
            whole = seen is x or (seen.shape == x.shape and _whole(parts, tensor))
            target = tensor if whole else wrapped(seen, sources)
    if places is not None:
        if isinstance(value, Tensor) and value.numel() == 1 and _fills(parts):
            value = value.to(target.dtype)
        _put_at(target, places, value, _fills(parts))
        if repeats(target._array) and not isinstance(value, Tensor) and _by_truth(parts):
            warnings.warn(EXPANDED["masked_fill"], UserWarning, stacklevel=3)
    elif not isinstance(value, Tensor):
        op = FILL if target.ndim else COPY
        change(target, lambda x, v: op.make((x, _as_node(v, x))), value)
    elif target.shape != value.shape and not value.ndim:
        fill_(target, value)
    else:
        copy_(target, value if value.shape == target.shape else _fitting(target, value))


def _basic(parts: tuple[Any, ...]) -> bool:
    """Whether an index is made of whole numbers and slices of such alone."""
    for part in parts:
        kind = part.__class__
        if kind is slice:
            if any(end is not None and end.__class__ is not int for end in (part.start, part.stop, part.step)):
                return False
        elif kind is not int:
            return False
    return True


def _fills(parts: tuple[Any, ...]) -> bool:
    """Whether PyTorch fills with one value, of whatever dtype, where a mask is true, rather than putting it there."""
    found = [part for part in parts if isinstance(part, (Tensor, list, np.ndarray))]
    if len(found) != 1 or (isinstance(found[0], list) and not all(type(entry) is bool for entry in found[0])):
        return False
    places = found[0]._array if isinstance(found[0], Tensor) else np.asarray(found[0])
    return places.ndim > 0 and places.dtype.kind == "b"


def _by_truth(parts: tuple[Any, ...]) -> bool:
    return any(isinstance(part, Tensor) and part._array.dtype.kind == "b" for part in parts)


def _everything(part: Any) -> bool:
    return isinstance(part, slice) and part.start is None and part.stop is None and part.step is None


def _whole(parts: tuple[Any, ...], tensor: Tensor) -> bool:
    """Whether slices leave nothing out, as PyTorch tells it: by their ends as they were written."""
    if any(part is Ellipsis for part in parts):
        at = [part is Ellipsis for part in parts].index(True)
        gap = (slice(None),) * (tensor.ndim - len(parts) + 1)
        parts = parts[:at] + gap + parts[at + 1 :]
    for part, size in zip(parts, tensor.shape, strict=False):
        if not isinstance(part, slice) or part.step not in (None, 1) or part.start not in (None, 0):
            return False
        if part.stop is not None and not (isinstance(part.stop, int) and part.stop >= size):
            return False
    return len(parts) <= tensor.ndim


def _fitting(target: Tensor, value: Tensor) -> Tensor:
    """A value as large as the target; raises RuntimeError where it cannot be expanded to it."""
    value = value.view(_sizes_without_ones(value))
    return value if value.shape == target.shape else value.expand(target.shape)


def _sizes_without_ones(value: Tensor) -> list[int]:
    shape = list(value.shape)
    while shape and shape[0] == 1:
        shape.pop(0)
    return shape


def _without_ones(value: Tensor) -> Tensor:
    """A value without its leading dims of size 1."""
    shape = _sizes_without_ones(value)
    return value if len(shape) == value.ndim else value.view(shape)


def _broadcasts(small: Any, large: Any) -> bool:
    pairs = zip(reversed(small), reversed(large), strict=False)
    return len(small) <= len(large) and all(a in (1, b) for a, b in pairs)


def _put_at(target: Tensor, places: Node, value: Any, fills: bool) -> None:
    _, indices, dims = places.args
    shape = places.shape
    if isinstance(value, Tensor) and (value.numel() != 1 or not target.ndim):
        refuse_history(target, target.requires_grad or value.requires_grad)
        refuse_overlap(target._array, [value._array], "index_put", same=value is target)
    if isinstance(value, Tensor):
        value = _without_ones(value)
        if value.dtype is not target.dtype and _broadcasts(value.shape, shape):
            raise RuntimeError(
                "Index put requires the source and destination dtypes match, got"
                f" {target.dtype.long_name} for the destination and {value.dtype.long_name} for the source."
            )

    def placed(node: Node, v: Any) -> Node:
        values = v if isinstance(v, Node) else ops.tensor.bind([v], {"dtype": node.dtype})
        values = _as_node(values, node)
        if values.shape != shape:
            try:
                values = broadcast_to(ops.broadcast_to.bind([values, list(shape)], {}).inputs[0], shape)
            except AutodiffError:
                raise AutodiffError(
                    "shape-mismatch",
                    f"shape mismatch: value tensor of shape {show(values.shape)} cannot be broadcast to indexing result"
                    f" of shape {show(shape)}",
                ) from None
        return INDEX_PUT.make((node, indices, values, dims, False))  # type: ignore[no-any-return]

    if fills and isinstance(value, Tensor) and value.numel() == 1 and target.ndim:
        refuse_history(target, target.requires_grad or value.requires_grad)
        value = unwrapped(value, {})  # one number, which may lie anywhere
    change(target, placed, value)
