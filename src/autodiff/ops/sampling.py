"""Sampling at places that a grid names, and the grids of affine maps."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import FLOATING, int64
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, none, zero
from autodiff.graph.sizes import Shape, concrete, show, size_text
from autodiff.ops.checks import not_implemented
from autodiff.ops.create import int_list
from autodiff.ops.pool import fail
from autodiff.ops.resample import cubic_slopes, cubic_weights

Ints = tuple[int, ...]

# Where a coordinate outside of the image ends up. Reflections are about the edges of pixels, or their centres
# (align_corners); what still lies outside goes to the border, where the derivative is 0.


def _reflected(u: Any, size: int, align: bool) -> tuple[Any, Any]:
    """A reflected coordinate and the sign of its derivative."""
    low, high = (0.0, size - 1.0) if align else (-0.5, size - 0.5)
    span = high - low
    if span == 0:
        return np.zeros_like(u), np.zeros_like(u)
    away = np.abs(u - low)
    extra, flips = np.fmod(away, span), np.floor(away / span)
    even = flips % 2 == 0
    return np.where(even, extra + low, span - extra + low), np.where(u < low, -1, 1) * np.where(even, 1, -1)


def _padded(u: Any, size: int, padding: str, align: bool) -> tuple[Any, Any]:
    if padding == "zeros":
        return u, np.ones_like(u)
    sign = np.ones_like(u)
    if padding == "reflection":
        u, sign = _reflected(u, size, align)
    inside = (u > 0) & (u < size - 1)
    return np.clip(u, 0, size - 1), np.where(inside, sign, 0)


PADDED = Elementwise(
    "grid_padded(x, size: int, padding: str, align: bool)",
    lambda x, *how: _padded(x, *how)[0],
    vjp=[lambda g, out, x, *how: g * PADDED_SLOPE(x, *how)],
    doc="A coordinate brought into the image.",
)
PADDED_SLOPE: Elementwise = Elementwise(
    "grid_padded_slope(x, size: int, padding: str, align: bool)",
    lambda x, *how: _padded(x, *how)[1].astype(x.dtype),
    vjp=[zero],
    doc="The derivative of grid_padded: 1, -1, or 0 beyond the border.",
)


# Places are flattened: -1 stands for one outside, which is zero.


def _flat_places(bases: Any, offset: Ints, size: Ints, mode: str, padding: str, align: bool) -> Any:
    flat: Any = 0
    inside: Any = True
    for i, extent in enumerate(size):
        place = bases[..., i] + offset[i]
        if mode == "bicubic":
            place = _padded(place, extent, padding, align)[0]
        inside = inside & (place >= 0) & (place <= extent - 1)
        flat = flat * extent + np.where(np.isfinite(place), np.clip(place, 0, extent - 1), 0)
    return np.where(inside, flat, -1).astype(np.int64)


def _pick_kernel(x: Any, places: Any, dims: int) -> Any:
    flat = np.reshape(x, (*x.shape[:2], math.prod(x.shape[2:])))
    index = np.reshape(places, (len(places), 1, math.prod(places.shape[1:])))
    found = np.take_along_axis(flat, np.maximum(index, 0), -1)
    return np.reshape(np.where(index < 0, 0, found), (*x.shape[:2], *places.shape[1:]))


def _put_kernel(g: Any, places: Any, size: Ints) -> Any:
    n, c = g.shape[:2]
    count = math.prod(places.shape[1:])
    index = np.reshape(places, (n, 1, count))
    values = np.where(index < 0, 0, np.reshape(g, (n, c, count)))
    result = np.zeros((n, c, int(np.prod(size))), g.dtype)
    np.add.at(result, (np.arange(n)[:, None, None], np.arange(c)[:, None], np.maximum(index, 0)), values)
    return np.reshape(result, (n, c, *size))


PLACES = Primitive(
    "grid_places(bases, offset: ints, size: ints, mode: str, padding: str, align: bool)",
    _flat_places,
    shape=lambda bases, *how: bases.shape[:-1],
    dtype=lambda *_: int64,
    doc="Flat places of the neighbours of points, -1 outside.",
)
PICK = Primitive(
    "grid_pick(x, places, dims: int)",
    _pick_kernel,
    shape=lambda x, places, dims: (*x.shape[:2], *places.shape[1:]),
    vjp=[lambda g, out, x, places, dims: PUT(g, places, x.shape[-dims:]), none],
    doc="The elements at flat places, zero outside.",
)
PUT: Primitive = Primitive(
    "grid_put(g, places, size: sizes)",
    _put_kernel,
    shape=lambda g, places, size: (*g.shape[:2], *size),
    vjp=[lambda c, out, g, places, size: PICK(c, places, len(size)), none],
    doc="Elements added up at flat places.",
)


# The neighbours of a point along one dim, their weights and the derivatives of these, for arrays and nodes alike


def _offsets(mode: str) -> range:
    return {"nearest": range(1), "bilinear": range(2)}.get(mode, range(-1, 3))


def _weights(t: Any, mode: str) -> list[Any]:
    if mode == "nearest":
        return [1]
    return [1 - t, t] if mode == "bilinear" else cubic_weights(t)


def _slopes(t: Any, mode: str) -> list[Any]:
    if mode == "nearest":
        return [0]
    return [-1, 1] if mode == "bilinear" else cubic_slopes(t)


def _pixels(u: Any, size: int, align: bool) -> Any:
    """From [-1, 1] to pixels."""
    return (u + 1) / 2 * (size - 1) if align else ((u + 1) * size - 1) / 2


def _product(factors: list[Any]) -> Any:
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result


def _sample_kernel(x: Any, grid: Any, mode: str, padding: str, align: bool) -> Any:
    size = x.shape[2:]
    dims = len(size)
    bases, weights = [], []
    for i, extent in enumerate(size):  # the grid names the last dim first
        u = _pixels(grid[..., dims - 1 - i], extent, align)
        if mode != "bicubic":
            u = _padded(u, extent, padding, align)[0]
        base = np.rint(u) if mode == "nearest" else np.floor(u)
        bases.append(base)
        weights.append(_weights(u - base, mode))
    stacked = np.stack(bases, -1)
    out: Any = 0
    for taps in product(range(len(_offsets(mode))), repeat=dims):
        offset = tuple(_offsets(mode)[k] for k in taps)
        picked = _pick_kernel(x, _flat_places(stacked, offset, size, mode, padding, align), dims)
        weight = _product([w[k] for w, k in zip(weights, taps, strict=True)])
        out = out + (picked if mode == "nearest" else picked * np.expand_dims(weight, 1))
    return out.astype(x.dtype)


def _sample_rule(g: Node, out: Node, x: Node, grid: Node, mode: str, padding: str, align: bool) -> list[Node]:
    size = concrete(x.shape[2:])
    dims = len(size)
    bases, weights, slopes, coordinates = [], [], [], []
    for i, extent in enumerate(size):
        u = _pixels(ops.select(grid, len(grid.shape) - 1, dims - 1 - i), extent, align)
        p = u if mode == "bicubic" else PADDED(u, extent, padding, align)
        base = ops.round(p) if mode == "nearest" else ops.floor(p)
        bases.append(base)
        weights.append(_weights(p - base, mode))
        slopes.append(_slopes(p - base, mode))
        scale = (extent - 1) / 2 if align else extent / 2
        coordinates.append(scale if mode == "bicubic" else PADDED_SLOPE(u, extent, padding, align) * scale)
    stacked = ops.stack(bases, len(grid.shape) - 1)
    into_x: Any = ops.zeros_like(x)
    along: list[Any] = [ops.zeros_like(base) for base in bases]
    for taps in product(range(len(_offsets(mode))), repeat=dims):
        offset = tuple(_offsets(mode)[k] for k in taps)
        places = PLACES(stacked, offset, size, mode, padding, align)
        weight = _product([w[k] for w, k in zip(weights, taps, strict=True)])
        share = g if mode == "nearest" else g * ops.unsqueeze(weight, 1)
        into_x = into_x + PUT(share, places, size)
        if mode == "nearest":
            continue
        seen = ops.sum(g * PICK(x, places, dims), (1,))
        for d in range(dims):
            slope = _product([(slopes if i == d else weights)[i][taps[i]] for i in range(dims)])
            along[d] = along[d] + seen * slope
    moved = [a * c for a, c in zip(along, coordinates, strict=True)]
    return [into_x, ops.stack(moved[::-1], len(grid.shape) - 1)]


GRID_SAMPLE = Primitive(
    "grid_sample(x, grid, mode: str, padding: str, align: bool)",
    _sample_kernel,
    shape=lambda x, grid, *how: (*x.shape[:2], *grid.shape[1:-1]),
    vjp_all=_sample_rule,
    grad_fn=lambda x, grid, *how: f"GridSampler{len(x.shape) - 2}DBackward0",
    doc="x at the places that grid names.",
)


def _check_grid(x: Node, grid: Node, mode: str) -> None:
    rank = len(x.shape)
    if grid.shape[:1] != x.shape[:1]:
        raise fail(
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes"
            f" {show(x.shape)} and grid with sizes {show(grid.shape)}",
            "shape-mismatch",
        )
    if not grid.shape or grid.shape[-1] != rank - 2:
        raise fail(
            f"grid_sampler(): expected grid to have size {rank - 2} in last dimension, but got grid with sizes"
            f" {show(grid.shape)}",
            "shape-mismatch",
        )
    for i in range(2, rank):
        if x.shape[i] == 0:
            raise fail(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes"
                f" {show(x.shape)} with dimension {i} being empty"
            )
    if rank not in (4, 5) or len(grid.shape) != rank:
        wanted = f"{rank}D" if rank in (4, 5) else "4D or 5D"
        raise fail(
            f"grid_sampler(): expected {wanted} input and grid with same number"
            f" of dimensions, but got input with sizes {show(x.shape)} and grid with sizes {show(grid.shape)}",
            "bad-rank",
        )
    if rank == 5 and mode == "bicubic":
        raise fail("grid_sampler(): bicubic interpolation only supports 4D input")


def _grid_sample(x: Node, grid: Node, mode: Any, padding: Any, align: bool | None) -> Node:
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise fail(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'",
            "bad-value",
            "ValueError",
        )
    if padding not in ("zeros", "border", "reflection"):
        raise fail(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got:"
            f" '{padding}'",
            "bad-value",
            "ValueError",
        )
    _check_grid(x, grid, mode)
    if grid.dtype is not x.dtype:
        message = f"expected scalar type {x.dtype.long_name} but found {grid.dtype.long_name}"
        if x.dtype.kind >= FLOATING:
            raise AutodiffError("bad-dtype", message, operands=(0, 1))
    if x.dtype.kind < FLOATING:
        raise not_implemented(f"grid_sampler_{len(x.shape) - 2}d_cpu_kernel_impl", x.dtype)
    concrete(x.shape[2:])
    return GRID_SAMPLE(x, grid, mode, padding, bool(align))  # type: ignore[no-any-return]


composite(
    "grid_sample(x, grid, mode: str = 'bilinear', padding_mode: str = 'zeros', align_corners: bool? = None)",
    _grid_sample,
    doc="x at the places that grid names, in coordinates from -1 to 1 over the image, the last dim first.",
    kinks="At the border of the image the gradient of the grid is 0 for padding modes other than zeros.",
    example="grid_sample([[[[1., 2.], [3., 4.]]]], [[[[0., 0.]]]])",
    samples=[
        "grid_sample(x, g); x:1,2,3,3, g:1,2,2,2 in -0.8..0.8",
        "grid_sample(x, g, mode='bicubic', align_corners=True); x:1,1,4,4, g:1,2,1,2 in -0.8..0.8",
        "grid_sample(x, g, padding_mode='reflection'); x:1,1,3,3, g:1,2,2,2 in -1.8..1.8",
        "grid_sample(x, g, padding_mode='border'); x:1,1,2,2,2, g:1,1,2,1,3 in -1.5..1.5",
    ],
)


# Grids of affine maps


def _base_grid(size: Ints, align: bool, dtype: Any) -> Any:
    """Every place of an image in coordinates from -1 to 1, and a 1, as rows."""
    axes = []
    for extent in size:
        line = np.linspace(-1, 1, extent) if extent > 1 else np.zeros(1)
        axes.append(line if align else line * (extent - 1) / extent)
    mesh = np.meshgrid(*axes, indexing="ij")[::-1]
    return np.stack([*mesh, np.ones(size)], -1).reshape(-1, len(size) + 1).astype(dtype)


def _affine_shape(theta: Node, size: Ints, align: bool) -> Shape:
    return (theta.shape[0], *size, len(size))


AFFINE_GRID = Primitive(
    "affine_grid(theta, size: ints, align: bool)",
    lambda theta, size, align: np.reshape(
        np.matmul(_base_grid(size, align, theta.dtype), np.swapaxes(theta, 1, 2)), (len(theta), *size, len(size))
    ),
    shape=_affine_shape,
    vjp=[lambda g, out, theta, size, align: AFFINE_GRADIENT(g, size, align)],
    grad_fn="AffineGridGeneratorBackward0",
    doc="The places of an image after an affine map.",
)
AFFINE_GRADIENT: Primitive = Primitive(
    "affine_grid_backward(g, size: ints, align: bool)",
    lambda g, size, align: np.matmul(
        np.swapaxes(np.reshape(g, (len(g), -1, len(size))), 1, 2), _base_grid(size, align, g.dtype)
    ),
    shape=lambda g, size, align: (g.shape[0], len(size), len(size) + 1),
    vjp=[lambda c, out, g, size, align: AFFINE_GRID(c, size, align)],
    doc="The gradient of an affine map from that of its grid.",
)


def _affine_grid(theta: Node, size: Any, align: bool | None) -> Node:
    size = concrete(int_list("affine_grid", "size", 2, size))
    if theta.dtype.kind < FLOATING:
        message = f"Expected theta to have floating point type, but got torch.{theta.dtype.name}"
        raise fail(message, "bad-dtype", "ValueError")
    shown = "(" + ", ".join(map(str, size)) + ("," if len(size) == 1 else "") + ")"
    if len(size) not in (4, 5):
        raise fail(
            f"affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size"
            f" {shown}.",
            "bad-value",
            "NotImplementedError",
        )
    dims = len(size) - 2
    if theta.shape[1:] != (dims, dims + 1):
        raise fail(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {shown}."
            f" Got {size_text(theta.shape)}.",
            "shape-mismatch",
            "ValueError",
        )
    if min(size) <= 0:
        raise fail(f"Expected non-zero, positive output size. Got {shown}", "bad-value", "ValueError")
    if theta.shape[0] != size[0]:
        raise fail(
            f"Expected size for first two dimensions of batch2 tensor to be: [{size[0]}, {dims + 1}] but got:"
            f" [{theta.shape[0]}, {dims + 1}].",
            "shape-mismatch",
        )
    return AFFINE_GRID(theta, tuple(size[2:]), bool(align))  # type: ignore[no-any-return]


composite(
    "affine_grid(theta, size: any, align_corners: bool? = None)",
    _affine_grid,
    doc="The places of an image of the given size (N, C, H, W) after the affine maps theta.",
    example="affine_grid([[[1., 0., 0.], [0., 1., 0.]]], (1, 1, 2, 2))",
    samples=["affine_grid(t, (2, 1, 2, 3)); t:2,2,3", "affine_grid(t, (1, 1, 2, 1, 2), True); t:1,3,4"],
)

MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")


def _by_number(names: tuple[str, ...], number: int, what: str) -> str:
    if not 0 <= number < len(names):
        raise AutodiffError("bad-value", f"grid_sampler(): {what} must be from 0 to {len(names) - 1}, got {number}")
    return names[number]


def _declare_sampler(dims: int) -> None:
    image = ",".join("2" * dims)
    nested = "[" * (dims + 2), "]" * (dims + 2)
    place = ", ".join(["0."] * dims)
    composite(
        f"grid_sampler_{dims}d(x, grid, interpolation_mode: int, padding_mode: int, align_corners: bool)",
        lambda x, grid, mode, padding, align: _grid_sample(
            x, grid, _by_number(MODES, mode, "mode"), _by_number(PADDINGS, padding, "padding_mode"), align
        ),
        doc="grid_sample with its modes by number: bilinear, nearest, bicubic; zeros, border, reflection.",
        example=f"grid_sampler_{dims}d({nested[0]}1., 2.{nested[1]}, {nested[0]}{place}{nested[1]}, 0, 0, False)",
        samples=[f"grid_sampler_{dims}d(x, g, 0, 1, True); x:1,1,{image}, g:1,{image},{dims} in -0.8..0.8"],
    )


_declare_sampler(2)
_declare_sampler(3)
