"""Convolutions of one, two and three dimensions, and their transposes.

A convolution is one trilinear form, Σ out·w·x over the places that meet: summing over two of the three gives the
convolution (for out), its transpose (for x) and the correlation (for w), and each is the derivative of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Dim, Shape, concrete, show
from autodiff.ops.checks import C_NAMES
from autodiff.ops.create import int_or_ints
from autodiff.ops.losses import a_tensor

Ints = tuple[int, ...]


def out_size(size: Dim, kernel: Dim, stride: int, padding: int, dilation: int) -> Dim:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def columns_of(x: Any, kernel: Ints, places: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Any:
    """What meets at each place of the result: [rows, groups, channels·kernel, places]."""
    dims = len(kernel)
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]])
    spread = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    windows = np.lib.stride_tricks.sliding_window_view(x, spread, tuple(range(2, 2 + dims)))
    steps = [slice(None, s * n, s) for s, n in zip(stride, places, strict=True)]
    windows = windows[(slice(None), slice(None), *steps, *[slice(None, None, d) for d in dilation])]
    n, c = windows.shape[:2]
    front = np.moveaxis(windows, range(2 + dims, 2 + 2 * dims), range(2, 2 + dims))
    return np.reshape(front, (n, groups, (c // groups) * volume(kernel), volume(places)))


def volume(size: Sequence[int]) -> int:
    total = 1
    for dim in size:
        total *= dim
    return total


def _convolve(x: Any, weight: Any, places: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Any:
    shape = (x.shape[0], weight.shape[0], *places)
    if 0 in x.shape or 0 in weight.shape:
        return np.zeros(shape, x.dtype)
    columns = columns_of(x, weight.shape[2:], places, stride, padding, dilation, groups)
    rows = np.reshape(weight, (groups, weight.shape[0] // groups, -1))
    return np.reshape(np.matmul(rows, columns), shape)


def scatter(x: Any, weight: Any, size: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Any:
    """The transpose: each element of x adds its multiple of the kernel to a result of the given shape."""
    kernel, places = weight.shape[2:], x.shape[2:]
    if 0 in x.shape or 0 in weight.shape or 0 in size:
        return np.zeros(size, x.dtype)
    rows = np.reshape(weight, (groups, weight.shape[0] // groups, -1))
    flat = np.reshape(x, (x.shape[0], groups, weight.shape[0] // groups, -1))
    columns = np.reshape(np.matmul(np.swapaxes(rows, 1, 2), flat), (x.shape[0], size[1], *kernel, *places))
    reach = [
        max(s + 2 * p, d * (k - 1) + a * (o - 1) + 1)
        for s, k, a, p, d, o in zip(size[2:], kernel, stride, padding, dilation, places, strict=True)
    ]
    result: Any = np.zeros((*size[:2], *reach), x.dtype)
    for offset in product(*[range(k) for k in kernel]):
        where = [
            slice(d * i, d * i + a * (o - 1) + 1, a)
            for i, a, d, o in zip(offset, stride, dilation, places, strict=True)
        ]
        result[(..., *where)] += np.moveaxis(columns, range(2, 2 + len(kernel)), range(len(kernel)))[offset]
    inner = [slice(p, p + s) for p, s in zip(padding, size[2:], strict=True)]
    return result[(..., *inner)]


def _with_bias(out: Any, bias: Any) -> Any:
    return out if bias is None else out + np.reshape(bias, (-1, *[1] * (out.ndim - 2)))


def _correlate(x: Any, g: Any, size: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Any:
    if 0 in x.shape or 0 in g.shape:
        return np.zeros(size, x.dtype)
    columns = columns_of(x, size[2:], g.shape[2:], stride, padding, dilation, groups)
    flat = np.reshape(g, (g.shape[0], groups, size[0] // groups, -1))
    return np.reshape(np.sum(np.matmul(flat, np.swapaxes(columns, 2, 3)), axis=0), size)


def _bias_gradient(g: Node) -> Node:
    return ops.sum(g, (0, *range(2, len(g.shape))))  # type: ignore[no-any-return]


def _shown(x: Node, weight: Node, bias: Node | None, *_: Any) -> list[Node | None]:
    return [x, weight, bias]


def _convolution_rule(
    g: Node, out: Node, x: Node, weight: Node, bias: Node | None, places: Shape, *how: Any
) -> list[Node]:
    found = [TRANSPOSED(g, weight, None, x.shape, *how), CORRELATION(x, g, weight.shape, *how)]
    return found if bias is None else [*found, _bias_gradient(g)]


def _transposed_rule(
    g: Node, out: Node, x: Node, weight: Node, bias: Node | None, size: Shape, *how: Any
) -> list[Node]:
    found = [CONVOLUTION(g, weight, None, x.shape[2:], *how), CORRELATION(g, x, weight.shape, *how)]
    return found if bias is None else [*found, _bias_gradient(g)]


CONVOLUTION = Primitive(
    "convolution(x, weight, bias: Tensor?, places: sizes, stride: ints, padding: ints, dilation: ints, groups: int)",
    lambda x, weight, bias, places, *how: _with_bias(_convolve(x, weight, places, *how), bias),
    shape=lambda x, weight, bias, places, *how: (x.shape[0], weight.shape[0], *places),
    vjp_all=_convolution_rule,
    edges=_shown,
    doc="Weighted sums of what lies under a kernel that moves over x.",
)
TRANSPOSED = Primitive(
    "convolution_transpose(x, weight, bias: Tensor?, size: sizes, stride: ints, padding: ints, dilation: ints,"
    " groups: int)",
    lambda x, weight, bias, size, *how: _with_bias(scatter(x, weight, size, *how), bias),
    shape=lambda x, weight, bias, size, *how: size,
    vjp_all=_transposed_rule,
    edges=_shown,
    grad_fn="ConvolutionBackward0",
    doc="The transpose of a convolution: each element of x adds its multiple of the kernel.",
)
CORRELATION = Primitive(
    "convolution_weight(x, g, size: sizes, stride: ints, padding: ints, dilation: ints, groups: int)",
    _correlate,
    shape=lambda x, g, size, *how: size,
    vjp=[
        lambda c, out, x, g, size, *how: TRANSPOSED(g, c, None, x.shape, *how),
        lambda c, out, x, g, size, *how: CONVOLUTION(x, c, None, g.shape[2:], *how),
    ],
    grad_fn="ConvolutionBackwardBackward0",
    doc="The gradient of a convolution for its weight.",
)


# What PyTorch checks, in its order


def fail(message: str, code: str = "bad-value", operands: Sequence[int] = (0, 1)) -> AutodiffError:
    return AutodiffError(code, message, operands=operands)


def each_dim(function: str, name: str, value: Any, dims: int, own: int) -> Ints:
    """One int a dim of the weight, of a tuple or of an int, which stands for one for each of the function's `own`."""
    value = int_or_ints(function, name, value)
    values = (value,) * own if isinstance(value, int) else value
    if len(values) == 1:
        return values * dims
    if len(values) != dims:
        raise fail(
            f"expected {name} to be a single integer value or a list of {dims} values to match the convolution"
            f" dimensions, but got {name}={show(values)}"
        )
    return values


def _check_rank(name: str, x: Node, dims: int) -> None:
    if len(x.shape) not in (dims + 1, dims + 2):
        raise fail(
            f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input of size:"
            f" {show(x.shape)}",
            "bad-rank",
            (0,),
        )


def _c_name(x: Node) -> str:
    name = C_NAMES[x.dtype.name]
    return f"{name} int" if name in ("long", "short") else name


def _check_dtypes(x: Node, weight: Node, bias: Node | None) -> None:
    if weight.dtype is not x.dtype:
        raise fail(f"expected scalar type {x.dtype.long_name} but found {weight.dtype.long_name}", "bad-dtype")
    if bias is not None and bias.dtype is not x.dtype:
        raise fail(
            f"Input type ({_c_name(x)}) and bias type ({_c_name(bias)}) should be the same",
            "bad-dtype",
            (0, 2),
        )


def _check_positive(stride: Ints, dilation: Ints, groups: int) -> None:
    if any(s <= 0 for s in stride):
        raise fail("non-positive stride is not supported")
    if groups <= 0:
        raise fail("non-positive groups is not supported")
    if any(d < 0 for d in dilation):  # a dilation of 0 is refused when the weight has been looked at
        raise fail("dilation should be greater than zero")


def _check_weight(x: Node, weight: Node, bias: Node | None, groups: int, transposed: bool) -> None:
    if len(weight.shape) != len(x.shape):
        raise fail(
            f"Expected {len(weight.shape)}-dimensional input for {len(weight.shape)}-dimensional weight"
            f" {show(weight.shape)}, but got {len(x.shape)}-dimensional input of size {show(x.shape)} instead",
            "bad-rank",
        )
    first = weight.shape[0]
    if isinstance(first, int) and first < groups:
        message = f"expected weight to be at least {groups} at dimension 0, but got weight of size"
        raise fail(f"Given groups={groups}, {message} {show(weight.shape)} instead", "shape-mismatch")
    if isinstance(first, int) and first % groups:
        message = f"expected weight to be divisible by {groups} at dimension 0, but got weight of size"
        raise fail(f"Given groups={groups}, {message} [{show(weight.shape)}] instead", "shape-mismatch")
    channels = first if transposed else weight.shape[1] * groups
    how = f"transposed={int(transposed)}" if transposed else f"groups={groups}"
    if x.shape[1] != channels:
        raise fail(
            f"Given {how}, weight of size {show(weight.shape)}, expected input{show(x.shape)} to have {channels}"
            f" channels, but got {x.shape[1]} channels instead",
            "shape-mismatch",
        )
    out = weight.shape[1] * groups if transposed else first
    if bias is not None and bias.shape != (out,):
        raise fail(
            f"Given {'transposed=1, ' if transposed else ''}weight of size {show(weight.shape)}, expected bias to be"
            f" 1-dimensional with {out} elements, but got bias of size {show(bias.shape)} instead",
            "shape-mismatch",
            (1, 2),
        )


def _check_kernel(x: Node, weight: Node, padding: Ints, dilation: Ints) -> None:
    padded = [size + 2 * p for size, p in zip(x.shape[2:], padding, strict=True)]
    kernel = [d * (size - 1) + 1 for size, d in zip(weight.shape[2:], dilation, strict=True)]
    if any(isinstance(a, int) and isinstance(b, int) and a < b for a, b in zip(padded, kernel, strict=True)):
        raise fail(
            f"Calculated padded input size per channel: ({' x '.join(map(str, padded))}). Kernel size:"
            f" ({' x '.join(map(str, kernel))}). Kernel size can't be greater than actual input size",
            "shape-mismatch",
        )


def _check_empty(x: Node, weight: Node) -> None:
    """What is empty is empty in its rows or channels."""
    if 0 in x.shape[:2]:
        return
    ones = (1,) if len(x.shape) == 3 else ()
    if 0 in x.shape:
        given = show((*x.shape[:2], *ones, *x.shape[2:]))
        raise fail(f"Only zero batch or zero channel inputs are supported, but got input shape: {given}", "bad-rank")
    kernel = (*ones, *weight.shape[2:])
    if 0 in kernel:
        shown = f" kernel_height: {kernel[0]} kernel_width: {kernel[1]}"
        if len(kernel) > 2:
            shown = f": {' x '.join(map(str, kernel))} (TxHxW)"
        raise fail(f"kernel size should be greater than zero, but got{shown}")


def _same_padding(x: Node, weight: Node, stride: Ints, dilation: Ints) -> tuple[Node, Ints]:
    """As much as keeps the size; what does not halve is padded at the end."""
    if any(s != 1 for s in stride):
        raise fail("padding='same' is not supported for strided convolutions")
    totals = [d * (k - 1) for k, d in zip(concrete(weight.shape[2:]), dilation, strict=True)]
    padding = tuple(total // 2 for total in totals)
    if any(total % 2 for total in totals):
        extra: list[int] = []
        for total in reversed(totals):
            extra += [0, total % 2]
        x = ops.pad(x, tuple(extra))
    return x, padding


def _operands(name: str, dims: int, x: Node, weight: Node, bias: Node | None) -> tuple[Node, Node, bool]:
    """x as a batch, the weight, and whether x came as a single one."""
    x, weight = a_tensor(x), a_tensor(weight)
    _check_rank(name, x, dims)
    single = len(x.shape) == dims + 1
    if single:
        x = ops.unsqueeze(x, 0)
    _check_dtypes(x, weight, bias)
    if len(weight.shape) < 3:
        raise fail("weight should have at least three dimensions", "bad-rank", (1,))
    return x, weight, single


def _check_spread(spread: Ints) -> None:
    if any(d <= 0 for d in spread):
        shown = (1, *spread) if len(spread) == 1 else spread
        raise fail(f"dilation should be greater than zero, but got {show(shown)}")


def _check_places(x: Node, places: Sequence[Dim]) -> None:
    """Raises where a result would have no places."""
    if any(isinstance(size, int) and size < 1 for size in places):
        ones = (1,) if len(places) == 1 else ()
        given, found = (" x ".join(map(str, (*ones, *sizes))) for sizes in (x.shape[2:], places))
        raise fail(
            f"Given input size per channel: ({given}). Calculated output size per channel: ({found})."
            " Output size is too small",
            "shape-mismatch",
        )


def _convolution(name: str, dims: int) -> Any:
    def function(
        x: Node, weight: Node, bias: Node | None, stride: Any, padding: Any, dilation: Any, groups: int
    ) -> Node:
        x, weight, single = _operands(name, dims, x, weight, bias)
        count = len(weight.shape) - 2
        steps, spread = each_dim(name, "stride", stride, count, dims), each_dim(name, "dilation", dilation, count, dims)
        if padding == "same":
            x, pads = _same_padding(x, weight, steps, spread)
        elif isinstance(padding, str):
            if padding != "valid":
                raise fail(f"Invalid padding string: '{padding}'")
            pads = (0,) * count
        else:
            pads = each_dim(name, "padding", padding, count, dims)
        if any(p < 0 for p in pads):
            raise fail("negative padding is not supported")
        _check_positive(steps, spread, groups)
        _check_weight(x, weight, bias, groups, transposed=False)
        _check_kernel(x, weight, pads, spread)
        _check_spread(spread)
        _check_empty(x, weight)
        parts = zip(x.shape[2:], weight.shape[2:], steps, pads, spread, strict=True)
        places = tuple(out_size(*part) for part in parts)
        out = CONVOLUTION(x, weight, bias, places, steps, pads, spread, groups)
        return ops.squeeze(out, 0) if single else out  # type: ignore[no-any-return]

    return function


def _check_output_padding(extra: Ints, stride: Ints, dilation: Ints) -> None:
    if any(p >= s and p >= d for p, s, d in zip(extra, stride, dilation, strict=True)):
        wide = [(0, *extra), (1, *stride), (1, *dilation)] if len(extra) == 1 else [extra, stride, dilation]
        names = ("depth", "height", "width")[-len(wide[0]) :]
        shown = " ".join(
            f"{word}_{name}: {value}"
            for word, values in zip(("output_padding", "stride", "dilation"), wide, strict=True)
            for name, value in zip(names, values, strict=True)
        )
        raise fail(f"output padding must be smaller than either stride or dilation, but got {shown}")


def _transposed(name: str, dims: int) -> Any:
    def function(
        x: Node,
        weight: Node,
        bias: Node | None,
        stride: Any,
        padding: Any,
        output_padding: Any,
        groups: int,
        dilation: Any,
    ) -> Node:
        x, weight, single = _operands(name, dims, x, weight, bias)
        count = len(weight.shape) - 2
        steps, pads = each_dim(name, "stride", stride, count, dims), each_dim(name, "padding", padding, count, dims)
        spread, extra = (
            each_dim(name, "dilation", dilation, count, dims),
            each_dim(name, "output_padding", output_padding, count, dims),
        )
        for values, word in ((pads, "padding"), (extra, "output_padding")):
            if any(p < 0 for p in values):
                raise fail(f"negative {word} is not supported")
        _check_positive(steps, spread, groups)
        _check_weight(x, weight, bias, groups, transposed=True)
        _check_spread(spread)
        _check_output_padding(extra, steps, spread)
        _check_empty(x, weight)
        places = tuple(
            (s - 1) * a - 2 * p + d * (k - 1) + e + 1
            for s, k, a, p, d, e in zip(x.shape[2:], weight.shape[2:], steps, pads, spread, extra, strict=True)
        )
        _check_places(x, places)
        size = (x.shape[0], weight.shape[1] * groups, *places)
        out = TRANSPOSED(x, weight, bias, size, steps, pads, spread, groups)
        return ops.squeeze(out, 0) if single else out  # type: ignore[no-any-return]

    return function


_LETTERS = {1: "[[[1., 2., 3.]]]", 2: "[[[[1., 2.], [3., 4.]]]]", 3: "[[[[[1., 2.], [3., 4.]]]]]"}
_KERNELS = {1: "[[[1., 2.]]]", 2: "[[[[1., 2.]]]]", 3: "[[[[[1., 2.]]]]]"}
_SAMPLES = {
    1: [
        "conv1d(x, w, b, stride=2, padding=1); x:2,2,5, w:3,2,2, b:3",
        "conv1d(x, w, dilation=2, groups=2); x:2,5, w:2,1,2",
        "conv1d(x, w, padding='same'); x:1,1,4, w:1,1,2",
    ],
    2: [
        "conv2d(x, w, b, stride=(2, 1), padding=(0, 1)); x:1,2,4,3, w:2,2,2,2, b:2",
        "conv2d(x, w); x:1,3,3, w:2,1,2,2",
    ],
    3: ["conv3d(x, w, b); x:1,1,2,3,2, w:2,1,2,2,1, b:2"],
}
_TRANSPOSED_SAMPLES = {
    1: [
        "conv_transpose1d(x, w, b, stride=2, padding=1, output_padding=1); x:2,2,3, w:2,3,2, b:3",
        "conv_transpose1d(x, w, groups=2, dilation=2); x:2,3, w:2,1,2",
    ],
    2: ["conv_transpose2d(x, w, b, stride=2); x:1,2,2,2, w:2,1,2,2, b:1"],
    3: ["conv_transpose3d(x, w); x:1,1,2,1,2, w:1,2,1,2,2"],
}
for _dims in (1, 2, 3):
    composite(
        f"conv{_dims}d(x, weight, bias: Tensor? = None, stride: any = 1, padding: any = 0, dilation: any = 1,"
        " groups: int = 1)",
        _convolution(f"conv{_dims}d", _dims),
        doc=f"{_dims}-dimensional convolution: weighted sums of what lies under a kernel that moves over x.",
        example=f"conv{_dims}d({_LETTERS[_dims]}, {_KERNELS[_dims]})",
        samples=_SAMPLES[_dims],
    )
    composite(
        f"conv_transpose{_dims}d(x, weight, bias: Tensor? = None, stride: any = 1, padding: any = 0,"
        " output_padding: any = 0, groups: int = 1, dilation: any = 1)",
        _transposed(f"conv_transpose{_dims}d", _dims),
        doc=f"The transpose of a {_dims}-dimensional convolution: each element of x adds its multiple of the kernel.",
        example=f"conv_transpose{_dims}d({_LETTERS[_dims]}, {_KERNELS[_dims]})",
        samples=_TRANSPOSED_SAMPLES[_dims],
    )
