"""What kernels raise that is not ours, as errors with facts and a place."""

from __future__ import annotations

from autodiff.errors import AutodiffError
from autodiff.graph.node import Node


def overflow(node: Node) -> AutodiffError:
    """A plain number that the element type of `node`'s operand cannot hold."""
    dtype = node.inputs[0].dtype if node.inputs else node.dtype
    return AutodiffError(
        "limit-number", f"value cannot be converted to type {dtype.name}_t without overflow", span=node.span
    )
