"""Padding, with a constant or with what is near."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import BOOL
from autodiff.graph.node import Node
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Shape, show
from autodiff.ops.checks import not_implemented
from autodiff.ops.create import int_list

# Pads are given from the last dim on, two a dim: (left, right, top, bottom, …); negative ones cut off.


def _padded_shape(shape: Shape, pads: tuple[int, ...]) -> Shape:
    rank = len(shape)
    result = list(shape)
    for i in range(len(pads) // 2):
        result[rank - 1 - i] = result[rank - 1 - i] + pads[2 * i] + pads[2 * i + 1]
    return tuple(result)


def _constant_kernel(x: Any, pads: tuple[int, ...], value: Any) -> Any:
    cut = [slice(None)] * x.ndim
    widths = [(0, 0)] * x.ndim
    for i in range(len(pads) // 2):
        low, high = pads[2 * i : 2 * i + 2]
        axis = x.ndim - 1 - i
        cut[axis] = slice(max(-low, 0), x.shape[axis] - max(-high, 0))
        widths[axis] = (max(low, 0), max(high, 0))
    if not widths:
        return x
    fill = np.asarray(value).astype(x.dtype)
    return np.pad(x[tuple(cut)], widths, constant_values=fill)


CONSTANT_PAD: Primitive = Primitive(
    "constant_pad_nd(x, pads: ints, value: Number)",
    _constant_kernel,
    shape=lambda x, pads, value: _padded_shape(x.shape, pads),
    vjp=[lambda g, out, x, pads, value: CONSTANT_PAD(g, tuple(-p for p in pads), 0)],
    doc="x with a border of one value.",
)


# The other modes say for each place of the result which place of x it shows.


def _shown_places(size: int, low: int, high: int, mode: str) -> Any:
    if mode == "circular":
        first = max(-low, 0)
        kept = size - first - max(-high, 0)
        places = np.arange(-max(low, 0), kept + max(high, 0))
        return np.minimum(first + places % max(kept, 1), size - 1)  # where nothing is kept, PyTorch shows any number
    places = np.arange(-low, size + high)
    if mode == "replicate":
        return np.clip(places, 0, size - 1)
    places = np.abs(places)
    return np.where(places >= size, 2 * (size - 1) - places, places)


def _mirror_kernel(x: Any, pads: tuple[int, ...], mode: str) -> Any:
    for i in range(len(pads) // 2):
        axis = x.ndim - 1 - i
        x = np.take(x, _shown_places(x.shape[axis], pads[2 * i], pads[2 * i + 1], mode), axis)
    return x


def _mirror_gradient_kernel(g: Any, size: tuple[int, ...], pads: tuple[int, ...], mode: str) -> Any:
    for i in range(len(pads) // 2):
        axis = g.ndim - 1 - i
        places = _shown_places(size[axis - g.ndim], pads[2 * i], pads[2 * i + 1], mode)
        moved = np.moveaxis(g, axis, 0)
        result = np.zeros((size[axis - g.ndim], *moved.shape[1:]), g.dtype)
        np.add.at(result, places, moved)
        g = np.moveaxis(result, 0, axis)
    return g


def _mirror_name(x: Node, pads: tuple[int, ...], mode: str) -> str:
    if mode == "circular":
        return "torch::autograd::CopySlices"
    return f"{'Reflection' if mode == 'reflect' else 'Replication'}Pad{len(pads) // 2}DBackward0"


MIRROR_PAD = Primitive(
    "mirror_pad(x, pads: ints, mode: str)",
    _mirror_kernel,
    shape=lambda x, pads, mode: _padded_shape(x.shape, pads),
    vjp=[lambda g, out, x, pads, mode: MIRROR_PAD_GRADIENT(g, x.shape, pads, mode)],
    grad_fn=_mirror_name,
    doc="x with a border that repeats what is near.",
)
MIRROR_PAD_GRADIENT: Primitive = Primitive(
    "mirror_pad_backward(g, size: sizes, pads: ints, mode: str)",
    _mirror_gradient_kernel,
    shape=lambda g, size, pads, mode: size,
    vjp=[lambda c, out, g, size, pads, mode: MIRROR_PAD(c, pads, mode)],
    doc="A gradient added up where the border came from.",
)


def _check_constant(x: Node, pads: tuple[int, ...]) -> None:
    for dim, size in zip(x.shape, _padded_shape(x.shape, pads), strict=True):
        if isinstance(dim, int) and isinstance(size, int) and size < 0:
            raise AutodiffError("bad-value", "narrow(): length must be non-negative.", operands=(0, 1))


def _check_mirror(x: Node, pads: tuple[int, ...], mode: str) -> None:
    rank, dims = len(x.shape), len(pads) // 2
    if dims not in (1, 2, 3) or rank not in (dims + 1, dims + 2):
        message = f"Padding size {len(pads)} is not supported for {rank}D input tensor."
        raise AutodiffError("bad-value", message, type="NotImplementedError", operands=(0, 1))
    if any(size == 0 for size in x.shape[-dims - 1 :]) and mode != "circular":
        raise AutodiffError(
            "bad-value",
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero"
            f" dimensions for input, but got: {show(x.shape)}",
            operands=(0,),
        )
    if x.dtype.kind == BOOL and mode != "circular":
        raise not_implemented(f"{'reflection' if mode == 'reflect' else 'replication'}_pad{dims}d", x.dtype)
    for i in range(dims):
        size, (low, high) = x.shape[rank - 1 - i], pads[2 * i : 2 * i + 2]
        if not isinstance(size, int):
            continue
        if mode == "reflect" and (low >= size or high >= size):
            raise AutodiffError(
                "bad-value",
                f"Argument #{2 * i + 4}: Padding size should be less than the corresponding input dimension, but got:"
                f" padding ({low}, {high}) at dimension {rank - 1 - i} of input {show(x.shape)}",
                operands=(0, 1),
            )
        if mode == "circular":
            if low > size or high > size:
                raise AutodiffError("bad-value", "Padding value causes wrapping around more than once.")
            if size + low + high < 0:
                raise AutodiffError("bad-value", "Negative padding value is resulting in an empty dimension")
    if mode != "circular":
        _check_size(x, pads, dims)


def _check_size(x: Node, pads: tuple[int, ...], dims: int) -> None:
    before, after = x.shape[-dims:], _padded_shape(x.shape, pads)[-dims:]
    if any(isinstance(size, int) and size < 1 for size in after):
        names = ("D", "H", "W")[-dims:]
        given = " ".join(f"{name}: {size}" for name, size in zip(names, before, strict=True))
        found = " ".join(f"{name}: {size}" for name, size in zip(names, after, strict=True))
        message = f"input ({given}) is too small. Calculated output {found}"
        raise AutodiffError("bad-value", message, operands=(0, 1))


def _pad(x: Node, pads: Any, mode: Any, value: Any) -> Node:
    rank, pads = len(x.shape), int_list("pad", "pad", 2, pads)
    if len(pads) % 2:
        raise AutodiffError("bad-value", "Padding length must be divisible by 2", operands=(1,))
    if len(pads) > 2 * rank:
        raise AutodiffError(
            "bad-value",
            "Padding length should be less than or equal to two times the input dimension but got padding length"
            f" {len(pads)} and input of dimension {rank}",
            operands=(0, 1),
        )
    if mode == "constant":
        _check_constant(x, pads)
        return CONSTANT_PAD(x, pads, 0 if value is None else value)  # type: ignore[no-any-return]
    if value is not None and value != 0:
        raise AutodiffError("bad-value", f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise AutodiffError(
            "bad-value",
            f"Unrecognised padding mode {mode}",
            type="NotImplementedError",
            help="mode is 'constant', 'reflect', 'replicate' or 'circular'",
        )
    _check_mirror(x, pads, mode)
    return MIRROR_PAD(x, pads, mode)  # type: ignore[no-any-return]


composite(
    "pad(x, pad: any, mode: str = 'constant', value: Number? = None)",
    _pad,
    doc="x with a border, two widths a dim from the last dim on: constant, reflect, replicate or circular.",
    example="pad([[1., 2.], [3., 4.]], (1, 1))",
    samples=[
        "pad(x, (1, 2)); x:2,3",
        "pad(x, (1, -1, 0, 2), value=3); x:2,3",
        "pad(x, (1, 2), mode='reflect'); x:2,3",
        "pad(x, (1, 1, 2, 0), mode='replicate'); x:1,2,3",
        "pad(x, (1, 2), mode='circular'); x:2,3",
    ],
)
composite(
    "constant_pad_nd(x, pad: any, value: Number = 0)",
    lambda x, pad, value: _pad(x, pad, "constant", value),
    doc="x with a border of one value, two widths a dim from the last dim on.",
    example="constant_pad_nd([1., 2.], (1, 1), 5.)",
    samples=["constant_pad_nd(x, (1, 2), 3.); x:2,3"],
)
