"""In-place operations that change how a tensor looks at its memory: `t_`, `transpose_`, `squeeze_`, `unsqueeze_` …

The base of views goes on from its new node, and its views find their way anew; a view that is transposed in place only
changes its own way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.graph.op import Primitive, ops
from autodiff.graph.shown import grad_fn
from autodiff.tensor import modes
from autodiff.tensor.calling import Sources, call, unwrapped
from autodiff.tensor.guards import refuse_history
from autodiff.tensor.modes import session
from autodiff.tensor.storage import record
from autodiff.tensor.tensor import Tensor
from autodiff.tensor.views import path_between, private

# PyTorch numbers the nodes of these forms behind those of the functions.
TITLES = {
    "TBackward0": "TBackward1", "TransposeBackward0": "TransposeBackward1", "UnsqueezeBackward0": "UnsqueezeBackward1",
    "SqueezeBackward0": "SqueezeBackward3", "SqueezeBackward1": "SqueezeBackward4",
    "SqueezeBackward2": "SqueezeBackward5", "AsStridedBackward0": "AsStridedBackward1",
}  # fmt: skip
NAMES = ("t", "transpose", "squeeze", "unsqueeze", "swapaxes", "swapdims", "swapaxes")

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
_renamed: dict[tuple[Primitive, str], Primitive] = {}


def _titled(op: Primitive, title: str) -> Primitive:
    """The operation with another name for its node."""
    found = _renamed.get((op, title))
    if found is None:
        found = _renamed[op, title] = private(
            op.signature_text,
            op.kernel,
            shape=op.shape,
            dtype=op.dtype,
            vjp=op.vjp,
            vjp_all=op.vjp_all,
            grad_fn=title,
            edges=op.edges,
            layout=op.layout,
            view=True,
            doc=op.doc,
        )
    return found


def restrided(bind: Callable[..., Any]) -> Callable[..., Tensor]:
    """The method `x.t_()` of a view operation."""

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if modes._grad[0]:
            refuse_history(self, self.requires_grad)
        sources: Sources = {}
        node = unwrapped(self, sources)
        with session():
            made = bind(node, *args, **kwargs)
            if made is node:
                made = ALIAS.make((node,))
            found = path_between(made, {node: self})
            array = record(made).value
            if found is None or not np.may_share_memory(array, self._array):
                raise RuntimeError("this cannot be done in place")
            if made.requires_grad and made.op is not ALIAS:
                title = grad_fn(made) or ""
                made = _titled(made.op, TITLES.get(title, title)).make(made.args)
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
    steps = sum(self.stride())
    small = min(shape)
    array = self._array
    view = self.as_strided((small,), (steps,), self.storage_offset())
    view.fill_(fill_value)
    if self.ndim == 2 and wrap and shape[0] > shape[1] + 1:
        size = shape[0] * shape[1]
        start = steps * (shape[1] + 1) - (steps - self.stride()[0] - self.stride()[1])
        del start
        step = shape[1] + 1
        rest = range(step * shape[1] + shape[1] - shape[1], size, step)
        places = [p for p in range(0, size, step) if p >= shape[1] * shape[1]]
        del rest
        for place in places:
            self[place // shape[1], place % shape[1]] = fill_value
    del array
    return self


__all__ = ["ALIAS", "NAMES", "alias", "fill_diagonal_", "ops", "restrided"]
