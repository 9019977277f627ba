"""Covariance and correlation of variables in rows, observed in columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.ops.arithmetic import MUL_NUMBER
from autodiff.ops.create import SIZE
from autodiff.ops.reduce import SUM


def _not_negative(x: Any, name: str) -> Any:
    if np.any(np.less(x, 0)):
        raise AutodiffError("bad-value", f"cov(): {name} cannot be negative", operands=(0,))
    return x


WEIGHTS = Primitive(
    "weights(x, name: str)",
    _not_negative,
    shape=lambda x, name: x.shape,
    vjp=[lambda g, out, x, name: g],
    hidden=True,
    doc="x, checked to have no negative elements.",
)


def _weights(name: str, weights: Node, count: Any, integral: bool) -> Node:
    if len(weights.shape) > 1:
        raise AutodiffError(
            "bad-rank",
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {len(weights.shape)}"
            " dimensions",
            operands=(0,),
        )
    if weights.dtype.is_floating is integral or weights.dtype is dtypes.bool_:
        wanted = "integral" if integral else "floating point"
        got = {"Bool": "Bool"}.get(weights.dtype.long_name, weights.dtype.long_name)
        raise AutodiffError(
            "bad-dtype", f"cov(): expected {name} to have {wanted} dtype but got {name} with {got} dtype", operands=(0,)
        )
    size = weights.shape[0] if weights.shape else 1
    if size != count:
        raise AutodiffError(
            "shape-mismatch",
            f"cov(): expected {name} to have the same numel as there are observations in the input but got"
            f" {size} != {count}",
            operands=(0,),
        )
    return WEIGHTS(weights, name)  # type: ignore[no-any-return]


def _positive(factor: Node) -> Node:
    """What the products are divided by; no degrees of freedom count as none, not as less."""
    return factor if factor.requires_grad else ops.where(factor <= 0, ops.zeros_like(factor), factor)


def _cov(x: Node, correction: int, fweights: Node | None, aweights: Node | None) -> Node:
    if len(x.shape) > 2:
        raise AutodiffError(
            "bad-rank",
            f"cov(): expected input to have two or fewer dimensions but got an input with {len(x.shape)} dimensions",
            operands=(0,),
        )
    if x.dtype is dtypes.bool_:
        raise AutodiffError("bad-dtype", "cov(): bool dtype is not supported for input", operands=(0,))
    if len(x.shape) < 2:
        x = ops.view(x, (1, -1))
    w = None
    if fweights is not None:
        w = fweights = _weights("fweights", fweights, x.shape[1], True)
    if aweights is not None:
        aweights = _weights("aweights", aweights, x.shape[1], False)
        w = aweights if w is None else w * aweights
    if w is None:
        total: Any = SIZE(x, 1)
        count = x.shape[1]
        factor: Any = max(count - correction, 0) if isinstance(count, int) else total - correction
        average = SUM(x, (1,), False) / total
    else:
        total = SUM(w)
        average = SUM(x * w, (1,), False) / total
        if aweights is not None and correction != 0:
            factor = total - MUL_NUMBER(SUM(w * aweights), correction) / total
        else:
            factor = total - correction if correction else total
        factor = _positive(factor)
    x = x - ops.unsqueeze(average, 1)
    products = ops.mm(x, ops.t(x if w is None else x * w))
    return ops.squeeze(products / factor)  # type: ignore[no-any-return]


cov = composite(
    "cov(x, *, correction: int = 1, fweights: Tensor? = None, aweights: Tensor? = None)",
    _cov,
    doc="The covariance matrix of the rows of x; each column is an observation.",
    example="cov([[1., 2., 3.], [1., 0., 5.]])",
    samples=[
        "cov(x); x:2,4",
        "cov(x); x:4",
        "cov(x, correction=0); x:3,4",
        "cov(x, aweights=w); x:2,3, w:3 in 0.5..2",
        "cov(x, fweights=[1, 2, 3]); x:2,3",
    ],
)


def _corrcoef(x: Node) -> Node:
    if len(x.shape) > 2:
        raise AutodiffError(
            "bad-rank",
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {len(x.shape)}"
            " dimensions",
            operands=(0,),
        )
    c = _cov(x, 1, None, None)
    if not c.shape:
        return c / c
    deviation = ops.sqrt(ops.diagonal(c))
    c = c / ops.view(deviation, (-1, 1))
    c = c / ops.view(deviation, (1, -1))
    return ops.clamp(c, -1, 1)  # type: ignore[no-any-return]


corrcoef = composite(
    "corrcoef(x)",
    _corrcoef,
    doc="The correlation coefficients of the rows of x; each column is an observation.",
    example="corrcoef([[1., 2., 3.], [1., 0., 5.]])",
    samples=["corrcoef(x); x:2,4", "corrcoef(x); x:4"],
)
