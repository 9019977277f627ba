"""Images of another size: interpolation, which is a sparse linear map along each dim."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import FLOATING
from autodiff.graph.kinds import plain
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import concrete, show
from autodiff.graph.values import real
from autodiff.ops.checks import not_implemented
from autodiff.ops.create import int_or_ints
from autodiff.ops.pool import fail

Ints = tuple[int, ...]

# Each place of the result is a weighted sum of a few places of x: a table of places and one of weights.


def _step(size: int, places: int, align: bool, scale: float | None) -> float:
    """How far apart the places of the result are in x."""
    if align:
        return (size - 1) / (places - 1) if places > 1 else 0.0
    return 1 / scale if scale is not None and scale > 0 else size / places


def _nearest(size: int, places: int, scale: float | None, exact: bool) -> tuple[Any, Any]:
    step = np.float32(_step(size, places, False, scale))  # PyTorch counts in single precision here
    place = np.arange(places, dtype=np.float32)
    found = np.floor((place + np.float32(0.5)) * step if exact else place * step)
    return np.minimum(found.astype(np.int64), size - 1)[:, None], np.ones((places, 1))


def _sources(size: int, places: int, align: bool, scale: float | None) -> Any:
    step = _step(size, places, align, scale)
    place = np.arange(places)
    return step * place if align else step * (place + 0.5) - 0.5


def _linear(size: int, places: int, align: bool, scale: float | None) -> tuple[Any, Any]:
    if places == size:
        return np.arange(size)[:, None], np.ones((size, 1))
    source = np.maximum(_sources(size, places, align, scale), 0)
    first = np.minimum(np.floor(source).astype(np.int64), size - 1)
    part = np.clip(source - first, 0, 1)
    return np.stack([first, np.minimum(first + 1, size - 1)], 1), np.stack([1 - part, part], 1)


def cubic_weights(t: Any, a: float = -0.75) -> list[Any]:
    """Weights of the four neighbours of a point that lies t after the second (Keys' cubic convolution)."""

    def near(x: Any) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Any) -> Any:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def cubic_slopes(t: Any, a: float = -0.75) -> list[Any]:
    """The derivatives of `cubic_weights`."""

    def near(x: Any) -> Any:
        return (3 * (a + 2) * x - 2 * (a + 3)) * x

    def far(x: Any) -> Any:
        return (3 * a * x - 10 * a) * x + 8 * a

    return [far(t + 1), near(t), -near(1 - t), -far(2 - t)]


def _cubic(size: int, places: int, align: bool, scale: float | None) -> tuple[Any, Any]:
    source = _sources(size, places, align, scale)
    first = np.minimum(np.floor(source).astype(np.int64), size - 1)
    part = np.clip(source - first, 0, 1)
    table = np.clip(first[:, None] + np.arange(-1, 3), 0, size - 1)
    return table, np.stack(cubic_weights(part), 1)


def _triangle_filter(x: Any) -> Any:
    return np.maximum(1 - np.abs(x), 0)


def _cubic_filter(x: Any) -> Any:
    x, a = np.abs(x), -0.5
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    return np.where(x < 1, near, np.where(x < 2, (((x - 5) * x + 8) * x - 4) * a, 0))


def _lanczos_filter(x: Any) -> Any:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


_FILTERS: dict[str, tuple[int, Any]] = {
    "bilinear": (2, _triangle_filter),
    "bicubic": (4, _cubic_filter),
    "lanczos": (6, _lanczos_filter),
}


def _antialiased(size: int, places: int, align: bool, scale: float | None, mode: str) -> tuple[Any, Any]:
    """Wider filters where the result is smaller, as Pillow has them."""
    step = _step(size, places, align, scale)
    width, shape = _FILTERS[mode]
    stretch = max(step, 1.0)
    support = width * 0.5 * stretch
    centre = step * (np.arange(places) + 0.5)
    low = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    high = np.minimum((centre + support + 0.5).astype(np.int64), size)
    table = low[:, None] + np.arange(max(int(np.max(high - low)), 1))
    weights = np.where(table < high[:, None], shape((table - centre[:, None] + 0.5) / stretch), 0)
    return np.minimum(table, size - 1), weights / np.sum(weights, axis=1, keepdims=True)


def _table(size: int, places: int, mode: str, align: bool, scale: float | None, antialias: bool) -> tuple[Any, Any]:
    if mode.startswith("nearest"):
        return _nearest(size, places, scale, mode == "nearest-exact")
    if antialias:
        return _antialiased(size, places, align, scale, mode)
    return (_cubic if mode == "bicubic" else _linear)(size, places, align, scale)


def _along(weights: Any, axis: int, rank: int, dtype: Any) -> Any:
    """Weights of the places of an axis (negative), to be broadcast."""
    return np.reshape(weights, (-1, *[1] * (-axis - 1))).astype(dtype)


def _resample_kernel(x: Any, places: Ints, scales: Any, mode: str, align: bool, antialias: bool) -> Any:
    dims = len(places)
    for i in range(dims):
        axis = i - dims
        table, weights = _table(x.shape[axis], places[i], mode, align, scales[i], antialias)
        out: Any = 0
        for k in range(table.shape[1]):
            out = out + np.take(x, table[:, k], axis) * _along(weights[:, k], axis, x.ndim, x.dtype)
        x = out
    return x


def _resample_gradient_kernel(g: Any, size: Ints, scales: Any, mode: str, align: bool, antialias: bool) -> Any:
    dims = len(size)
    for i in range(dims):
        axis = i - dims
        table, weights = _table(size[i], g.shape[axis], mode, align, scales[i], antialias)
        moved = np.moveaxis(g, axis, 0)
        result = np.zeros((size[i], *moved.shape[1:]), g.dtype)
        for k in range(table.shape[1]):
            np.add.at(result, table[:, k], np.moveaxis(g * _along(weights[:, k], axis, g.ndim, g.dtype), axis, 0))
        g = np.moveaxis(result, 0, axis)
    return g


def _resample_name(x: Node, places: Ints, scales: Any, mode: str, align: bool, antialias: bool) -> str:
    word = "".join(part.capitalize() for part in mode.split("-"))
    return f"Upsample{word}{len(places)}D{'Aa' if antialias else ''}Backward0"


RESAMPLE = Primitive(
    "resample(x, places: ints, scales: any, mode: str, align_corners: bool, antialias: bool)",
    _resample_kernel,
    shape=lambda x, places, *how: (*x.shape[: len(x.shape) - len(places)], *places),
    vjp=[lambda g, out, x, places, *how: RESAMPLE_GRADIENT(g, x.shape[-len(places) :], *how)],
    grad_fn=_resample_name,
    doc="x with other spatial sizes.",
)
RESAMPLE_GRADIENT: Primitive = Primitive(
    "resample_backward(g, size: sizes, scales: any, mode: str, align_corners: bool, antialias: bool)",
    _resample_gradient_kernel,
    shape=lambda g, size, *how: (*g.shape[: len(g.shape) - len(size)], *size),
    vjp=[lambda c, out, g, size, *how: RESAMPLE(c, g.shape[-len(size) :], *how)],
    doc="A gradient added up where the interpolation took its values.",
)


# Arguments

_RANKS = {"linear": 3, "bilinear": 4, "bicubic": 4, "lanczos": 4, "trilinear": 5}
_MODES = "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact"


def _value_error(message: str) -> AutodiffError:
    return fail(message, "bad-value", "ValueError")


def _wrong_count(x: Node, name: str, what: str, values: Any) -> AutodiffError:
    order = "(o1, o2, ...,oK)" if name == "output size" else "(s1, s2, ...,sK)"
    other = "output" if name == "output size" else "scale_factor"
    shown = (
        "(" + ", ".join(str(v if isinstance(v, int) else float(v)) for v in values) + ("," * (len(values) == 1)) + ")"
    )
    return _value_error(
        f"Input and {other} must have the same number of spatial dimensions, but got input with spatial dimensions of"
        f" {show(x.shape[2:])} and {what} {shown}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and"
        f" {name} in {order} format."
    )


def _sizes(x: Node, size: Any, scale_factor: Any, recompute: bool) -> tuple[Ints, tuple[float | None, ...]]:
    """The spatial sizes of the result, and the scales that the places are counted with."""
    dims = len(x.shape) - 2
    if size is not None:
        given = int_or_ints("interpolate", "size", size)
        values: Ints = (given,) * dims if isinstance(given, int) else given
        if len(values) != dims:
            raise _wrong_count(x, "output size", "output size of", values)
        return values, (None,) * dims
    scale_factor = plain(scale_factor)
    scales: tuple[Any, ...] = tuple(scale_factor) if isinstance(scale_factor, (list, tuple)) else (scale_factor,) * dims
    for scale in scales:
        known = isinstance(scale, (int, float, Fraction)) and not isinstance(scale, bool)
        if not known or not abs(scale) < 2**53:
            raise AutodiffError(
                "argument-type",
                "interpolate(): argument 'scale_factor' must be a number or a tuple of them",
                type="TypeError",
            )
    if len(scales) != dims:
        raise _wrong_count(x, "scale_factor", "scale_factor of shape", scales)
    factors = [real(s) if isinstance(s, Fraction) else float(s) for s in scales]
    places = tuple(int(extent * s) for extent, s in zip(concrete(x.shape[2:]), factors, strict=True))
    return places, (None,) * dims if recompute else tuple(factors)


def _check_mode(x: Node, mode: Any) -> None:
    rank = len(x.shape)
    wanted = _RANKS.get(mode)
    known = mode in ("nearest", "nearest-exact", "area") or wanted is not None
    if known and rank in (3, 4, 5) and wanted in (None, rank):
        return
    if mode in ("linear", "bilinear", "trilinear") and rank in (3, 4, 5):
        message = f"Got {rank}D input, but {mode} mode needs {wanted}D input"
    else:
        message = f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {rank}D) for the modes: {_MODES}"
        message += f" (got {mode})"
    raise fail(message, "bad-rank", "NotImplementedError")


def _interpolate(
    x: Node,
    size: Any,
    scale_factor: Any,
    mode: Any,
    align_corners: bool | None,
    recompute: bool | None,
    antialias: bool,
) -> Node:
    if mode in ("nearest", "area", "nearest-exact") and align_corners is not None:
        raise _value_error(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    if size is not None and scale_factor is not None:
        raise _value_error("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise _value_error("either size or scale_factor should be defined")
    places, scales = _sizes(x, size, scale_factor, bool(recompute) or mode == "area")
    if recompute and size is not None:
        raise _value_error("recompute_scale_factor is not meaningful with an explicit size.")
    if antialias and not (mode in _FILTERS and len(x.shape) == 4):
        raise _value_error(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    _check_mode(x, mode)
    dims = len(places)
    if mode == "area":
        return getattr(ops, f"adaptive_avg_pool{dims}d")(x, places)  # type: ignore[no-any-return]
    if mode == "lanczos" and align_corners:
        raise _value_error("Lanczos mode does not support align_corners=True")
    if mode == "lanczos" and not antialias:
        raise _value_error("Lanczos mode requires antialias=True")
    before = concrete(x.shape[2:])
    if any(extent <= 0 for extent in (*before, *places)):
        given, found = (
            ", ".join(f"{axis}: {extent}" for axis, extent in zip(("D", "H", "W")[-dims:], sizes, strict=True))
            for sizes in (before, places)
        )
        joined = " and" if dims == 1 else ""
        raise fail(f"Input and output sizes should be greater than 0, but got input ({given}){joined} output ({found})")
    if x.dtype.kind < FLOATING:
        raise not_implemented(f"upsample_{mode.removesuffix('-exact')}{dims}d_channels_last", x.dtype)
    return RESAMPLE(x, places, scales, mode, bool(align_corners), antialias)  # type: ignore[no-any-return]


_ARGUMENTS = "x, size: any = None, scale_factor: any = None"
composite(
    f"interpolate({_ARGUMENTS}, mode: str = 'nearest', align_corners: bool? = None,"
    " recompute_scale_factor: bool? = None, antialias: bool = False)",
    _interpolate,
    doc="x with other spatial sizes: nearest, linear, bilinear, trilinear, bicubic, area, nearest-exact.",
    example="interpolate([[[1., 2.]]], scale_factor=2)",
    samples=[
        "interpolate(x, scale_factor=2); x:1,1,2,2",
        "interpolate(x, size=4, mode='linear'); x:1,2,3",
        "interpolate(x, size=(3, 5), mode='bilinear', align_corners=True); x:1,1,2,3",
        "interpolate(x, scale_factor=1.6, mode='bicubic'); x:1,1,3,3",
        "interpolate(x, size=2, mode='bilinear', antialias=True); x:1,1,3,4",
        "interpolate(x, size=2, mode='area'); x:1,1,3,4",
    ],
)
composite(
    f"upsample({_ARGUMENTS}, mode: str = 'nearest', align_corners: bool? = None)",
    lambda x, size, scale, mode, align: _interpolate(x, size, scale, mode, align, None, False),
    doc="Another name of interpolate.",
    example="upsample([[[1., 2.]]], scale_factor=2)",
    samples=["upsample(x, 3); x:1,1,2"],
)
composite(
    f"upsample_nearest({_ARGUMENTS})",
    lambda x, size, scale: _interpolate(x, size, scale, "nearest", None, None, False),
    doc="interpolate with mode='nearest'.",
    example="upsample_nearest([[[1., 2.]]], scale_factor=2)",
    samples=["upsample_nearest(x, scale_factor=2); x:1,1,2"],
)
composite(
    f"upsample_bilinear({_ARGUMENTS})",
    lambda x, size, scale: _interpolate(x, size, scale, "bilinear", True, None, False),
    doc="interpolate with mode='bilinear', align_corners=True.",
    example="upsample_bilinear([[[[1., 2.], [3., 4.]]]], 3)",
    samples=["upsample_bilinear(x, (3, 4)); x:1,1,2,2"],
)
