"""Layout: views, and rearrangements that copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.graph.node import Node
from autodiff.graph.op import Primitive, composite, ops, primitive, strides
from autodiff.graph.sizes import Shape


def _unsqueezed(node: Node) -> Shape:
    (x,), (dim,) = node.inputs, node.params
    own = strides(x)
    new = own[dim] * x.shape[dim] if dim < len(own) else 1
    return (*own[:dim], new, *own[dim:])


unsqueeze = primitive(
    "unsqueeze(x, dim: newdim)",
    np.expand_dims,
    shape=lambda x, dim: (*x.shape[:dim], 1, *x.shape[dim:]),
    vjp=[lambda g, out, x, dim: ops.squeeze(g, (dim,))],
    layout=_unsqueezed,
    view=True,
    doc="A dimension of size one inserted at dim.",
    example="unsqueeze([1., 2.], 0)",
    samples=["unsqueeze(x, 1); x:2,3", "unsqueeze(x, -1); x:2,3"],
)
