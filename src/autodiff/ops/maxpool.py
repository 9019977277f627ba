"""Largest elements of windows: max pooling, adaptive max pooling, and unpooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import FLOATING
from autodiff.graph.node import Node, Results
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, none
from autodiff.graph.sizes import Shape, concrete, show
from autodiff.ops.checks import not_implemented
from autodiff.ops.create import int_or_ints
from autodiff.ops.pool import (
    adaptive_places,
    adaptive_ranges,
    check_adaptive,
    check_batch,
    check_dims_for,
    check_line,
    check_places,
    check_windows,
    fail,
    one_for_each,
    pooled_size,
)

Ints = tuple[int, ...]

# Elements are named by their place in the flattened spatial dims. Picking them is linear; its adjoint puts them back.


def _pick_kernel(x: Any, indices: Any, dims: int) -> Any:
    lead = x.shape[: x.ndim - dims]
    flat = np.reshape(indices, (*lead, int(np.prod(indices.shape[x.ndim - dims :]))))
    wide = np.reshape(x, (*lead, int(np.prod(x.shape[x.ndim - dims :]))))
    return np.reshape(np.take_along_axis(wide, flat, -1), indices.shape)


def _put_kernel(g: Any, indices: Any, size: Ints) -> Any:
    lead = g.shape[: g.ndim - len(size)]
    rows = int(np.prod(lead))
    result = np.zeros((rows, int(np.prod(size))), g.dtype)
    count = int(np.prod(g.shape[g.ndim - len(size) :]))
    np.add.at(result, (np.arange(rows)[:, None], np.reshape(indices, (rows, count))), np.reshape(g, (rows, count)))
    return np.reshape(result, (*lead, *size))


PICK_PLACES = Primitive(
    "pick_places(x, indices, dims: int)",
    _pick_kernel,
    shape=lambda x, indices, dims: indices.shape,
    vjp=[lambda g, out, x, indices, dims: PUT_PLACES(g, indices, x.shape[-dims:]), none],
    doc="The elements at the places that indices name.",
)
PUT_PLACES: Primitive = Primitive(
    "put_places(g, indices, size: sizes)",
    _put_kernel,
    shape=lambda g, indices, size: (*g.shape[: len(g.shape) - len(size)], *size),
    vjp=[lambda c, out, g, indices, size: PICK_PLACES(c, indices, len(size)), none],
    doc="Elements added up at the places that indices name.",
)


# Windows as tables: for each window the places along one dim, and which of them exist.


def _regular(size: int, places: int, kernel: int, stride: int, padding: int, dilation: int) -> tuple[Any, Any]:
    table = (np.arange(places) * stride - padding)[:, None] + np.arange(kernel) * dilation
    return np.clip(table, 0, size - 1), (table >= 0) & (table < size)


def _adaptive(size: int, places: int) -> tuple[Any, Any]:
    low, high = adaptive_ranges(size, places)
    width = int(np.max(high - low)) if places else 1
    table = low[:, None] + np.arange(width)
    return np.clip(table, 0, size - 1), table < high[:, None]


def _tables(size: Ints, places: Ints, how: Any) -> list[tuple[Any, Any]]:
    if how is None:
        return [_adaptive(*parts) for parts in zip(size, places, strict=True)]
    return [_regular(*parts) for parts in zip(size, places, *how, strict=True)]


def _maxima_kernel(x: Any, places: Ints, how: Any) -> tuple[Any, Any]:
    dims = len(places)
    size, lead = x.shape[-dims:], x.shape[: x.ndim - dims]
    flat = np.zeros((), np.int64)
    exists = np.ones((), bool)
    for extent, (table, valid) in zip(size, _tables(size, places, how), strict=True):
        flat = flat[..., None, None] * extent + table  # [places, window] for each dim in turn
        exists = exists[..., None, None] & valid
    order = (*range(0, 2 * dims, 2), *range(1, 2 * dims, 2))
    extent = int(np.prod(flat.shape[1::2]))
    flat = np.reshape(np.transpose(flat, order), (*places, extent))
    exists = np.reshape(np.transpose(exists, order), flat.shape)
    windows = np.reshape(x, (*lead, int(np.prod(size))))[..., flat]
    least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    windows = np.where(exists, windows, least)
    best = np.argmax(windows, axis=-1)
    found = np.take_along_axis(np.broadcast_to(exists, windows.shape), best[..., None], -1)[..., 0]
    best = np.where(found, best, np.argmax(exists, axis=-1))  # all are -inf: the first that exists
    values = np.take_along_axis(windows, best[..., None], -1)[..., 0]
    indices = np.take_along_axis(np.broadcast_to(flat, windows.shape), best[..., None], -1)[..., 0]
    return values.astype(x.dtype), indices


def _maxima_name(x: Node, places: Ints, how: Any) -> str:
    return f"AdaptiveMaxPool{len(places)}DBackward0" if how is None else f"MaxPool{len(places)}DWithIndicesBackward0"


def _maxima_results(x: Node, places: Ints, how: Any) -> list[tuple[Shape, dtypes.DType]]:
    shape = (*x.shape[: len(x.shape) - len(places)], *places)
    return [(shape, x.dtype), (shape, dtypes.int64)]


MAXIMA = Primitive(
    "max_pool(x, places: ints, how: any)",
    _maxima_kernel,
    results=_maxima_results,
    fields=("values", "indices"),
    vjp=[lambda g, out, x, places, how: PUT_PLACES(g[0], out[1], x.shape[-len(places) :])],
    grad_fn=_maxima_name,
    doc="The largest elements of windows, and where they are.",
)


def _given(found: Any, return_indices: bool) -> Any:
    return found if return_indices else found[0]


def _on_line(x: Node, name: str, function: Any) -> Results:
    wide = function(ops.unsqueeze(x, len(x.shape) - 1))
    return Results.of(name, wide.fields, [ops.squeeze(node, len(x.shape) - 1) for node in wide])


def _maxima(x: Node, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool) -> Any:
    dims = len(kernel)
    check_windows(dims, kernel, stride, padding, dilation)
    check_batch(x, dims)
    if x.dtype.kind == dtypes.BOOL:
        raise not_implemented(f"max_pool{dims}d", x.dtype)
    size = concrete(x.shape[-dims:])
    places = tuple(
        pooled_size(*parts, ceil_mode) for parts in zip(size, kernel, stride, padding, dilation, strict=True)
    )
    check_places(x, dims, places)
    return MAXIMA(x, places, (kernel, stride, padding, dilation))


def _check_line(x: Node, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> None:
    """PyTorch's own messages for one dim."""
    if len(x.shape) not in (2, 3) or any(size == 0 for size in x.shape[-2:]):
        raise fail(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but"
            f" got:{show(x.shape)}",
            "bad-rank",
        )
    for value, word in ((kernel, "kernel_size"), (stride, "stride")):
        if value <= 0:
            raise fail(f"max_pool1d() {word} must be greater than zero, but got {value}")
    if padding < 0:
        raise fail(f"max_pool1d() padding must be non-negative, but got {padding}")
    if 2 * padding > kernel:
        message = "max_pool1d() padding should be at most half of kernel size, but got"
        raise fail(f"{message} padding={padding} and kernel_size={kernel}")
    if dilation <= 0:
        raise fail(f"max_pool1d() dilation must be greater than zero, but got {dilation}")
    count = pooled_size(concrete(x.shape[-1:])[0], kernel, stride, padding, dilation, ceil_mode)
    if count <= 0:
        raise fail(f"max_pool1d() Invalid computed output size: {count}", "shape-mismatch")
    if x.dtype.kind < FLOATING:
        raise not_implemented("max_pool1d_impl", x.dtype)


def _line_argument(value: Any, name: str, empty: Ints | None = None) -> Ints:
    if empty is not None and (value is None or value == ()):
        return empty
    value = int_or_ints("max_pool1d", name, value)
    values: Ints = (value,) if isinstance(value, int) else value
    if len(values) != 1:
        raise fail(
            f"max_pool1d() {name} must be an int, list of ints or tuple of ints of size 1 but got size {len(values)}"
        )
    return values


def _max_pool1d(
    x: Node, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, return_indices: bool
) -> Any:
    kernel = _line_argument(kernel_size, "kernel_size")
    steps = _line_argument(stride, "stride", kernel)
    pads, spread = _line_argument(padding, "padding"), _line_argument(dilation, "dilation")
    _check_line(x, kernel[0], steps[0], pads[0], spread[0], ceil_mode)
    found = _on_line(
        x, "max_pool1d", lambda y: _maxima(y, (1, *kernel), (1, *steps), (0, *pads), (1, *spread), ceil_mode)
    )
    return _given(found, return_indices)


def _max_pool(dims: int) -> Any:
    name = f"max_pool{dims}d"

    def function(
        x: Node, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, return_indices: bool
    ) -> Any:
        kernel = one_for_each(kernel_size, dims, name, "kernel_size")
        steps = one_for_each(stride, dims, name, "stride", kernel)
        pads = one_for_each(padding, dims, name, "padding")
        spread = one_for_each(dilation, dims, name, "dilation")
        return _given(_maxima(x, kernel, steps, pads, spread, ceil_mode), return_indices)

    return function


_EXAMPLES = {1: "[[1., 3., 2., 4.]]", 2: "[[[1., 2.], [3., 4.]]]", 3: "[[[[1., 2.], [3., 4.]]]]"}
_SAMPLES = {
    1: ["max_pool1d(x, 2); x:1,2,5", "max_pool1d(x, 3, 2, 1, 2, True); x:2,6"],
    2: ["max_pool2d(x, 2); x:1,1,4,5", "max_pool2d(x, (2, 3), (2, 1), 1); x:1,3,3"],
    3: ["max_pool3d(x, (1, 2, 2)); x:1,2,2,3"],
}
for _dims in (1, 2, 3):
    composite(
        f"max_pool{_dims}d(x, kernel_size: any, stride: any = None, padding: any = 0, dilation: any = 1,"
        " ceil_mode: bool = False, return_indices: bool = False)",
        _max_pool1d if _dims == 1 else _max_pool(_dims),
        doc="The largest elements of windows of kernel_size that move in steps of stride.",
        kinks="Of equal elements the first gets the gradient.",
        example=f"max_pool{_dims}d({_EXAMPLES[_dims]}, {2 if _dims < 3 else (1, 2, 2)})",
        samples=_SAMPLES[_dims],
    )


# Adaptive: as many windows as asked for


def _adaptive_maxima(x: Node, places: Ints) -> Any:
    dims = len(places)
    name = f"adaptive_max_pool{dims}d"
    check_adaptive(x, dims, name, ":")
    if any(count < 0 for count in places):
        shape = (*x.shape[: len(x.shape) - dims], *places)
        bad = min(places)
        raise fail(f"Trying to create tensor with negative dimension {bad}: {show(shape)}")
    if x.dtype.kind < FLOATING:
        raise not_implemented(name, x.dtype)
    concrete(x.shape[-dims:])
    return MAXIMA(x, places, None)


def _adaptive_max_pool(dims: int) -> Any:
    name = f"adaptive_max_pool{dims}d"

    def function(x: Node, output_size: Any, return_indices: bool) -> Any:
        if dims == 1:
            check_line(name, x)
            places = (1, *adaptive_places(x, output_size, 1, name))
            return _given(_on_line(x, name, lambda y: _adaptive_maxima(y, places)), return_indices)
        check_dims_for(x, output_size)
        if len(x.shape) not in (dims + 1, dims + 2):
            check_adaptive(x, dims, name, ":")
        if isinstance(output_size, (list, tuple)) and len(output_size) != dims:
            raise fail(f"{name}(): internal error: output_size.size() must be {dims}")
        return _given(_adaptive_maxima(x, adaptive_places(x, output_size, dims, name)), return_indices)

    return function


_ADAPTIVES = {
    1: ["adaptive_max_pool1d(x, 3); x:2,5"],
    2: ["adaptive_max_pool2d(x, (2, None)); x:1,3,4"],
    3: ["adaptive_max_pool3d(x, (1, 2, 3)); x:1,2,3,4"],
}
for _dims in (1, 2, 3):
    composite(
        f"adaptive_max_pool{_dims}d(x, output_size: any, return_indices: bool = False)",
        _adaptive_max_pool(_dims),
        doc="The largest elements of as many windows as output_size says.",
        kinks="Of equal elements the first gets the gradient.",
        example=f"adaptive_max_pool{_dims}d({_EXAMPLES[_dims]}, {2 if _dims == 1 else 1})",
        samples=_ADAPTIVES[_dims],
    )


# Unpooling puts elements where a max pooling found them, and zeros elsewhere.


def _unpool_kernel(x: Any, indices: Any, size: Ints) -> Any:
    count = int(np.prod(size))
    wrong = (indices < 0) | (indices >= count)
    if wrong.any():
        shown = "x".join(map(str, size))
        message = f"Found an invalid max index: {indices[wrong].flat[0]} (output volumes are of size {shown})"
        raise AutodiffError("index-out-of-range", message, operands=(1,))
    lead = x.shape[: x.ndim - len(size)]
    result = np.zeros((*lead, count), x.dtype)
    each = (*lead, int(np.prod(x.shape[len(lead) :])))
    np.put_along_axis(result, np.reshape(indices, each), np.reshape(x, each), -1)
    return np.reshape(result, (*lead, *size))


MAX_UNPOOL = Primitive(
    "max_unpool(x, indices, size: sizes)",
    _unpool_kernel,
    shape=lambda x, indices, size: (*x.shape[: len(x.shape) - len(size)], *size),
    vjp=[lambda g, out, x, indices, size: PICK_PLACES(g, indices, len(size)), none],
    grad_fn=lambda x, indices, size: f"MaxUnpool{len(size)}DBackward0",
    doc="Elements at the places that indices name, zeros elsewhere.",
)


def _unpooled_size(x: Node, kernel: Ints, stride: Ints, padding: Ints, output_size: Any) -> Ints:
    dims = len(kernel)
    size = concrete(x.shape[-dims:])
    default = tuple((n - 1) * s + k - 2 * p for n, s, k, p in zip(size, stride, kernel, padding, strict=True))
    if output_size is None:
        return default
    given = int_or_ints(f"max_unpool{dims}d", "output_size", output_size)
    wanted: Ints = (given,) if isinstance(given, int) else given
    if len(wanted) == dims + 2:
        wanted = wanted[2:]
    if len(wanted) != dims:
        message = f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it has a length of"
        raise fail(f"{message} '{len(wanted)}'", "bad-value", "ValueError")
    for d, (middle, step) in enumerate(zip(default, stride, strict=True)):
        if not middle - step < wanted[d] < middle + step:
            message = f'invalid output_size "{wanted}" (dim {d} must be between {middle - step} and {middle + step})'
            raise fail(message, "bad-value", "ValueError")
    return wanted


def _check_unpool(x: Node, indices: Node, dims: int) -> None:
    if indices.dtype is not dtypes.int64:
        message = f"elements in indices should be type int64 but got: {indices.dtype.long_name}"
        raise AutodiffError("bad-dtype", message, operands=(1,))
    if len(x.shape) not in (dims + 1, dims + 2):
        raise fail(
            f"Input to max_unpooling{dims}d should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with"
            f" {len(x.shape)} dimensions.",
            "bad-rank",
        )
    if x.shape != indices.shape:
        raise AutodiffError(
            "shape-mismatch",
            f"Expected shape of indices to be same as that of the input tensor ({show(x.shape)}) but got indices tensor"
            f" with shape: {show(indices.shape)}",
            operands=(0, 1),
        )


def _max_unpool(dims: int) -> Any:
    name = f"max_unpool{dims}d"

    def function(x: Node, indices: Node, kernel_size: Any, stride: Any, padding: Any, output_size: Any) -> Node:
        kernel = one_for_each(kernel_size, dims, name, "kernel_size")
        steps = one_for_each(stride, dims, name, "stride", kernel)
        pads = one_for_each(padding, dims, name, "padding")
        if len(x.shape) < dims:
            _check_unpool(x, indices, dims)
        size = _unpooled_size(x, kernel, steps, pads, output_size)
        if any(extent < 0 for extent in size):
            d, extent = next((d, extent) for d, extent in enumerate(size) if extent < 0)
            message = "max_unpooling: output_size must contain non-negative spatial dimensions, but got"
            raise fail(f"{message} output_size[{d}]={extent}", "bad-value", "ValueError")
        if dims > 1:
            _check_unpool(x, indices, dims)
            return MAX_UNPOOL(x, indices, size)  # type: ignore[no-any-return]
        end = len(x.shape)
        wide, places = ops.unsqueeze(x, end), ops.unsqueeze(indices, len(indices.shape))
        _check_unpool(wide, places, 2)
        return ops.squeeze(MAX_UNPOOL(wide, places, (*size, 1)), end)  # type: ignore[no-any-return]

    return function


def _nested(text: str, depth: int) -> str:
    return "[" * depth + text + "]" * depth


_UNPOOLED = {
    1: "max_unpool1d(x, tensor([[1, 2]]), 2); x:1,2",
    2: "max_unpool2d(x, tensor([[[1, 4]]]), (2, 1), (1, 2)); x:1,1,2",
    3: "max_unpool3d(x, tensor([[[[1, 2]]]]), (1, 1, 2)); x:1,1,1,2",
}
for _dims in (1, 2, 3):
    composite(
        f"max_unpool{_dims}d(x, indices, kernel_size: any, stride: any = None, padding: any = 0,"
        " output_size: any = None)",
        _max_unpool(_dims),
        doc="Elements put where a max pooling found them (indices), zeros elsewhere.",
        example=f"max_unpool{_dims}d({_nested('4.', _dims + 1)}, {_nested('1', _dims + 1)}, 2)",
        samples=[_UNPOOLED[_dims]],
    )
