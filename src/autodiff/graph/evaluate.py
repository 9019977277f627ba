"""Values at build time, for the few places where a shape or a plain number depends on data (`x[x > 0]`, `item`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.node import Node

Evaluate = Callable[[Node], np.ndarray]

evaluators: list[Evaluate | None] = [None]  # the last one is asked


@contextmanager
def evaluating_with(evaluate: Evaluate | None) -> Iterator[None]:
    """Inside, `values_of` asks `evaluate`."""
    evaluators.append(evaluate)
    try:
        yield
    finally:
        evaluators.pop()


def values_of(node: Node) -> np.ndarray:
    """The value of a node while the graph is built; raises `needs-value` where variables have none."""
    evaluate = evaluators[-1]
    if evaluate is None:
        raise AutodiffError(
            "needs-value",
            "the shape or the course of this expression depends on values",
            span=node.span,
            help="give every variable a value",
        )
    return evaluate(node)
