"""Layers of networks: linear and bilinear maps, gated units, dropout, shuffles of pixels, one-hot vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.evaluate import values_of
from autodiff.graph.kinds import plain, type_name
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Dim, Shape, Size, normalize_dim, numel, show
from autodiff.ops.checks import not_implemented
from autodiff.ops.create import int_or_ints
from autodiff.ops.layout import is_contiguous
from autodiff.ops.losses import a_tensor


def _linear(x: Node, weight: Node, bias: Node | None) -> Node:
    x, weight = a_tensor(x), a_tensor(weight)
    rank, weight_rank = len(x.shape), len(weight.shape)
    if not rank or not weight_rank:
        message = f"both arguments to linear need to be at least 1D, but they are {rank}D and {weight_rank}D"
        raise AutodiffError("bad-rank", message, operands=(0, 1))
    if bias is not None and weight_rank == 2:
        if rank == 2:
            return ops.addmm(bias, x, ops.t(weight))  # type: ignore[no-any-return]
        if len(bias.shape) == 1 and is_contiguous(x):
            rows = ops.view(x, (numel(x.shape[:-1]), x.shape[-1]))
            return ops.view(ops.addmm(bias, rows, ops.t(weight)), (*x.shape[:-1], weight.shape[0]))  # type: ignore[no-any-return]
    product = ops.matmul(x, ops.t(weight))
    return product if bias is None else product + bias  # type: ignore[no-any-return]


composite(
    "linear(x, weight, bias: Tensor? = None)",
    _linear,
    doc="x @ weight.T + bias.",
    example="linear([[1., 2.]], [[3., 4.], [5., 6.]], [1., 1.])",
    samples=[
        "linear(x, w); x:2,3, w:4,3",
        "linear(x, w, b); x:2,3, w:4,3, b:4",
        "linear(x, w, b); x:3, w:4,3, b:4",
        "linear(x, w, b); x:2,2,3, w:4,3, b:4",
        "linear(x, w); x:2,2,3, w:3",
    ],
)


# x1 W x2, row by row: out[n, o] = Σ x1[n, i] W[o, i, j] x2[n, j]


def _trilinear_kernel(x1: Any, weight: Any, x2: Any) -> Any:
    rows = np.matmul(np.matmul(x1[:, None, None, :], weight[None]), x2[:, None, :, None])
    return rows[:, :, 0, 0]


def _trilinear_rule(g: Node, out: Node, x1: Node, weight: Node, x2: Node) -> list[Node]:
    products = ops.unsqueeze(x1, 2) * ops.unsqueeze(x2, 1)
    into_weight = ops.transpose(g, 0, 1) @ ops.reshape(products, (x1.shape[0], x1.shape[1] * x2.shape[1]))
    return [
        TRILINEAR(g, ops.permute(weight, (1, 0, 2)), x2),
        ops.reshape(into_weight, weight.shape),
        TRILINEAR(x1, ops.permute(weight, (2, 1, 0)), g),
    ]


TRILINEAR = Primitive(
    "trilinear(x1, weight, x2)",
    _trilinear_kernel,
    shape=lambda x1, weight, x2: (x1.shape[0], weight.shape[0]),
    vjp_all=_trilinear_rule,
    doc="x1 @ weight[o] @ x2 for each row and each o.",
)


def _check_bilinear(x1: Node, x2: Node, weight: Node, bias: Node | None) -> None:
    def wrong(text: str, code: str = "shape-mismatch") -> AutodiffError:
        return AutodiffError(code, f"bilinear(): {text}", operands=(0, 1, 2))

    if len({node.dtype for node in (x1, x2, weight, bias) if node is not None}) > 1:
        named = [("input1", x1), ("input2", x2), ("weight", weight), ("bias", bias)]
        found = ", ".join(f"{name}: {node.dtype.long_name.lower()}" for name, node in named if node is not None)
        raise AutodiffError("bad-dtype", f"All tensors must have the same dtype, got {found}")
    if len(x1.shape) != len(x2.shape):
        raise wrong(f"input dimensions do not match: got {len(x1.shape)} and {len(x2.shape)}", "bad-rank")
    for i, (a, b) in enumerate(zip(x1.shape[:-1], x2.shape[:-1], strict=True)):
        if a != b:
            raise wrong(f"input batch dimensions do not match at dim {i}: got {a} and {b}")
    if len(weight.shape) > 3:
        raise AutodiffError("bad-rank", "number of dimensions must match", operands=(0, 1, 2))
    for i, x in enumerate((x1, x2), 1):
        normalize_dim(i, len(weight.shape), 2)
        if not x.shape or x.shape[-1] != weight.shape[i]:
            got = x.shape[-1] if x.shape else 1
            raise wrong(f"input{i} size does not match weight size: got {got} but expected {weight.shape[i]}")
    if bias is not None and (bias.shape[0] if bias.shape else 1) != weight.shape[0]:
        got = bias.shape[0] if bias.shape else 1
        raise wrong(f"bias size does not match weight size: got {got} but expected {weight.shape[0]}")


def _bilinear(x1: Node, x2: Node, weight: Node, bias: Node | None) -> Node:
    x1, x2 = a_tensor(x1), a_tensor(x2)
    _check_bilinear(x1, x2, weight, bias)
    rows: Dim = numel(x1.shape[:-1])
    flat = [ops.reshape(x, (rows, x.shape[-1])) for x in (x1, x2)]
    out = ops.view(TRILINEAR(flat[0], weight, flat[1]), (*x1.shape[:-1], weight.shape[0]))
    return out if bias is None else out + bias  # type: ignore[no-any-return]


composite(
    "bilinear(input1, input2, weight, bias: Tensor? = None)",
    _bilinear,
    doc="input1 @ weight[o] @ input2 + bias[o], for each o.",
    example="bilinear([1., 2.], [3., 4.], [[[1., 0.], [0., 1.]]])",
    samples=["bilinear(x, y, w); x:2,3, y:2,2, w:2,3,2", "bilinear(x, y, w, b); x:3, y:2, w:2,3,2, b:2"],
)


def _normalize(x: Node, p: Any, dim: Any, eps: Any) -> Node:
    x = a_tensor(x)
    if dim is not None:
        dim = int_or_ints("norm", "dim", dim)
        dim = (dim,) if isinstance(dim, int) else dim
    length = ops.clamp_min(ops.linalg_vector_norm(x, p, dim, True), eps)
    return x / ops.expand(length, x.shape)  # type: ignore[no-any-return]


composite(
    "normalize(x, p: Number = 2.0, dim: any = 1, eps: Number = 1e-12)",
    _normalize,
    doc="x divided by its p-norm along dim.",
    kinks="Norms below eps count as eps.",
    example="normalize([[3., 4.]])",
    samples=["normalize(x); x:2,3", "normalize(x, p=3., dim=0); x:2,3", "normalize(x, 1, 0); x:3"],
)


# Gated linear units


def _glu_kernel(x: Any, dim: int) -> Any:
    a, b = np.split(x, 2, axis=dim)
    return a * (0.5 * (1 + np.tanh(0.5 * b)))


def _glu_rule(g: Node, out: Node, x: Node, dim: int) -> Node:
    half = x.shape[dim] // 2
    a, b = ops.narrow(x, dim, 0, half), ops.narrow(x, dim, half, half)
    gate = ops.sigmoid(b)
    return ops.cat([g * gate, g * a * gate * (1 - gate)], dim)  # type: ignore[no-any-return]


def _halved(x: Node, dim: int) -> Shape:
    return (*x.shape[:dim], x.shape[dim] // 2, *x.shape[dim + 1 :])


GLU = Primitive(
    "glu(x, dim: dim)",
    _glu_kernel,
    shape=_halved,
    vjp=[_glu_rule],
    doc="The first half of x times the sigmoid of the second.",
)


def _glu(x: Node, dim: int) -> Node:
    if not x.shape:
        raise AutodiffError("bad-rank", "glu does not support scalars because halving size must be even", operands=(0,))
    dim = normalize_dim(dim, len(x.shape))
    size = x.shape[dim]
    if isinstance(size, int) and size % 2:
        message = f"Halving dimension must be even, but dimension {dim} is size {size}"
        raise AutodiffError("shape-mismatch", message, operands=(0,))
    if not x.dtype.is_floating:
        raise not_implemented("glu_cpu", x.dtype)
    return GLU(x, dim)  # type: ignore[no-any-return]


composite(
    "glu(x, dim: int = -1)",
    _glu,
    doc="The first half of x along dim times the sigmoid of the second.",
    example="glu([1., 2., 3., 4.])",
    samples=["glu(x); x:2,4", "glu(x, 0); x:2,3"],
)


# Dropout: without randomness it changes nothing, or drops everything.


def _dropout(x: Node, p: Any, training: bool, inplace: bool = False) -> Node:
    if not 0 <= p <= 1:
        shown = p if isinstance(p, int) else float(p)
        message = f"dropout probability has to be between 0 and 1, but got {shown}"
        raise AutodiffError("bad-value", message, type="ValueError")
    if p == 0 or not training or numel(x.shape) == 0:
        return x
    if p == 1:
        return x * ops.zeros_like(x)  # type: ignore[no-any-return]
    raise AutodiffError(
        "bad-value",
        "random tensors need a seed: not available in expressions",
        says="dropout draws random numbers",
        help="write training=False, or use autodiff run",
    )


def _by_channel(x: Node, p: Any, training: bool, inplace: bool, batched: int) -> Node:
    """Dropout for a tensor with so many dims, or one that gets them by a batch of one."""
    if len(x.shape) == batched:
        return _dropout(x, p, training)
    return ops.squeeze(_dropout(ops.unsqueeze(x, 0), p, training), 0)  # type: ignore[no-any-return]


def _dropout1d(x: Node, p: Any, training: bool, inplace: bool) -> Node:
    rank = len(x.shape)
    if rank not in (2, 3):
        message = (
            f"dropout1d: Expected 2D or 3D input, but received a {rank}D input. Note that dropout1d exists to provide"
            " channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch"
            " dimension (i.e. 2D or 3D inputs)."
        )
        raise AutodiffError("bad-rank", message, operands=(0,))
    return _by_channel(x, p, training, inplace, 3)


def _dropout3d(x: Node, p: Any, training: bool, inplace: bool) -> Node:
    return _by_channel(x, p, training, inplace, 5)


for _name, _training, _function in (
    ("dropout", True, _dropout),
    ("dropout1d", True, _dropout1d),
    ("dropout2d", True, _dropout),
    ("dropout3d", True, _dropout3d),
    ("alpha_dropout", False, _dropout),
    ("feature_alpha_dropout", False, _dropout),
    ("feature_dropout", True, _dropout),
):
    _example = "[[1., 2.]]" if _name == "dropout1d" else "[1., 2.]"
    composite(
        f"{_name}(x, p: Number = 0.5, training: bool = {_training}, inplace: bool = False)",
        _function,
        doc="x with elements set to zero by chance; here only without chance: training=False, p=0, p=1.",
        example=f"{_name}({_example}, 0.5, False)",
        samples=[f"{_name}(x, 0.5, False) * 1; x:2,3"],
    )


# Shuffles: channels become places and back.


def _shuffle_kernel(x: Any, r: int) -> Any:
    *lead, c, h, w = x.shape
    split = np.reshape(x, (*lead, c // (r * r), r, r, h, w))
    return np.reshape(np.moveaxis(split, (-4, -3), (-3, -1)), (*lead, c // (r * r), h * r, w * r))


def _unshuffle_kernel(x: Any, r: int) -> Any:
    *lead, c, h, w = x.shape
    split = np.reshape(x, (*lead, c, h // r, r, w // r, r))
    return np.reshape(np.moveaxis(split, (-3, -1), (-4, -3)), (*lead, c * r * r, h // r, w // r))


PIXEL_SHUFFLE = Primitive(
    "pixel_shuffle(x, factor: int)",
    _shuffle_kernel,
    shape=lambda x, r: (*x.shape[:-3], x.shape[-3] // (r * r), x.shape[-2] * r, x.shape[-1] * r),
    vjp=[lambda g, out, x, r: PIXEL_UNSHUFFLE(g, r)],
    doc="Channels spread over squares of pixels.",
)
PIXEL_UNSHUFFLE: Primitive = Primitive(
    "pixel_unshuffle(x, factor: int)",
    _unshuffle_kernel,
    shape=lambda x, r: (*x.shape[:-3], x.shape[-3] * r * r, x.shape[-2] // r, x.shape[-1] // r),
    vjp=[lambda g, out, x, r: PIXEL_SHUFFLE(g, r)],
    doc="Squares of pixels gathered into channels.",
)


def _check_factor(name: str, word: str, x: Node, factor: int) -> None:
    if len(x.shape) < 3:
        message = f"{name} expects input to have at least 3 dimensions, but got input with {len(x.shape)} dimension(s)"
        raise AutodiffError("bad-rank", message, operands=(0,))
    if factor <= 0:
        raise AutodiffError("bad-value", f"{name} expects a positive {word}, but got {factor}")


def _pixel_shuffle(x: Node, factor: int) -> Node:
    _check_factor("pixel_shuffle", "upscale_factor", x, factor)
    channels = x.shape[-3]
    if isinstance(channels, int) and channels % (factor * factor):
        raise AutodiffError(
            "shape-mismatch",
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor,"
            f" but input.size(-3)={channels} is not divisible by {factor * factor}",
            operands=(0,),
        )
    return PIXEL_SHUFFLE(x, factor)  # type: ignore[no-any-return]


def _pixel_unshuffle(x: Node, factor: int) -> Node:
    _check_factor("pixel_unshuffle", "downscale_factor", x, factor)
    for word, place in (("height", -2), ("width", -1)):
        size = x.shape[place]
        if isinstance(size, int) and size % factor:
            raise AutodiffError(
                "shape-mismatch",
                f"pixel_unshuffle expects {word} to be divisible by downscale_factor, but input.size({place})={size} is"
                f" not divisible by {factor}",
                operands=(0,),
            )
    return PIXEL_UNSHUFFLE(x, factor)  # type: ignore[no-any-return]


composite(
    "pixel_shuffle(x, upscale_factor: int)",
    _pixel_shuffle,
    doc="Channels spread over squares of upscale_factor by upscale_factor pixels.",
    example="pixel_shuffle([[[1.]], [[2.]], [[3.]], [[4.]]], 2)",
    samples=["pixel_shuffle(x, 2); x:2,4,1,2"],
)
composite(
    "pixel_unshuffle(x, downscale_factor: int)",
    _pixel_unshuffle,
    doc="Squares of downscale_factor by downscale_factor pixels gathered into channels.",
    example="pixel_unshuffle([[[1., 2.], [3., 4.]]], 2)",
    samples=["pixel_unshuffle(x, 2); x:1,2,4"],
)


def _channel_kernel(x: Any, groups: int) -> Any:
    n, c, *rest = x.shape
    return np.reshape(np.swapaxes(np.reshape(x, (n, groups, c // groups, *rest)), 1, 2), x.shape)


CHANNEL_SHUFFLE: Primitive = Primitive(
    "channel_shuffle(x, groups: int)",
    _channel_kernel,
    shape=lambda x, groups: x.shape,
    vjp=[lambda g, out, x, groups: CHANNEL_SHUFFLE(g, x.shape[1] // groups)],
    doc="Channels dealt out between groups.",
)


def _channel_shuffle(x: Node, groups: int) -> Node:
    if len(x.shape) < 3:
        message = f"channel_shuffle expects input with > 2 dims, but got input with sizes {show(x.shape)}"
        raise AutodiffError("bad-rank", message, operands=(0,))
    if groups <= 0:
        message = f"Number of groups to divide channels in must be positive. Value of groups:{groups}"
        raise AutodiffError("bad-value", message)
    channels = x.shape[1]
    if isinstance(channels, int) and channels % groups:
        message = f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        raise AutodiffError("shape-mismatch", message, operands=(0,))
    return CHANNEL_SHUFFLE(x, groups)  # type: ignore[no-any-return]


composite(
    "channel_shuffle(x, groups: int)",
    _channel_shuffle,
    doc="Channels (dim 1) dealt out between groups.",
    example="channel_shuffle([[[1.], [2.], [3.], [4.]]], 2)",
    samples=["channel_shuffle(x, 2); x:1,4,2"],
)


# One-hot vectors


def _one_hot_kernel(x: Any, classes: int) -> Any:
    if np.any(x < 0):
        raise AutodiffError("index-out-of-range", "Class values must be non-negative.", operands=(0,))
    if np.any(x >= classes):
        raise AutodiffError("index-out-of-range", "Class values must be smaller than num_classes.", operands=(0,))
    return (np.expand_dims(x, -1) == np.arange(classes)).astype(np.int64)


ONE_HOT = Primitive(
    "one_hot(x, classes: int)",
    _one_hot_kernel,
    shape=lambda x, classes: (*x.shape, classes),
    dtype=lambda x, classes: dtypes.int64,
    doc="1 at the place that x names, else 0.",
)


def _one_hot(x: Node, num_classes: Any) -> Node:
    classes = plain(num_classes)
    if isinstance(classes, bool) or not isinstance(classes, (int, Size)):
        message = f"one_hot(): argument 'num_classes' (position 2) must be int, not {type_name(classes)}"
        raise AutodiffError("argument-type", message, type="TypeError")
    if x.dtype is not dtypes.int64:
        message = "one_hot is only applicable to index tensor of type LongTensor."
        raise AutodiffError("bad-dtype", message, operands=(0,), help="class indices are integers: x.long()")
    if classes == -1:
        if numel(x.shape) == 0:
            raise AutodiffError("bad-value", "Can not infer total number of classes from empty tensor.")
        values = values_of(x)
        if np.any(values < 0):
            raise AutodiffError("index-out-of-range", "Class values must be non-negative.", operands=(0,))
        classes = int(np.max(values)) + 1
    elif isinstance(classes, int) and classes < 1:
        empty = numel(x.shape) == 0
        message = "num_classes should be positive" if empty else "Class values must be smaller than num_classes."
        raise AutodiffError("bad-value", message)
    return ONE_HOT(x, classes)  # type: ignore[no-any-return]


composite(
    "one_hot(x, num_classes: any = -1)",
    _one_hot,
    doc="For each class index in x a row of zeros with a 1 at its place.",
    example="one_hot([0, 2, 1])",
)
