"""Keeping numbers within bounds, which are plain numbers or tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import none


def _between(x: Any, low: Any, high: Any) -> Any:
    return np.minimum(high, np.maximum(low, x))


def _at_least(x: Any, low: Any) -> Any:
    """Of two zeros the one in x, as in PyTorch: NumPy takes the second."""
    return np.maximum(low, x)


def _at_most(x: Any, high: Any) -> Any:
    return np.minimum(high, x)


def _clamp(
    signature: str, kernel: Callable[..., Any], vjp: list[Any], grad_fn: str, text: str = "", edges: Any = None
) -> Elementwise:
    ufunc = {_at_least: np.maximum, _at_most: np.minimum}.get(kernel)
    return Elementwise(
        signature,
        kernel,
        specialize=ufunc and (lambda: (ufunc, (1, 0))),
        computes="promote",
        wraps=False,
        vjp=vjp,
        grad_fn=grad_fn,
        text=text,
        edges=edges,
        doc="x, kept within the bounds.",
    )


# By plain numbers: the gradient passes where x is within the bounds, or on one.
# In PyTorch `clamp` and `clamp_min` are two operations, each with two forms.


def _inside(g: Node, out: Node, x: Node, low: Node, high: Node) -> Node:
    return ops.where((x >= low) & (x <= high), g, 0)  # type: ignore[no-any-return]


def _above(g: Node, out: Node, x: Node, low: Node) -> Node:
    return ops.where(x >= low, g, 0)  # type: ignore[no-any-return]


def _below(g: Node, out: Node, x: Node, high: Node) -> Node:
    return ops.where(x <= high, g, 0)  # type: ignore[no-any-return]


CLAMP_NUMBERS = _clamp("clamp(x, min, max)", _between, [_inside, none, none], "ClampBackward1")
CLAMP_FROM_NUMBER = _clamp("clamp(x, min)", _at_least, [_above, none], "ClampBackward1", "clamp(x, min=min)")
CLAMP_TO_NUMBER = _clamp("clamp(x, max)", _at_most, [_below, none], "ClampBackward1", "clamp(x, max=max)")
CLAMP_MIN_NUMBER = _clamp("clamp_min(x, min)", _at_least, [_above, none], "ClampMinBackward0")
CLAMP_MAX_NUMBER = _clamp("clamp_max(x, max)", _at_most, [_below, none], "ClampMaxBackward0")

# By tensors: a bound gets the gradient where x is beyond it.

CLAMP_TENSORS = _clamp(
    "clamp(x, min, max)",
    _between,
    [
        _inside,
        lambda g, out, x, low, high: ops.where((x < low) & (low < high), g, 0),
        lambda g, out, x, low, high: ops.where((x > high) | (high < low), g, 0),
    ],
    "ClampBackward0",
)
CLAMP_MIN = _clamp(
    "clamp_min(x, min)",
    np.maximum,
    [_above, lambda g, out, x, low: ops.where(x < low, g, 0)],
    "ClampMinBackward1",
)
CLAMP_MAX = _clamp(
    "clamp_max(x, max)",
    np.minimum,
    [_below, lambda g, out, x, high: ops.where(x > high, g, 0)],
    "ClampMaxBackward1",
)

# PyTorch's node of `clamp` with one tensor has an edge for the other bound too, which leads nowhere.
CLAMP_FROM_TENSOR = _clamp(
    "clamp(x, min)",
    np.maximum,
    [_above, lambda g, out, x, low: ops.where(x < low, g, 0)],
    "ClampBackward0",
    "clamp(x, min=min)",
    lambda x, low: [x, low, None],
)
CLAMP_TO_TENSOR = _clamp(
    "clamp(x, max)",
    np.minimum,
    [_below, lambda g, out, x, high: ops.where(x > high, g, 0)],
    "ClampBackward0",
    "clamp(x, max=max)",
    lambda x, high: [x, None, high],
)


def _choose(x: Node, low: Node | None, high: Node | None) -> Node:
    if low is None and high is None:
        raise AutodiffError("missing-argument", "torch.clamp: At least one of 'min' or 'max' must not be None")
    numbers = (low is None or low.weak) and (high is None or high.weak)
    if high is None:
        return CLAMP_FROM_NUMBER(x, low) if numbers else CLAMP_FROM_TENSOR(x, low)  # type: ignore[no-any-return]
    if low is None:
        return CLAMP_TO_NUMBER(x, high) if numbers else CLAMP_TO_TENSOR(x, high)  # type: ignore[no-any-return]
    return (CLAMP_NUMBERS if numbers else CLAMP_TENSORS)(x, low, high)  # type: ignore[no-any-return]


_ON_THE_BOUND = "Where x equals a bound the gradient goes to x."

clamp = composite(
    "clamp(x, min: Tensor? = None, max: Tensor? = None)",
    _choose,
    aliases=["clip"],
    doc="x, but no less than min and no more than max, which are numbers or tensors.",
    kinks=_ON_THE_BOUND,
    example="clamp([-2., 0.5, 3.], 0, 1)",
    samples=[
        "clamp(x, -1, 1); x:2,3",
        "x.clamp(min=0); x:2,3",
        "x.clamp(max=0.5); x:2,3",
        "clamp(x, y, z); x:2,3, y:3 in -1..0, z:3 in 0..1",
        "clamp(x, min=y); x:2,3, y:3",
        "clamp(x, max=y); x:2,3, y:3",
    ],
)
clamp_min = composite(
    "clamp_min(x, min)",
    lambda x, low: (CLAMP_MIN_NUMBER if low.weak else CLAMP_MIN)(x, low),
    doc="x, but no less than min.",
    kinks=_ON_THE_BOUND,
    example="clamp_min([-2., 0.5], 0)",
    samples=["clamp_min(x, 0); x:2,3", "clamp_min(x, y); x:2,3, y:3"],
)
clamp_max = composite(
    "clamp_max(x, max)",
    lambda x, high: (CLAMP_MAX_NUMBER if high.weak else CLAMP_MAX)(x, high),
    doc="x, but no more than max.",
    kinks=_ON_THE_BOUND,
    example="clamp_max([-2., 0.5], 0)",
    samples=["clamp_max(x, 0); x:2,3", "clamp_max(x, y); x:2,3, y:3"],
)
