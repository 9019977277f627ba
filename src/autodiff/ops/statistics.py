"""Variance and standard deviation, alone or with the mean."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Fold, Primitive
from autodiff.graph.sizes import Shape, is_concrete, normalize_dims, numel, reduced
from autodiff.ops.create import full_like
from autodiff.ops.reduce import (
    MEAN,
    MEAN_FOLD,
    Dims,
    all_if_empty,
    average,
    count_along,
    invalid_combination,
    kept,
    reduced_count,
    spread,
    strips,
    sum_of_tile,
)


def _variance(x: Any, dim: Dims, correction: float, keepdim: bool) -> Any:
    """In two passes, in double precision; nothing below zero divides."""
    x = np.asarray(x)
    wide = x.astype(np.float64, copy=False)
    deviation = wide - average(wide, dim, True)
    squares = np.sum(deviation * deviation, axis=dim, keepdims=keepdim)
    count = count_along(x, dim)
    return squares / np.float64(max(count - correction, 0) if count else 0)


def _narrow(result: Any, x: Any) -> Any:
    return np.asarray(result).astype(np.asarray(x).dtype, copy=False)


def _var_rule(g: Node, out: Node, x: Node, dim: Dims | None, correction: float) -> Node:
    """g has the shape of x with the reduced dims as ones, or none where all are reduced."""
    degrees = reduced_count(x, out) - correction
    deviation = x - MEAN(x, dim, True)
    whole = dim is None or not x.shape
    if whole and is_concrete(x.shape) and numel(x.shape) - correction <= 0:  # type: ignore[operator]
        infinite = ops.where(ops.eq(x, MEAN(x)), full_like(x, math.nan), full_like(x, math.inf))
        return g * infinite  # type: ignore[no-any-return]
    return g * (2 / degrees) * deviation  # type: ignore[no-any-return]


def _std_to_var(g: Node, out: Node) -> Node:
    """The cotangent of a variance from that of its root; zero where the root is."""
    return ops.where(ops.eq(out, 0), 0, g / (out * 2))  # type: ignore[no-any-return]


def _whole(x: Node, dim: Dims | None, correction: float, keepdim: bool, *_: Any) -> Shape:
    return reduced(x.shape, dim, keepdim)


def _moments_of_tile(tile: np.ndarray) -> tuple[int, float, float]:
    """Count, mean and sum of squared deviations."""
    mean = float(sum_of_tile(tile)) / tile.size
    near = tile.dtype.type(mean)  # deviations are from what the dtype can hold
    offset = mean - float(near)
    squares = _sum_of_squares(np.subtract(tile, near)) - tile.size * offset * offset
    return tile.size, mean, squares


def _sum_of_squares(tile: np.ndarray) -> float:
    rows, rest = strips(tile)
    return float(np.sum(np.vecdot(rows, rows), dtype=np.float64)) + float(np.dot(rest, rest))


def _moments_of_parts(parts: list[Any]) -> float:
    """The sum of squared deviations of all tiles (Chan, Golub and LeVeque 1979)."""
    counts, means, squares = (np.array(column, np.float64) for column in zip(*parts, strict=True))
    mean = np.sum(counts * means) / np.sum(counts)
    return float(np.sum(squares) + np.sum(counts * (means - mean) ** 2))


def _variance_of(squares: float, count: int, dim: Any, correction: Any, keepdim: bool) -> Any:
    return np.float64(squares) / max(count - float(correction), 0.0)


def _sum_in(part: tuple[int, float, float]) -> np.float64:
    count, mean, _ = part
    return np.float64(count * mean)


VAR = Primitive(
    "var(x, dim: dims?, correction: Number, keepdim: bool)",
    lambda x, dim, correction, keepdim: _narrow(_variance(x, dim, correction, keepdim), x),
    shape=_whole,
    batches=True,
    fold=Fold(_moments_of_tile, _moments_of_parts, _variance_of, {MEAN_FOLD: _sum_in}),
    vjp=[lambda g, out, x, dim, correction, keepdim: _var_rule(kept(g, x, dim, keepdim), out, x, dim, correction)],
    doc="Variance, of all elements or along dim.",
)
STD = Primitive(
    "std(x, dim: dims?, correction: Number, keepdim: bool)",
    lambda x, dim, correction, keepdim: _narrow(np.sqrt(_variance(x, dim, correction, keepdim)), x),
    shape=_whole,
    batches=True,
    fold=Fold(_moments_of_tile, _moments_of_parts, lambda *args: np.sqrt(_variance_of(*args)), {MEAN_FOLD: _sum_in}),
    vjp=[
        lambda g, out, x, dim, correction, keepdim: _var_rule(
            kept(_std_to_var(g, out), x, dim, keepdim), out, x, dim, correction
        )
    ],
    doc="Standard deviation, of all elements or along dim.",
)


def _with_mean(root: bool) -> Callable[..., Any]:
    def rule(g: Any, out: Any, x: Node, dim: Dims | None, correction: float, keepdim: bool) -> Node | None:
        total = None
        if g[0] is not None:
            inner = _std_to_var(g[0], out[0]) if root else g[0]
            total = _var_rule(kept(inner, x, dim, keepdim), out[0], x, dim, correction)
        if g[1] is not None:
            part = spread(g[1], x, dim, keepdim) / reduced_count(x, out[1])
            total = part if total is None else total + part
        return total

    return rule


def _two_results(x: Node, dim: Dims | None, correction: float, keepdim: bool) -> list[tuple[Shape, DType]]:
    return [(reduced(x.shape, dim, keepdim), x.dtype)] * 2


VAR_MEAN = Primitive(
    "var_mean(x, dim: dims?, correction: Number, keepdim: bool)",
    lambda x, dim, correction, keepdim: (
        _narrow(_variance(x, dim, correction, keepdim), x),
        average(x, dim, keepdim),
    ),
    results=_two_results,
    batches=True,
    vjp=[_with_mean(root=False)],
    doc="Variance and mean, of all elements or along dim.",
)
STD_MEAN = Primitive(
    "std_mean(x, dim: dims?, correction: Number, keepdim: bool)",
    lambda x, dim, correction, keepdim: (
        _narrow(np.sqrt(_variance(x, dim, correction, keepdim)), x),
        average(x, dim, keepdim),
    ),
    results=_two_results,
    batches=True,
    vjp=[_with_mean(root=True)],
    doc="Standard deviation and mean, of all elements or along dim.",
)


def _declare(name: str, reduction: Primitive, doc: str, complaint: str, second: str) -> None:
    def call(x: Node, dim: Any, unbiased: Any, keepdim: bool, correction: Any) -> Any:
        if isinstance(dim, bool):
            if unbiased is not None:
                raise invalid_combination(name, x, dim, unbiased)
            dim, unbiased = None, dim
        dims = _as_dims(name, x, dim, unbiased)
        if unbiased is not None and (correction is not None or not isinstance(unbiased, bool)):
            rest = {} if correction is None else {"correction": correction, "unbiased": unbiased}
            given = [] if dim is None else [dim]
            raise invalid_combination(name, x, *given, *([] if rest else [unbiased]), **rest)
        if not x.dtype.is_floating:
            raise AutodiffError(
                "bad-dtype",
                f"{complaint} only support floating point and complex dtypes",
                operands=(0,),
                help="make it floating: write the numbers with a point (3.), or x.double()",
            )
        if correction is None:
            correction = 1 if unbiased is None else int(unbiased)
        return reduction(x, dims, correction, keepdim)

    composite(
        f"{name}(x, dim: any = None, unbiased: any = None, keepdim: bool = False, *, correction: Number? = None)",
        call,
        doc=doc + " Divides by n - correction; unbiased=False is correction=0, otherwise it is 1.",
        example=f"{name}([[1., 2.], [3., 5.]], dim=0{', correction=0' if not second else ''}){second}",
        samples=[
            f"{name}(x){second}; x:2,3",
            f"{name}(x, 1){second}; x:2,3",
            f"{name}(x, (0, 2), keepdim=True){second}; x:2,3,2",
            f"{name}(x, correction=0){second}; x:2,3",
            f"{name}(x, False){second}; x:4",
        ],
        kinks="" if name.startswith("var") else "The gradient is zero where all elements are equal.",
    )


def _as_dims(name: str, x: Node, dim: Any, unbiased: Any) -> Dims | None:
    given = (dim,) if isinstance(dim, int) else dim
    if given is None:
        return None
    if not isinstance(given, (list, tuple)) or not all(isinstance(d, int) for d in given):
        raise invalid_combination(name, x, dim, *([] if unbiased is None else [unbiased]))
    return all_if_empty(x, normalize_dims(given, len(x.shape)))


_declare("var", VAR, "Variance, of all elements or along dim.", "std and var", "")
_declare("std", STD, "Standard deviation, of all elements or along dim.", "std and var", "")
_declare("var_mean", VAR_MEAN, "Variance and mean, of all elements or along dim.", "var_mean", "[0]")
_declare("std_mean", STD_MEAN, "Standard deviation and mean, of all elements or along dim.", "std_mean", "[0]")
