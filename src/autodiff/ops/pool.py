"""Averages over windows: average pooling, adaptive average pooling, power averages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import FLOATING, int64
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import concrete, normalize_dim, show
from autodiff.ops.checks import not_implemented
from autodiff.ops.create import int_or_ints

Ints = tuple[int, ...]


def fail(message: str, code: str = "bad-value", type: str = "RuntimeError") -> AutodiffError:
    return AutodiffError(code, message, type=type, operands=(0,))


# A window along one dim is a range of places, [low, high). Sums over windows are taken dim by dim.


def window_ranges(size: int, places: int, kernel: int, stride: int, padding: int) -> tuple[Any, Any]:
    """Where the windows of a pooling begin and end, padding included."""
    low = np.arange(places) * stride - padding
    return low, np.minimum(low + kernel, size + padding)


def adaptive_ranges(size: int, places: int) -> tuple[Any, Any]:
    """Where the windows of an adaptive pooling begin and end."""
    place = np.arange(places)
    return place * size // max(places, 1), -(-(place + 1) * size // max(places, 1))


def _range_sums(x: Any, axis: int, low: Any, high: Any) -> Any:
    """Sums of x over ranges of an axis."""
    x = np.moveaxis(x, axis, -1)
    if not len(low):
        return np.moveaxis(np.zeros((*x.shape[:-1], 0), x.dtype), -1, axis)
    x = np.concatenate([x, np.zeros((*x.shape[:-1], 1), x.dtype)], axis=-1)
    sums = np.add.reduceat(x, np.stack([low, high], axis=1).ravel(), axis=-1)[..., ::2]
    return np.moveaxis(np.where(low < high, sums, 0), -1, axis)


def _reached(size: int, low: Any, high: Any) -> tuple[Any, Any]:
    """For each place of x, the range of windows that it is in."""
    place = np.arange(size)
    return np.searchsorted(high, place, "right"), np.searchsorted(low, place, "right")


def _ranges(size: Ints, places: Ints, how: Any) -> list[tuple[Any, Any]]:
    """Windows of each dim; `how` is None for adaptive ones, else (kernel, stride, padding, …)."""
    if how is None:
        return [adaptive_ranges(*parts) for parts in zip(size, places, strict=True)]
    return [window_ranges(*parts) for parts in zip(size, places, *how[:3], strict=True)]


def _divisors(size: Ints, ranges: list[tuple[Any, Any]], how: Any) -> Any:
    """By what the sum of each window is divided."""
    if how is not None and how[4] is not None:
        return how[4]
    lengths: Any = 1
    for extent, (low, high) in zip(size, ranges, strict=True):
        count = high - low if how is None or how[3] else np.minimum(high, extent) - np.maximum(low, 0)
        lengths = np.multiply.outer(lengths, count)
    return lengths


def _inside(size: Ints, ranges: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return [
        (np.clip(low, 0, extent), np.clip(high, 0, extent)) for extent, (low, high) in zip(size, ranges, strict=True)
    ]


def _average_kernel(x: Any, places: Ints, how: Any) -> Any:
    dims = len(places)
    size = x.shape[-dims:]
    ranges = _ranges(size, places, how)
    total = x
    for i, (low, high) in enumerate(_inside(size, ranges)):
        total = _range_sums(total, i - dims, low, high)
    mean = total / _divisors(size, ranges, how)
    return np.trunc(mean).astype(x.dtype) if x.dtype.kind in "iu" else mean.astype(x.dtype)


def _average_gradient_kernel(g: Any, size: Ints, how: Any) -> Any:
    dims = len(size) if how is None else len(how[0])
    size = size[-dims:]
    ranges = _ranges(size, g.shape[-dims:], how)
    spread = (g / _divisors(size, ranges, how)).astype(g.dtype)
    for i, (extent, (low, high)) in enumerate(zip(size, _inside(size, ranges), strict=True)):
        spread = _range_sums(spread, i - dims, *_reached(extent, low, high))
    return spread


def _average_name(x: Node, places: Ints, how: Any) -> str:
    return f"{'AdaptiveAvgPool' if how is None else 'AvgPool'}{len(places)}DBackward0"


AVERAGE = Primitive(
    "avg_pool(x, places: ints, how: any)",
    _average_kernel,
    shape=lambda x, places, how: (*x.shape[: len(x.shape) - len(places)], *places),
    vjp=[lambda g, out, x, places, how: AVERAGE_GRADIENT(g, x.shape[-len(places) :], how)],
    grad_fn=_average_name,
    doc="Means over windows.",
)
AVERAGE_GRADIENT: Primitive = Primitive(
    "avg_pool_backward(g, size: sizes, how: any)",
    _average_gradient_kernel,
    shape=lambda g, size, how: (*g.shape[: len(g.shape) - len(size)], *size),
    vjp=[lambda c, out, g, size, how: AVERAGE(c, g.shape[-len(size) :], how)],
    doc="Each mean's share for the elements of its window.",
)


# Arguments


def one_for_each(value: Any, dims: int, name: str, argument: str, empty: Ints | None = None) -> Ints:
    """An int for each dim, of an int or a tuple; `empty` stands for None or ()."""
    if empty is not None and (value is None or value == ()):
        return empty
    value = int_or_ints(name, argument, value)
    values: Ints = (value,) if isinstance(value, int) else value
    if len(values) not in (1, dims):
        if dims == 1:
            raise fail(f"{name}() argument '{argument}' should contain one int (got {len(values)})")
        either = "either be omitted, a single int," if argument == "stride" else "either be a single int,"
        numbers = {2: "two", 3: "three"}[dims]
        raise fail(f"{name}: {argument} must {either} or a tuple of {numbers} ints")
    return values * dims if len(values) == 1 else values


def pooled_size(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """How many windows there are; with ceil_mode the last may hang over, but begins inside."""
    free = size + 2 * padding - dilation * (kernel - 1) - 1
    count = -(-free // stride) + 1 if ceil_mode else free // stride + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    return count


def check_windows(dims: int, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> None:
    if any(s == 0 for s in stride):
        raise fail("stride should not be zero")
    for k, p, d in zip(kernel, padding, dilation, strict=True):
        if p < 0:
            raise fail(f"pad must be non-negative, but got pad: {p}")
        if 2 * p > d * (k - 1) + 1:
            message = "pad should be at most half of effective kernel size, but got"
            raise fail(f"{message} pad={p}, kernel_size={k} and dilation={d}")
    for values, name, letter in ((kernel, "kernel size", "k"), (stride, "stride", "d"), (dilation, "dilation", "")):
        if any(value <= 0 for value in values):
            axes = ("T", "H", "W")[-dims:]
            shown = " ".join(f"{letter or 'dilation'}{axis}: {v}" for axis, v in zip(axes, values, strict=True))
            raise fail(f"{name} should be greater than zero, but got {shown}")


def check_places(x: Node, dims: int, places: Sequence[int]) -> None:
    if any(count < 1 for count in places):
        given, found = ("x".join(map(str, (x.shape[-dims - 1], *sizes))) for sizes in (x.shape[-dims:], places))
        raise fail(
            f"Given input size: ({given}). Calculated output size: ({found}). Output size is too small",
            "shape-mismatch",
        )


def check_batch(x: Node, dims: int, colon: str = ":") -> None:
    """That x has its dims, with or without a batch, and that they are not empty."""
    rank = len(x.shape)
    if rank not in (dims + 1, dims + 2):
        raise fail(f"non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input", "bad-rank")
    if any(size == 0 for size in x.shape[-dims - 1 :]):
        raise fail(
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch size for input, but"
            f" got{colon}{show(x.shape)}"
        )


def check_line(name: str, x: Node) -> None:
    if len(x.shape) not in (2, 3):
        raise fail(
            f"Expected 2 to 3 dimensions, but got {len(x.shape)}-dimensional tensor for argument #1 'self' (while"
            f" checking arguments for {name})",
            "bad-rank",
        )


def on_line(x: Node, function: Any) -> Node:
    """A pooling of one dim is one of two, of which the first has size one."""
    return ops.squeeze(function(ops.unsqueeze(x, len(x.shape) - 1)), len(x.shape) - 1)  # type: ignore[no-any-return]


def _average(x: Node, kernel: Ints, stride: Ints, padding: Ints, ceil_mode: bool, include: bool, divisor: Any) -> Node:
    dims = len(kernel)
    if divisor == 0:
        raise fail("divisor must be not zero")
    if dims == 2 and len(x.shape) < 3:
        normalize_dim(-3, len(x.shape))
    check_windows(dims, kernel, stride, padding, (1,) * dims)
    check_batch(x, dims)
    size = concrete(x.shape[-dims:])
    places = [pooled_size(n, k, s, p, 1, ceil_mode) for n, k, s, p in zip(size, kernel, stride, padding, strict=True)]
    if dims == 3 and any(n < k for n, k in zip(size, kernel, strict=True)):  # whatever the padding
        given, wanted = (
            " ".join(f"{letter}{axis}: {v}" for axis, v in zip("THW", values, strict=True))
            for letter, values in (("", size), ("k", kernel))
        )
        raise fail(f"input image ({given}) smaller than kernel size ({wanted})", "shape-mismatch")
    check_places(x, dims, places)
    if x.dtype.kind < FLOATING and x.dtype is not int64:
        raise not_implemented("avg_pool2d" if dims == 2 else "avg_pool3d_out_frame", x.dtype)
    return AVERAGE(x, tuple(places), (kernel, stride, padding, include, divisor))  # type: ignore[no-any-return]


def _avg_pool(dims: int) -> Any:
    name = f"avg_pool{dims}d"

    def function(
        x: Node, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, include: bool, divisor: int | None = None
    ) -> Node:
        if dims == 1:
            check_line(name, x)
        kernel = one_for_each(kernel_size, dims, name, "kernel_size")
        steps = one_for_each(stride, dims, name, "stride", kernel)
        pads = one_for_each(padding, dims, name, "padding")
        if dims > 1:
            return _average(x, kernel, steps, pads, ceil_mode, include, divisor)
        return on_line(x, lambda y: _average(y, (1, *kernel), (1, *steps), (0, *pads), ceil_mode, include, None))

    return function


_EXAMPLES = {1: "[[1., 2., 3., 4.]]", 2: "[[[1., 2.], [3., 4.]]]", 3: "[[[[1., 2.], [3., 4.]]]]"}
_AVERAGES = {
    1: ["avg_pool1d(x, 2); x:1,2,5", "avg_pool1d(x, 3, 2, 1, True, False); x:2,6"],
    2: ["avg_pool2d(x, 2); x:1,1,4,5", "avg_pool2d(x, (2, 3), (2, 1), 1, count_include_pad=False); x:1,3,3"],
    3: ["avg_pool3d(x, (1, 2, 2), divisor_override=3); x:1,2,2,3"],
}
for _dims in (1, 2, 3):
    composite(
        f"avg_pool{_dims}d(x, kernel_size: any, stride: any = None, padding: any = 0, ceil_mode: bool = False,"
        " count_include_pad: bool = True" + ("" if _dims == 1 else ", divisor_override: int? = None") + ")",
        _avg_pool(_dims),
        doc="Means over windows of kernel_size that move in steps of stride.",
        example=f"avg_pool{_dims}d({_EXAMPLES[_dims]}, {2 if _dims < 3 else (1, 2, 2)})",
        samples=_AVERAGES[_dims],
    )


# Adaptive: as many windows as asked for


def adaptive_places(x: Node, output_size: Any, dims: int, name: str) -> Ints:
    """The number of windows for each dim; None keeps the size of x."""
    given = int_or_ints(name, "output_size", output_size, gaps=True)
    values = (given,) * dims if isinstance(given, int) else given
    if dims == 1 and len(values) != 1:
        raise fail(f"{name}() argument 'output_size' should contain one int (got {len(values)})")
    check_dims_for(x, output_size)
    if dims > 1 and len(values) != dims:
        raise fail(f"{name}: output_size must be {dims}")
    kept = x.shape[-dims:]
    return concrete(tuple(size if value is None else value for value, size in zip(values, kept, strict=True)))


def check_dims_for(x: Node, output_size: Any) -> None:
    """What Python checks before PyTorch does: that there are more dims than sizes."""
    if isinstance(output_size, (list, tuple)) and len(output_size) >= len(x.shape):
        raise fail(f"Input dimension should be at least {len(output_size) + 1}", "bad-rank", "ValueError")


def check_adaptive(x: Node, dims: int, name: str, colon: str) -> None:
    if len(x.shape) not in (dims + 1, dims + 2):
        message = f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got{colon} {show(x.shape)}"
        raise fail(message, "bad-rank")
    for i in range(1, dims + 1):
        place = len(x.shape) - 1 - dims + i
        if x.shape[place] == 0:
            raise fail(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes"
                f" {show(x.shape)} with dimension {place} being empty"
            )


def _adaptive_average(x: Node, places: Ints) -> Node:
    dims = len(places)
    name = f"adaptive_avg_pool{dims}d"
    if any(count < 0 for count in places):
        shown = ", ".join(map(str, places[:2])) + "".join(f",{count}" for count in places[2:])  # PyTorch's own spaces
        raise fail(f"{name}: elements of output_size must be greater than or equal to 0 but received {{{shown}}}")
    if all(count == 1 for count in places) and len(x.shape) >= dims:
        return ops.mean(x, tuple(range(len(x.shape) - dims, len(x.shape))), True)  # type: ignore[no-any-return]
    check_adaptive(x, dims, name, "")
    if x.dtype.kind < FLOATING:
        raise not_implemented(name, x.dtype)
    concrete(x.shape[-dims:])
    return AVERAGE(x, places, None)  # type: ignore[no-any-return]


def _adaptive_avg_pool(dims: int) -> Any:
    name = f"adaptive_avg_pool{dims}d"

    def function(x: Node, output_size: Any) -> Node:
        if dims == 1:
            check_line(name, x)
            places = (1, *adaptive_places(x, output_size, 1, name))
            return on_line(x, lambda y: _adaptive_average(y, places))
        check_dims_for(x, output_size)
        rank = len(x.shape)
        if rank not in (dims + 1, dims + 2) and output_size != 1:
            check_adaptive(x, dims, name, "")
        if rank < dims:  # the mean of dims that there are not
            normalize_dim(-max(rank, 1) - 1, rank)
        return _adaptive_average(x, adaptive_places(x, output_size, dims, name))

    return function


_ADAPTIVES = {
    1: ["adaptive_avg_pool1d(x, 3); x:2,5"],
    2: ["adaptive_avg_pool2d(x, (2, None)); x:1,3,4", "adaptive_avg_pool2d(x, 1); x:1,2,2,3"],
    3: ["adaptive_avg_pool3d(x, (1, 2, 3)); x:1,2,3,4"],
}
for _dims in (1, 2, 3):
    composite(
        f"adaptive_avg_pool{_dims}d(x, output_size: any)",
        _adaptive_avg_pool(_dims),
        doc="Means over as many windows as output_size says.",
        example=f"adaptive_avg_pool{_dims}d({_EXAMPLES[_dims]}, {2 if _dims == 1 else 1})",
        samples=_ADAPTIVES[_dims],
    )


# Power averages


def _lp_pool(dims: int) -> Any:
    def function(x: Node, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: bool) -> Node:
        if norm_type == 0:
            raise fail("float division by zero", type="ZeroDivisionError")
        if math.isinf(norm_type):
            largest = getattr(ops, f"max_pool{dims}d")
            if norm_type > 0:
                return largest(ops.abs(x), kernel_size, stride, 0, 1, ceil_mode)  # type: ignore[no-any-return]
            return -largest(-ops.abs(x), kernel_size, stride, 0, 1, ceil_mode)  # type: ignore[no-any-return]
        average = getattr(ops, f"avg_pool{dims}d")(x**norm_type, kernel_size, stride, 0, ceil_mode)
        kernel = one_for_each(kernel_size, dims, f"lp_pool{dims}d", "kernel_size")
        total = ops.sign(average) * ops.relu(ops.abs(average)) * math.prod(kernel)
        return total ** (1 / norm_type)  # type: ignore[no-any-return]

    return function


_POWERS = {1: "lp_pool1d(x, 2, 2); x:1,5 in 0.5..2", 2: "lp_pool2d(x, 3, 2); x:1,3,4 in 0.5..2"}
_POWERS[3] = "lp_pool3d(x, 2, (1, 2, 2)); x:1,2,2,3 in 0.5..2"
for _dims in (1, 2, 3):
    composite(
        f"lp_pool{_dims}d(x, norm_type: Number, kernel_size: any, stride: any = None, ceil_mode: bool = False)",
        _lp_pool(_dims),
        doc="Roots of sums of powers over windows.",
        example=f"lp_pool{_dims}d({_EXAMPLES[_dims]}, 2, {2 if _dims < 3 else (1, 2, 2)})",
        samples=[_POWERS[_dims]],
    )
