"""Sliding blocks of an image as columns (unfold), and columns added up to an image (fold)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Dim, normalize_dim, numel, show
from autodiff.ops.checks import not_implemented
from autodiff.ops.conv import Ints, columns_of, fail, out_size, scatter, volume
from autodiff.ops.create import int_or_ints


def _blocks(size: Sequence[Dim], kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> list[Dim]:
    return [out_size(*parts) for parts in zip(size, kernel, stride, padding, dilation, strict=True)]


def _unfold_kernel(x: Any, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Any:
    wide = np.reshape(x, (math.prod(x.shape[:-3]), *x.shape[-3:]))
    places = tuple(_blocks(wide.shape[2:], kernel, dilation, padding, stride))
    columns = columns_of(wide, kernel, places, stride, padding, dilation, 1)[:, 0]  # type: ignore[arg-type]
    return np.reshape(columns, (*x.shape[:-3], *columns.shape[1:]))


def _fold_kernel(x: Any, size: Ints, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Any:
    wide = np.reshape(x, (math.prod(x.shape[:-2]), *x.shape[-2:]))
    channels = x.shape[-2] // volume(kernel)
    unit = np.reshape(np.eye(channels * volume(kernel), dtype=x.dtype), (-1, channels, *kernel))
    places = _blocks(size, kernel, dilation, padding, stride)
    grid = np.reshape(wide, (*wide.shape[:2], *places))
    out = scatter(grid, unit, (len(wide), channels, *size), stride, padding, dilation, 1)
    return np.reshape(out, (*x.shape[:-2], channels, *size))


IM2COL = Primitive(
    "F.unfold(x, kernel_size: ints, dilation: ints, padding: ints, stride: ints)",
    _unfold_kernel,
    shape=lambda x, kernel, *how: (
        *x.shape[:-3],
        x.shape[-3] * volume(kernel),
        numel(tuple(_blocks(x.shape[-2:], kernel, *how))),
    ),
    vjp=[lambda g, out, x, *how: COL2IM(g, x.shape[-2:], *how)],
    grad_fn="Im2ColBackward0",
    doc="Sliding blocks as columns.",
)
COL2IM: Primitive = Primitive(
    "F.fold(x, output_size: sizes, kernel_size: ints, dilation: ints, padding: ints, stride: ints)",
    _fold_kernel,
    shape=lambda x, size, kernel, *how: (*x.shape[:-2], x.shape[-2] // volume(kernel), *size),
    vjp=[lambda g, out, x, size, *how: IM2COL(g, *how)],
    grad_fn="Col2ImBackward0",
    doc="Columns added up where their blocks were.",
)


def _pairs(function: str, **values: Any) -> list[Ints]:
    """Two ints of each argument."""
    pairs = []
    for name, given in values.items():
        value = int_or_ints(function, name, given)
        pairs.append((value, value) if isinstance(value, int) else value)
        if len(pairs[-1]) != 2:
            raise fail(f"It is expected {name} equals to 2, but got size {len(pairs[-1])}")
    return pairs


def _check_blocks(kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> None:
    for name, word, values in (
        ("kernel size", "kernel", kernel),
        ("dilation", "dilation", dilation),
        ("stride", "stride", stride),
    ):
        if min(values) <= 0:
            raise fail(
                f"{name} should be greater than zero, but got {word}_height: {values[0]} {word}_width: {values[1]}"
            )
    if min(padding) < 0:
        raise fail(f"padding should be non-negative, but got pad_height: {padding[0]} pad_width: {padding[1]}")


def _round(values: Sequence[Any]) -> str:
    return "(" + ", ".join(map(str, values)) + ")"


def _unfold(x: Node, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Node:
    kernel, spread, pads, steps = _pairs(
        "unfold", kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride
    )
    _check_blocks(kernel, spread, pads, steps)
    normalize_dim(min(len(x.shape), 2), len(x.shape))
    if len(x.shape) not in (3, 4) or 0 in x.shape[len(x.shape) - 3 :]:
        raise fail(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input,"
            f" but got: {show(x.shape)}",
            "bad-rank",
            (0,),
        )
    blocks = _blocks(x.shape[-2:], kernel, spread, pads, steps)
    if any(isinstance(count, int) and count < 1 for count in blocks):
        raise fail(
            f"Given input with spatial size {_round(x.shape[-2:])}, kernel_size={_round(kernel)},"
            f" dilation={_round(spread)}, padding={_round(pads)}, calculated shape of the array of sliding blocks as"
            f" {_round(blocks)}, but its components must be at least one.",
            "shape-mismatch",
        )
    if not x.dtype.is_floating and x.dtype is not dtypes.bool_:
        raise not_implemented("im2col_out_cpu", x.dtype)
    return IM2COL(x, kernel, spread, pads, steps)  # type: ignore[no-any-return]


def _fold(x: Node, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Node:
    size, kernel, spread, pads, steps = _pairs(
        "fold", output_size=output_size, kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride
    )
    _check_blocks(kernel, spread, pads, steps)
    if len(x.shape) not in (2, 3) or 0 in x.shape[len(x.shape) - 2 :]:
        raise fail(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for"
            f" input, but got: {show(x.shape)}",
            "bad-rank",
            (0,),
        )
    rows, places = x.shape[-2:]
    if isinstance(rows, int) and rows % volume(kernel):
        raise fail(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got"
            f" input.size(1)={rows} and kernel_size={_round(kernel)}.",
            "shape-mismatch",
        )
    blocks = _blocks(size, kernel, spread, pads, steps)
    if places != numel(tuple(blocks)):
        raise fail(
            f"Given output_size={_round(size)}, kernel_size={_round(kernel)}, dilation={_round(spread)},"
            f" padding={_round(pads)}, stride={_round(steps)}, expected size of input's dimension 2 to match the"
            f" calculated number of sliding blocks {blocks[0]} * {blocks[1]} = {numel(tuple(blocks))}, but got"
            f" input.size(2)={places}.",
            "shape-mismatch",
        )
    if not x.dtype.is_floating:
        raise not_implemented("col2im_out_cpu", x.dtype)
    return COL2IM(x, size, kernel, spread, pads, steps)  # type: ignore[no-any-return]


composite(
    "F.unfold(x, kernel_size: any, dilation: any = 1, padding: any = 0, stride: any = 1)",
    _unfold,
    doc="The blocks under a kernel that moves over x, as columns.",
    example="F.unfold([[[1., 2., 3.], [4., 5., 6.]]], 2)",
    samples=["F.unfold(x, 2); x:1,2,3,4", "F.unfold(x, (2, 1), 1, (1, 0), 2); x:1,3,3"],
)
composite(
    "fold(x, output_size: any, kernel_size: any, dilation: any = 1, padding: any = 0, stride: any = 1)",
    _fold,
    doc="Columns added up where their blocks are in an image of output_size.",
    example="fold([[1., 2.], [3., 4.]], (1, 3), (1, 2))",
    samples=["fold(x, (3, 3), 2); x:1,4,4", "fold(x, (2, 3), (2, 2), padding=(0, 1), stride=2); x:4,2"],
)
