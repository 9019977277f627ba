"""softmax, its logarithm, and softmin, along a dim."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.graph.composite import Composite, composite
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, writes_out
from autodiff.ops.checks import not_implemented
from autodiff.ops.reduce import SUM, Dims

IMPLICIT = "Without dim: 0 for tensors of 0, 1 or 3 dims, else 1, as in PyTorch, which advises against it."


def _shifted_exp(x: Any, dim: Dims, out: Any = None) -> tuple[Any, Any, Any]:
    """x minus its maximum along dim, the exponentials of that, and their sum.

    With `out` the first two are both there, and the first is lost.
    """
    top = np.max(x, axis=dim, keepdims=True) if all(x.shape[d] for d in dim) else x.dtype.type(0)
    moved = np.asarray(np.subtract(x, top, out=out))
    powers = np.asarray(np.exp(moved, out=out))
    return moved, powers, np.sum(powers, axis=dim, keepdims=True)


@writes_out
def _softmax_kernel(x: Any, dim: Dims, out: Any = None) -> Any:
    x = np.asarray(x)
    if x.dtype == np.float16:
        narrow = _softmax_kernel(x.astype(np.float32), dim).astype(np.float16)
        if out is None:
            return narrow
        out[...] = narrow
        return out
    _, powers, total = _shifted_exp(x, dim, out)
    return np.divide(powers, total, out=powers)


def _log_softmax_kernel(x: Any, dim: Dims) -> Any:
    x = np.asarray(x)
    if x.dtype == np.float16:
        return _log_softmax_kernel(x.astype(np.float32), dim).astype(np.float16)
    moved, _, total = _shifted_exp(x, dim)
    return moved - np.log(total)


def _floating(kernel: str) -> Any:
    def check(x: Node, dim: Dims) -> None:
        if not x.dtype.is_floating:
            last = "lastdim_" if dim[0] >= len(x.shape) - 1 else ""
            raise not_implemented(kernel.format(last), x.dtype)

    return check


SOFTMAX = Primitive(
    "softmax(x, dim: dims)",
    _softmax_kernel,
    check=_floating("softmax_{}kernel_impl"),
    shape=lambda x, dim: x.shape,
    batches=True,
    vjp=[lambda g, out, x, dim: out * (g - SUM(g * out, dim, True))],
    doc="exp(x), divided by its sum along dim.",
)
LOG_SOFTMAX = Primitive(
    "log_softmax(x, dim: dims)",
    _log_softmax_kernel,
    check=_floating("log_softmax_{}kernel_impl"),
    shape=lambda x, dim: x.shape,
    batches=True,
    vjp=[lambda g, out, x, dim: g - ops.exp(out) * SUM(g, dim, True)],
    doc="The logarithm of softmax(x, dim).",
)


def _implicit(x: Node, dim: int | None) -> int:
    if dim is not None:
        return dim
    return 0 if len(x.shape) in (0, 1, 3) else 1


def _cast(x: Node, dtype: DType | None) -> Node:
    return x if dtype is None or dtype is x.dtype else ops.to_copy(x, dtype)


def _declare(name: str, normal: Primitive, doc: str) -> Composite:
    composite(
        f"F.{name}(x, dim: dim? = None, _stacklevel: int = 3, dtype: dtype? = None)",
        lambda x, dim, _stacklevel, dtype: normal(_cast(x, dtype), _implicit(x, dim)),
        doc=f"{doc} {IMPLICIT}",
        example=f"F.{name}([1., 2., 3.], dim=0)",
    )
    return composite(
        f"{name}(x, dim: dim, dtype: dtype? = None)",
        lambda x, dim, dtype: normal(_cast(x, dtype), dim),
        aliases=[f"special.{name}"],
        doc=doc,
        example=f"{name}([1., 2., 3.], 0)",
        samples=[f"{name}(x, 0); x:2,3", f"{name}(x, -1); x:2,3", f"{name}(x, 1); x:2,3,2"],
    )


softmax = _declare("softmax", SOFTMAX, "exp(x), divided by its sum along dim, so that the sum is one.")
log_softmax = _declare("log_softmax", LOG_SOFTMAX, "The logarithm of softmax(x, dim), without overflow.")
softmin = composite(
    "F.softmin(x, dim: dim? = None, _stacklevel: int = 3, dtype: dtype? = None)",
    lambda x, dim, _stacklevel, dtype: SOFTMAX(-_cast(x, dtype), _implicit(x, dim)),
    aliases=["softmin"],
    doc=f"softmax(-x, dim). {IMPLICIT}",
    example="F.softmin([1., 2., 3.], dim=0)",
    samples=["F.softmin(x, 0); x:2,3", "F.softmin(x, dim=-1); x:2,3"],
)
