"""Choosing between tensors element by element."""

from __future__ import annotations

import numpy as np

from autodiff.graph.op import Elementwise, composite, none, ops

WHERE = Elementwise(
    "where(condition, x, y)",
    np.where,
    computes="promote",
    untyped=1,
    vjp=[
        none,
        lambda g, out, condition, x, y: WHERE(condition, g, 0),
        lambda g, out, condition, x, y: WHERE(condition, 0, g),
    ],
    doc="x where the condition holds, else y.",
)
where = composite(
    "where(condition, x: Tensor, y: Tensor)",
    WHERE,
    doc="x where the condition holds, else y. The branch that is not taken gets a zero gradient, and NaN stays NaN.",
    example="where([True, False], [1., 2.], 0.5)",
    samples=["where(x > 0, x^2, y); x:2,3, y:3"],
)
