"""What operations with tensors of indices share: checks, and their errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.node import Node
from autodiff.graph.sizes import Dim, Shape

OUT_OF_BOUNDS = "index {{}} is out of bounds for dimension {} with size {}"


def bad_dtype(message: str, operands: Sequence[int] = (1,)) -> AutodiffError:
    return AutodiffError("bad-dtype", message, operands=operands)


def bad_shape(message: str, operands: Sequence[int] = (0, 1), type: str = "RuntimeError") -> AutodiffError:
    return AutodiffError("shape-mismatch", message, type=type, operands=operands)


def in_bounds(index: Any, size: int, message: str, type: str = "RuntimeError", negative: bool = False) -> None:
    """Raises for the first index out of range; {} in the message stands for it."""
    low = -size if negative else 0
    if index.size and (index.min() < low or index.max() >= size):
        worst = index[(index < low) | (index >= size)].flat[0]
        raise AutodiffError("index-out-of-range", message.format(worst), type=type)


def is_index(node: Node) -> bool:
    return node.dtype in (dtypes.int32, dtypes.int64)


def rank_of(node: Node) -> int:
    return max(len(node.shape), 1)


def as_rank(x: Any, rank: int) -> Any:
    return x if np.ndim(x) else np.reshape(x, (1,) * rank)


def larger(a: Dim, b: Dim) -> bool:
    """Whether a is known to be larger than b; named sizes are taken to be large enough."""
    return isinstance(a, int) and isinstance(b, int) and a > b


def keeps_shape(x: Node, *_: Any) -> Shape:
    return x.shape
