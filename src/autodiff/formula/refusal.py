"""The error for what has no formula."""

from __future__ import annotations

from autodiff.errors import AutodiffError
from autodiff.graph.node import Node


def no_formula(what: str, node: Node | None = None) -> AutodiffError:
    return AutodiffError(
        "no-formula",
        what,
        type="NotImplementedError",
        span=node.span if node is not None else None,
        help="autodiff eval computes the gradient for given values",
    )
