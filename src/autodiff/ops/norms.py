"""Norms of vectors and matrices, and distances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType, promote
from autodiff.graph.elementwise import common_form, fit
from autodiff.graph.kinds import plain, type_name
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, strengthen
from autodiff.graph.sizes import normalize_dim, normalize_dims, numel, reduced, show
from autodiff.ops.extremes import AMAX, AMIN
from autodiff.ops.reduce import SUM, Dims, add_up, all_if_empty, in_dtype, invalid_combination, kept, reduced_shape
from autodiff.ops.trigonometry import INVERSE

Order = float | int


def _norm_kernel(x: Any, ord: Order, dim: Dims, keepdim: bool) -> Any:
    x = np.asarray(x)
    if x.dtype == np.float16:
        return _norm_kernel(x.astype(np.float32), ord, dim, keepdim).astype(np.float16)
    one = x.dtype.type(1)
    size = np.abs(x)
    if ord and (x.size if dim is None else math.prod(x.shape[d] for d in dim)) == 1:
        return add_up(size, dim, keepdim)  # of a single element, which is not squared: 1e300 has a norm
    if ord == 2:
        return np.sqrt(add_up(x * x, dim, keepdim))
    if ord == 1:
        return add_up(size, dim, keepdim)
    if ord == 0:
        return add_up((x != 0).astype(x.dtype), dim, keepdim)
    if ord == math.inf:
        return np.max(size, axis=dim, keepdims=keepdim)
    if ord == -math.inf:
        return np.min(size, axis=dim, keepdims=keepdim)
    return add_up(size ** x.dtype.type(ord), dim, keepdim) ** (one / x.dtype.type(ord))


def _at_zero(condition: Node, otherwise: Node) -> Node:
    return ops.where(condition, 0, otherwise)  # type: ignore[no-any-return]


def norm_rule(g: Node, out: Node, x: Node, p: Any, dim: Dims | None) -> Node | None:
    """The cotangent of x; `g` and `out` have the reduced dims as ones. The subgradient at zero is zero."""
    if p == 0:
        return None
    if p == 1:
        return ops.sign(x) * g  # type: ignore[no-any-return]
    if p == 2:
        return g * _at_zero(ops.eq(out, 0), x * INVERSE(out))  # its second derivative at zero is zero, not NaN
    size = ops.abs(x)
    if math.isinf(p):
        mask = ops.eq(size, out) | ops.isnan(size)
        return ops.sign(x) * ((g / SUM(mask, dim, True)) * mask)  # type: ignore[no-any-return]
    if p < 1:
        return ops.sign(x) * _at_zero(ops.eq(x, 0), size ** (p - 1)) * g * out ** (1 - p)  # type: ignore[no-any-return]
    scale = _at_zero(ops.eq(out, 0), g / out ** (p - 1))
    if p < 2:
        return ops.sign(x) * size ** (p - 1) * scale  # type: ignore[no-any-return]
    return x * size ** (p - 2) * scale  # type: ignore[no-any-return]


def _norm_vjp(g: Node, out: Node, x: Node, ord: Any, dim: Dims | None, keepdim: bool) -> Node | None:
    return norm_rule(kept(g, x, dim, keepdim), kept(out, x, dim, keepdim), x, ord, dim)


VECTOR_NORM = Primitive(
    "vector_norm(x, ord: Number, dim: dims?, keepdim: bool)",
    _norm_kernel,
    shape=lambda x, ord, dim, keepdim: reduced_shape(x, dim, keepdim),
    vjp=[_norm_vjp],
    batches=True,
    grad_fn="LinalgVectorNormBackward0",
    doc="Norm of all elements, or of the vectors along dim.",
)


def _floating(function: str, x: Node, dtype: DType | None) -> None:
    if not x.dtype.is_floating:
        raise AutodiffError(
            "bad-dtype",
            f"{function}: Expected a floating point or complex tensor as input. Got {x.dtype.long_name}",
            operands=(0,),
            help="make it floating: write the numbers with a point (3.), or x.double()",
        )
    if dtype is None:
        return
    if not dtype.is_floating:
        raise AutodiffError(
            "bad-dtype",
            f"{function}: dtype should be floating point or complex, but got {dtype.long_name}",
            operands=(0,),
        )
    if promote(x.dtype, dtype) is not dtype:
        raise AutodiffError(
            "bad-dtype",
            f"{function}: the dtype of the input ({x.dtype.long_name}) should be convertible without narrowing to the"
            f" specified dtype ({dtype.long_name})",
            operands=(0,),
        )


def _order_text(order: Any) -> str:
    """How PyTorch's messages write an order."""
    if isinstance(order, (str, int)):
        return str(order)
    return str(int(order)) if order == order and not math.isinf(order) and order == int(order) else str(float(order))


def _vector_norm(x: Node, ord: Any, dim: Dims | None, keepdim: bool, dtype: DType | None) -> Node:
    """dim as given: messages about empty ones show it so."""
    if isinstance(ord, str) or (not isinstance(ord, (int, float)) and not hasattr(ord, "numerator")):
        raise AutodiffError(
            "argument-type",
            f"linalg_vector_norm(): argument 'ord' (position 2) must be Number, not {type_name(ord)}",
            type="TypeError",
            operands=(1,),
        )
    _floating("linalg.vector_norm", x, dtype)
    dims = None if dim is None else all_if_empty(x, normalize_dims(dim, len(x.shape)))
    if ord < 0 or ord == math.inf:
        _needs_elements(x, ord, dim or None)
    return VECTOR_NORM(in_dtype(x, dtype), ord, dims, keepdim)  # type: ignore[no-any-return]


def _needs_elements(x: Node, ord: Order, dim: Dims | None) -> None:
    head = f"linalg.vector_norm cannot compute the {_order_text(ord)} norm on "
    if dim is None:
        if numel(x.shape) == 0:
            raise AutodiffError(
                "shape-mismatch",
                head + "an empty tensor because the operation does not have an identity",
                operands=(0,),
            )
        return
    for d in dim:
        if x.shape and x.shape[d] == 0:
            raise AutodiffError(
                "shape-mismatch",
                head + f"the dimension {d}because this dimension is empty and the operation does not have an identity",
                operands=(0,),
            )


NORM_KINKS = "The subgradient at zero is zero; elements that tie for the largest share it evenly."
vector_norm = composite(
    "linalg.vector_norm(x, ord: any = 2, dim: ints? = None, keepdim: bool = False, *, dtype: dtype? = None)",
    _vector_norm,
    doc="Norm of all elements, or of the vectors along dim.",
    example="linalg.vector_norm([3., 4.])",
    samples=[
        "linalg.vector_norm(x); x:2,3",
        "linalg.vector_norm(x, 1, 0); x:2,3",
        "linalg.vector_norm(x, 3, (0, 1), True); x:2,3",
        "linalg.vector_norm(x, inf, 1); x:2,3",
        "linalg.vector_norm(x, -2.5); x:2,3 in 0.5..2",
        "linalg.vector_norm(x, 1.5); x:4 in 0.5..2",
        "linalg.vector_norm(x, 0.5); x:4 in 0.5..2",
    ],
    kinks=NORM_KINKS,
)


# Matrix norms


def _is_number(value: Any) -> bool:
    return not isinstance(value, (str, list, tuple)) and value is not None


def _matrix_norm(x: Node, ord: Any, dim: Any, keepdim: bool, dtype: DType | None) -> Node:
    name = "linalg.matrix_norm"
    if len(x.shape) < 2:
        raise AutodiffError("bad-rank", f"{name}: The input tensor A must have at least 2 dimensions.", operands=(0,))
    _floating(name, x, dtype)
    if len(dim) != 2:
        raise AutodiffError("bad-value", f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dim))}", operands=(0,))
    first, second = (normalize_dim(d, len(x.shape)) for d in dim)
    ord = plain(ord)
    if not isinstance(ord, str) and (not _is_number(ord) or isinstance(ord, Node)):
        raise invalid_combination("linalg_matrix_norm", x, ord)
    size: Any = None if isinstance(ord, str) else abs(ord)
    if ord not in ("fro", "nuc") and not (_is_number(ord) and size in (1, 2, math.inf)):
        raise AutodiffError("bad-value", f"{name}: Order {_order_text(ord)} not supported.", operands=(1,))
    if first == second:
        raise AutodiffError("bad-value", f"{name}: dims must be different. Got ({first}, {second})", operands=(0,))
    x = in_dtype(x, dtype)
    if ord == "fro":
        return _vector_norm(x, 2, (first, second), keepdim, None)
    if ord == "nuc" or size == 2:
        return _spectral(x, ord, (first, second), keepdim)
    if size == math.inf:
        first, second = second, first
    sums = _vector_norm(x, 1, (first,), keepdim, None)
    if not keepdim and first < second:
        second -= 1
    return _extreme(sums, ord, second, keepdim)


def _extreme(x: Node, ord: Any, dim: int, keepdim: bool) -> Node:
    """The largest, or for negative orders the smallest, along dim; of nothing, a norm is zero."""
    if ord > 0 and x.shape[dim] == 0:
        return ops.zeros(reduced(x.shape, (dim,), keepdim), dtype=x.dtype)  # type: ignore[no-any-return]
    return (AMAX if ord > 0 else AMIN)(x, (dim,), keepdim)  # type: ignore[no-any-return]


def _spectral(x: Node, ord: Any, dim: tuple[int, int], keepdim: bool) -> Node:
    """Norms that singular values decide: their sum, the largest, the smallest."""
    rank = len(x.shape)
    order = [d for d in range(rank) if d not in dim] + list(dim)
    values = ops.linalg_svdvals(ops.permute(x, tuple(order)))
    result = SUM(values, (rank - 2,), keepdim) if ord == "nuc" else _extreme(values, ord, rank - 2, keepdim)
    if not keepdim:
        return result
    result = ops.unsqueeze(result, -1)
    return ops.permute(result, tuple(order.index(d) for d in range(rank)))  # type: ignore[no-any-return]


matrix_norm = composite(
    "linalg.matrix_norm(x, ord: any = 'fro', dim: ints = (-2, -1), keepdim: bool = False, *, dtype: dtype? = None)",
    _matrix_norm,
    doc="Norm of matrices: 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2.",
    example="linalg.matrix_norm([[1., 2.], [3., 4.]], 1)",
    samples=[
        "linalg.matrix_norm(x); x:2,3",
        "linalg.matrix_norm(x, 1); x:2,3",
        "linalg.matrix_norm(x, -inf, (0, 2), True); x:2,3,2",
    ],
    kinks=NORM_KINKS,
)


def _linalg_norm(x: Node, ord: Any, dim: Any, keepdim: bool, dtype: DType | None) -> Node:
    rank = len(x.shape)
    if dim is not None and len(dim) not in (1, 2):
        raise AutodiffError(
            "bad-value",
            f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {show(dim)}",
            operands=(0,),
        )
    if ord is not None and not isinstance(ord, str) and not _is_number(ord):
        raise invalid_combination("linalg_norm", x, ord)
    if ord is not None and dim is None and rank not in (1, 2):
        raise AutodiffError(
            "bad-rank",
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {rank}D.",
            operands=(0,),
        )
    if isinstance(ord, str):
        return _matrix_norm(x, ord, (-2, -1) if dim is None else dim, keepdim, dtype)
    if ord is not None and dim is None:
        dim = tuple(range(rank))
    if ord is not None and len(dim) == 2:
        return _matrix_norm(x, ord, dim, keepdim, dtype)
    return _vector_norm(x, 2 if ord is None else ord, dim, keepdim, dtype)


linalg_norm = composite(
    "linalg.norm(x, ord: any = None, dim: ints? = None, keepdim: bool = False, *, dtype: dtype? = None)",
    _linalg_norm,
    doc="Norm of a vector or a matrix; without ord, of all elements.",
    example="linalg.norm([[1., 2.], [3., 4.]], inf)",
    samples=[
        "linalg.norm(x); x:2,3",
        "linalg.norm(x, 1); x:2,3",
        "linalg.norm(x, 3, 0); x:2,3",
        "linalg.norm(x, 'fro', (0, 1), True); x:2,3,2",
    ],
    kinks=NORM_KINKS,
)


def _norm(x: Node, p: Any, dim: Any, keepdim: bool, out: Any, dtype: DType | None) -> Node:
    """PyTorch's older function: 'fro' is the norm of all elements, also of vectors."""
    if isinstance(p, str):
        if p == "fro" and (dim is None or len(dim) < 2):
            p = 2
        else:
            return _matrix_norm(x, p, (-2, -1) if dim is None else dim, keepdim, dtype)
    return _vector_norm(x, 2 if p is None else p, dim, keepdim, dtype)


norm = composite(
    "norm(x, p: any = 'fro', dim: ints? = None, keepdim: bool = False, out: any = None, dtype: dtype? = None)",
    _norm,
    doc="Norm of all elements, or along dim: p is a number, 'fro' or 'nuc'.",
    example="norm([3., 4.])",
    samples=[
        "norm(x); x:2,3",
        "norm(x, 1); x:2,3",
        "norm(x, inf); x:2,3",
        "norm(x, 3, dim=0); x:2,3",
        "norm(x, p=2, dim=(0, 1), keepdim=True); x:2,3",
        "norm(x, 'fro'); x:4",
    ],
    kinks=NORM_KINKS,
)


# Distances


def _dist_rule(g: Node, out: Node, x: Node, y: Node, p: Any) -> Node | None:
    return norm_rule(g, out, x - y, p, None)


def _dist_rule_y(g: Node, out: Node, x: Node, y: Node, p: Any) -> Node | None:
    pulled = _dist_rule(g, out, x, y, p)
    return None if pulled is None else -pulled


DIST = Primitive(
    "dist(x, y, p: Number)",
    lambda x, y, p: _norm_kernel(np.subtract(x, y), p, tuple(range(-np.ndim(x), 0)), False),
    shape=lambda x, y, p: (),
    vjp=[_dist_rule, _dist_rule_y],
    doc="The norm of x - y.",
)


def _dist(x: Node, y: Node, p: Any) -> Node:
    shape, dtype = common_form([x, y])
    if not dtype.is_floating:
        raise AutodiffError(
            "bad-dtype",
            f"norm(): input dtype should be either floating point or complex. Got {dtype.long_name} instead.",
            operands=(0, 1),
        )
    if p < 0 or p == math.inf:
        _needs_elements(x if len(x.shape) >= len(y.shape) else y, p, None)
    x, y = [fit(strengthen(node, dtype), shape, dtype) for node in (x, y)]
    return DIST(x, y, p)  # type: ignore[no-any-return]


dist = composite(
    "dist(x, y: Tensor, p: Number = 2)",
    _dist,
    doc="The p-norm of x - y.",
    example="dist([1., 2.], [4., 6.])",
    samples=["dist(x, y); x:2,3, y:2,3", "dist(x, y, 1); x:2,3, y:3", "dist(x, y, 3); x:4, y:4"],
    kinks=NORM_KINKS,
)


# Slices shortened to a norm

NEVER_ZERO = 1e-7  # PyTorch's guard in the denominator


def _renorm_rule(g: Node, out: Node, x: Node, p: Any, dim: int, maxnorm: Any) -> Node:
    others = tuple(d for d in range(len(x.shape)) if d != dim)
    length = VECTOR_NORM(x, p, others, True)
    through_length = norm_rule(SUM(x * g, others, True), length, x, p, others)
    inverse = ops.reciprocal(length + NEVER_ZERO)
    shortened = inverse * maxnorm * (g - inverse * through_length)
    return ops.where(length > maxnorm, shortened, g)  # type: ignore[no-any-return]


RENORM = Primitive(
    "renorm(x, p: Number, dims: dims, dim: dim, maxnorm: Number)",
    lambda x, p, dims, dim, maxnorm: _shorten(np.asarray(x), p, dims, maxnorm),
    shape=lambda x, p, dims, dim, maxnorm: x.shape,
    batches=True,
    vjp=[lambda g, out, x, p, dims, dim, maxnorm: _renorm_rule(g, out, x, p, dim, maxnorm)],
    doc="x with the slices along dim shortened to a norm of maxnorm.",
)


def _shorten(x: np.ndarray, p: Any, dims: Dims, maxnorm: Any) -> Any:
    length = _norm_kernel(x, p, dims, True)
    scale = np.where(length > maxnorm, x.dtype.type(maxnorm) / (length + x.dtype.type(NEVER_ZERO)), x.dtype.type(1))
    return x * scale


def _renorm(x: Node, p: Any, dim: int, maxnorm: Any) -> Node:
    if p <= 0:
        raise AutodiffError("bad-value", "renorm: non-positive-norm not supported", operands=(1,))
    if not maxnorm >= 0:
        raise AutodiffError(
            "bad-value", f"renorm: expected maxnorm to be >= 0 but got {_order_text(maxnorm)}", operands=(3,)
        )
    if len(x.shape) < 2:
        raise AutodiffError(
            "bad-rank", f"renorm: input needs at least 2 dimensions, got {len(x.shape)} dimensions", operands=(0,)
        )
    dim = normalize_dim(dim, len(x.shape))
    _floating("linalg.vector_norm", x, None)
    others = tuple(d for d in range(len(x.shape)) if d != dim)
    if p == math.inf:
        _needs_elements(x, p, others)
    return RENORM(x, p, others, dim, maxnorm)  # type: ignore[no-any-return]


renorm = composite(
    "renorm(x, p: Number, dim: int, maxnorm: Number)",
    _renorm,
    doc="x with those slices along dim whose p-norm is above maxnorm shortened to it.",
    example="renorm([[3., 4.], [0.1, 0.2]], 2, 0, 1.)",
    samples=["renorm(x, 2, 0, 1.); x:3,2", "renorm(x, 1, 1, 0.5); x:2,3", "renorm(x, 3, -1, 1.); x:2,3,2"],
)
