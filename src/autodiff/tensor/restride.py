"""In-place operations that change how a tensor looks at its memory: `t_`, `transpose_`, `squeeze_`, `unsqueeze_` …

The base of views goes on from its new node, and its views find their way anew; a view that is transposed in place only
changes its own way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.node import Node
from autodiff.graph.shown import grad_fn
from autodiff.tensor import modes
from autodiff.tensor.calling import call, unwrapped
from autodiff.tensor.guards import NO_GRAD, refuse_history, root_of
from autodiff.tensor.modes import session
from autodiff.tensor.storage import held, record
from autodiff.tensor.tensor import Tensor, new
from autodiff.tensor.views import AS_STRIDED, path_between, places_between, private, renamed

# PyTorch numbers the nodes of these forms behind those of the functions.
TITLES = {
    "TBackward0": "TBackward1", "TransposeBackward0": "TransposeBackward1", "UnsqueezeBackward0": "UnsqueezeBackward1",
    "SqueezeBackward0": "SqueezeBackward3", "SqueezeBackward1": "SqueezeBackward4",
    "SqueezeBackward2": "SqueezeBackward5", "AsStridedBackward0": "AsStridedBackward1",
}  # fmt: skip
NAMES = ("t", "transpose", "squeeze", "unsqueeze", "swapaxes", "swapdims")

ALIAS = private(
    "alias(x)",
    lambda x: x[...],
    shape=lambda x: x.shape,
    vjp=[lambda g, out, x: g],
    grad_fn="AliasBackward0",
    layout="like",
    view=True,
    doc="The same elements.",
)


def restrided(bind: Callable[..., Any], name: str) -> Callable[..., Tensor]:
    """The method `x.t_()` of a view operation."""

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if modes._grad.on:
            refuse_history(self, self.requires_grad)
        node = unwrapped(self, {})
        with session():
            try:
                made = bind(node, *args, **kwargs)
            except AutodiffError as error:
                error.message = error.message.replace(f"{name}()", f"{name}_()")
                raise
            if made is node:
                made = ALIAS.make((node,))
            found = path_between(made, {node: self})
            array = record(made).value
            if found is None or (array.size and not np.may_share_memory(array, self._array)):
                raise RuntimeError("this cannot be done in place")
            if made.requires_grad and made.op is not ALIAS:
                title = grad_fn(made) or ""
                made = renamed(made.op, TITLES.get(title, title)).make(made.args)
                array = record(made).value
            self._look_at(array, made, found[1])
        return self

    return method


def alias(self: Tensor) -> Tensor:
    """A view of everything, as `x[...]` gives."""
    return call(lambda x: ALIAS.make((x,)), (self,), {})  # type: ignore[no-any-return]


def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Fill the main diagonal with one number (again and again down a tall matrix, with wrap)."""
    if self.ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    shape = self.shape
    if self.ndim > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    small, step, start = min(shape), sum(self.stride()), self.storage_offset()
    as_strided(self, (small,), (step,), start).fill_(fill_value)
    if self.ndim == 2 and wrap and shape[0] > shape[1] + 1:
        down = self.stride()[0]
        more = -(-(shape[0] * shape[1] - small * (shape[1] + 1)) // (shape[1] + 1))
        as_strided(self, (more,), (step,), start + (small + 1) * down).fill_(fill_value)
    return self


def as_strided(self: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of the memory with this shape, these steps and this beginning; raises RuntimeError beyond its end."""
    array = self._array
    root = root_of(array)
    begin = self.storage_offset() if storage_offset is None else storage_offset
    sizes, steps = tuple(size), tuple(stride)
    needed = begin + sum(step * (n - 1) for n, step in zip(sizes, steps, strict=True)) + 1 if all(sizes) else 0
    if needed > root.size:
        raise RuntimeError(
            f"setStorage: sizes {list(sizes)}, strides {list(steps)}, storage offset {begin}, and itemsize"
            f" {array.itemsize} requiring a storage size of {needed * array.itemsize} are out of bounds for storage of"
            f" size {root.nbytes}"
        )
    view = np.ndarray(sizes, array.dtype, root, begin * array.itemsize, [step * array.itemsize for step in steps])
    node = held(view)
    if self.requires_grad and modes._grad.on:
        with session():
            node = AS_STRIDED.make((self._current, places_between(array, view)))
    return over(view, node, self)


def as_strided_(self: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Look at the memory with this shape, these steps and this beginning; raises RuntimeError beyond its end."""
    if modes._grad.on:
        refuse_history(self, self.requires_grad)
    made = as_strided(self, size, stride, storage_offset)
    node = made._node
    if node.requires_grad:
        node = renamed(node.op, TITLES["AsStridedBackward0"]).make(node.args)
        record(node).value = made._array
        node._strides = tuple(step // made._array.itemsize for step in made._array.strides)
    self._look_at(made._array, node, places_between(self._array, made._array))
    return self


def over(view: np.ndarray[Any, Any], node: Node, source: Tensor) -> Tensor:
    """A tensor that is a view of another one, by memory alone."""
    tensor = new(view, node, source._counter)
    base = source if source._base is None else source._base
    tensor._base, tensor._since = base, base._moves
    tensor._path = places_between(base._array, view)
    tensor._meta = source._meta if modes._grad.on else NO_GRAD
    return tensor


__all__ = ["NAMES", "alias", "as_strided", "as_strided_", "fill_diagonal_", "restrided"]
