"""The incomplete gamma functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.graph.elementwise import elementwise
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.ops import numerics
from autodiff.ops.checks import floating_only, not_differentiable


def _density(x: Node, y: Node) -> Node:
    """The density of the gamma distribution. Source: DLMF 8.8.13."""
    return ops.exp((x - 1) * ops.log(y) - y - ops.lgamma(x))  # type: ignore[no-any-return]


def _incomplete(name: str, alias: str, kernel: Callable[..., Any], sign: int, part: str) -> None:
    elementwise(
        f"{name}(x, y)",
        kernel,
        check=floating_only(f"{name}_cpu", 2),
        vjp=[
            not_differentiable(f"{name}: input", "the derivative for '{}' is not implemented."),
            lambda g, out, x, y: g * _density(x, y) if sign > 0 else -g * _density(x, y),
        ],
        aliases=[alias],
        doc=f"The regularized {part} incomplete gamma function of order x at y; PyTorch has no derivative by x.",
        example=f"{name}([1., 2.], [0.5, 3.])",
        samples=[f"{name}(tensor([0.5, 2., 3.5]), y); y:2,3"],
        domain=(0.2, 3.0),
    )


_incomplete("igamma", "special.gammainc", numerics.gammainc, 1, "lower")
_incomplete("igammac", "special.gammaincc", numerics.gammaincc, -1, "upper")
