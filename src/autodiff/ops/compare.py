"""Comparisons and logic. Their results are bool, and no gradient flows through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.graph.node import OPERATORS
from autodiff.graph.op import Elementwise, elementwise


def _comparison(name: str, sign: str, kernel: Callable[..., Any], *aliases: str) -> Elementwise:
    operation = elementwise(
        f"{name}(x, y)",
        kernel,
        computes="bool",
        aliases=aliases,
        text=f"x {sign} y",
        doc=f"Whether x {sign} y, element by element.",
        example=f"{name}([1., 2., 3.], 2)",
    )
    OPERATORS[sign] = operation
    return operation


eq = _comparison("eq", "==", np.equal)
ne = _comparison("ne", "!=", np.not_equal, "not_equal")
lt = _comparison("lt", "<", np.less, "less")
le = _comparison("le", "<=", np.less_equal, "less_equal")
gt = _comparison("gt", ">", np.greater, "greater")
ge = _comparison("ge", ">=", np.greater_equal, "greater_equal")
