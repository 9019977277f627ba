"""Cumulative sums, products, extremes, and logarithms of sums of exponentials along one dim; and the product of all.

Products need care where an element is zero: their derivatives are written as products of the *other* elements, never as
a quotient of results.  Both cumulative rules come down to one linear recurrence, whose derivative is another one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node, Results
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, convert
from autodiff.graph.sizes import reduced
from autodiff.ops.checks import not_implemented
from autodiff.ops.reduce import Dims, in_dtype, invalid_combination, kept, sum_dtype


def flip(x: Node, dim: Dims) -> Node:
    return ops.flip(x, dim) if x.shape else x


def _running(ufunc: np.ufunc) -> Callable[..., Any]:
    """The kernel that accumulates along dim, integers as int64 and small floating types in double."""

    def kernel(x: Any, dim: Dims) -> Any:
        x = np.asarray(x)
        wide = {"b": np.int64, "u": np.int64, "i": np.int64}.get(x.dtype.kind)
        if not dim:
            return x if wide is None else x.astype(wide)
        if x.dtype.kind == "f" and x.dtype != np.float64:
            made = ufunc.accumulate(x, axis=dim[0], dtype=np.float64).astype(x.dtype)
        else:
            made = ufunc.accumulate(x, axis=dim[0], dtype=wide)
        if ufunc is np.add:
            made += made.dtype.type(0)  # sums begin at zero: there is no -0
        return made

    return kernel


CUMSUM: Primitive = Primitive(
    "cumsum(x, dim: dims)",
    _running(np.add),
    shape=lambda x, dim: x.shape,
    batches=True,
    dtype=lambda x, dim: sum_dtype(x.dtype),
    vjp=[lambda g, out, x, dim: flip(CUMSUM(flip(g, dim), dim), dim)],
    doc="Sums of the elements up to each, along dim.",
)
cumsum = composite(
    "cumsum(x, dim: dim, *, dtype: dtype? = None)",
    lambda x, dim, dtype: CUMSUM(in_dtype(x, dtype), (dim,)),
    doc="Sums of the elements up to each, along dim.",
    example="cumsum([1., 2., 3.], 0)",
    samples=["cumsum(x, 0); x:3,2", "cumsum(x^2, -1); x:2,3", "cumsum(x, 0); x:scalar"],
)


# Linear recurrences


def _recur(a: Any, b: Any, dim: Dims) -> Any:
    """s[i] = a[i]*s[i-1] + b[i] by doubling: each round joins runs twice as long."""
    b = np.asarray(b)
    if not dim:
        return b
    a, s = np.moveaxis(np.array(a), dim[0], 0), np.moveaxis(np.array(b), dim[0], 0)
    step = 1
    while step < len(s):
        s[step:] += a[step:] * s[:-step]
        a[step:] *= a[:-step].copy()
        step *= 2
    return np.moveaxis(s, 0, dim[0])


RECURRENCE: Primitive = Primitive(
    "linear_recurrence(a, b, dim: dims)",
    _recur,
    shape=lambda a, b, dim: b.shape,
    batches=True,
    dtype=lambda a, b, dim: b.dtype,
    vjp=[
        lambda g, out, a, b, dim: _back_recurrence(a, g, dim) * shifted(out, dim, 0),
        lambda g, out, a, b, dim: _back_recurrence(a, g, dim),
    ],
    doc="s with s[i] = a[i]*s[i-1] + b[i] along dim, starting from s[-1] = 0.",
)


def _back_recurrence(a: Node, b: Node, dim: Dims) -> Node:
    """s with s[i] = a[i+1]*s[i+1] + b[i]."""
    return flip(RECURRENCE(shifted(flip(a, dim), dim, 0), flip(b, dim), dim), dim)


def _shift_kernel(x: Any, dim: Dims, fill: float) -> Any:
    x = np.asarray(x)
    result = np.full_like(x, fill)
    if dim:
        np.moveaxis(result, dim[0], 0)[1:] = np.moveaxis(x, dim[0], 0)[:-1]
    return result


SHIFT: Primitive = Primitive(
    "shift(x, dim: dims, fill: Number)",
    _shift_kernel,
    shape=lambda x, dim, fill: x.shape,
    batches=True,
    vjp=[lambda g, out, x, dim, fill: flip(SHIFT(flip(g, dim), dim, 0), dim)],
    doc="x moved by one along dim, fill in the place that becomes free.",
)


def shifted(x: Node, dim: Dims, fill: int) -> Node:
    return SHIFT(x, dim, fill)  # type: ignore[no-any-return]


# Products


def _cumprod_rule(g: Node, out: Node, x: Node, dim: Dims) -> Node:
    if not x.shape or x.shape[dim[0]] == 1:
        return g
    return shifted(out, dim, 1) * _back_recurrence(x, g, dim)


CUMPROD = Primitive(
    "cumprod(x, dim: dims)",
    _running(np.multiply),
    shape=lambda x, dim: x.shape,
    batches=True,
    dtype=lambda x, dim: sum_dtype(x.dtype),
    vjp=[_cumprod_rule],
    doc="Products of the elements up to each, along dim.",
)
cumprod = composite(
    "cumprod(x, dim: dim, *, dtype: dtype? = None)",
    lambda x, dim, dtype: CUMPROD(in_dtype(x, dtype), (dim,)),
    doc="Products of the elements up to each, along dim. Right where elements are zero.",
    example="cumprod([1., 2., 3.], 0)",
    samples=["cumprod(x, 0); x:3,2", "cumprod(x, -1); x:2,4", "cumprod(x - x, 0) + cumprod(x, 0); x:3"],
)


def _multiply_up(x: Any, dim: Dims, keepdim: bool) -> Any:
    x = np.asarray(x)
    if x.dtype.kind != "f":
        return np.prod(x, axis=dim, keepdims=keepdim, dtype=np.int64)
    if x.dtype == np.float16:
        return np.prod(x, axis=dim, keepdims=keepdim, dtype=np.float32).astype(np.float16)
    return np.prod(x, axis=dim, keepdims=keepdim)


def _others_kernel(x: Any, dim: Dims) -> Any:
    """Divides where no element is zero, and multiplies what is left and right of each where one is."""
    x = np.asarray(x)
    if not dim:
        return np.ones_like(x)
    zeros = np.count_nonzero(x == 0, axis=dim[0], keepdims=True)
    quotient = np.prod(x, axis=dim[0], keepdims=True) / x
    if not zeros.any():
        return quotient
    left = _shift_kernel(np.cumprod(x, axis=dim[0]), dim, 1)
    backwards = np.flip(x, dim[0])
    right = np.flip(_shift_kernel(np.cumprod(backwards, axis=dim[0]), dim, 1), dim[0])
    return np.where(zeros == 0, quotient, left * right)


def _others_rule(g: Node, out: Node, x: Node, dim: Dims) -> Node:
    """Each result is what stands left times what stands right; each of these is a cumulative product."""
    back = flip(x, dim)
    products, products_back = CUMPROD(x, dim), CUMPROD(back, dim)
    left, right_back = shifted(products, dim, 1), shifted(products_back, dim, 1)
    from_left = _unshifted(g * flip(right_back, dim), dim)
    from_right = _unshifted(flip(g * left, dim), dim)
    pulled = left * _back_recurrence(x, from_left, dim)
    pulled_back = right_back * _back_recurrence(back, from_right, dim)
    return pulled + flip(pulled_back, dim)


def _unshifted(g: Node, dim: Dims) -> Node:
    return flip(SHIFT(flip(g, dim), dim, 0), dim)


OTHERS = Primitive(
    "product_of_others(x, dim: dims)",
    _others_kernel,
    shape=lambda x, dim: x.shape,
    batches=True,
    vjp=[_others_rule],
    text="prod(x)/x",
    doc="For each element the product of all others along dim.",
)


def _prod_rule(g: Node, out: Node, x: Node, dim: Dims | None, keepdim: bool) -> Node:
    if not x.shape:
        return g
    if dim is None:
        others = ops.reshape(OTHERS(ops.reshape(x, (-1,)), (0,)), x.shape) if len(x.shape) > 1 else OTHERS(x, (0,))
    else:
        others = OTHERS(x, dim)
    return kept(g, x, dim, keepdim) * others  # type: ignore[no-any-return]


PROD = Primitive(
    "prod(x, dim: dims? = None, keepdim: bool = False)",
    _multiply_up,
    shape=lambda x, dim, keepdim: reduced(x.shape, dim, keepdim),
    batches=True,
    dtype=lambda x, dim, keepdim: sum_dtype(x.dtype),
    vjp=[_prod_rule],
    grad_fn=lambda x, dim, keepdim: "ProdBackward0" if dim is None else "ProdBackward1",
    doc="Product of all elements, or along dim.",
)


def _prod(x: Node, dim: int | None, keepdim: bool, dtype: DType | None) -> Node:
    if dim is None and keepdim:
        raise invalid_combination("prod", x, keepdim=keepdim)
    out = PROD(in_dtype(x, dtype), None if dim is None else (dim,), keepdim)
    return out if dtype is None or dtype is out.dtype else convert(out, dtype)


prod = composite(
    "prod(x, dim: dim? = None, keepdim: bool = False, *, dtype: dtype? = None)",
    _prod,
    doc="Product of all elements, or along dim. Right where elements are zero.",
    example="prod([[1., 2.], [3., 4.]], dim=0)",
    samples=["prod(x); x:2,3", "prod(x, 1); x:2,3", "prod(x, 0, keepdim=True); x:3,2", "prod(x*(x - x)); x:3"],
)


# Running extremes


def _running_extreme(name: str, accumulate: Callable[..., Any], holds: Callable[..., Any], adjective: str) -> None:
    def kernel(x: Any, dim: Dims) -> Any:
        x = np.asarray(x)
        if not dim:
            return x, np.zeros(x.shape, np.int64)
        axis = dim[0]
        values = accumulate(x, axis=axis)
        # A new record is an element that is as good as all before it; NaN is kept from the first one on.
        record = holds(x, values) | np.isnan(x)
        places = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (-axis - 1))
        return values, np.maximum.accumulate(np.where(record, places, 0), axis=axis)

    def rule(g: Any, out: Any, x: Node, dim: Dims) -> Node | None:
        if g[0] is None or not x.shape:
            return g[0]  # type: ignore[no-any-return]
        return ops.scatter_add(ops.zeros_like(x), dim[0], out[1], g[0])  # type: ignore[no-any-return]

    running = Primitive(
        f"{name}(x, dim: dims)",
        kernel,
        results=lambda x, dim: [(x.shape, x.dtype), (x.shape, dtypes.int64)],
        fields=("values", "indices"),
        batches=True,
        vjp=[rule],
        doc=f"The {adjective} element up to each, and where it is.",
    )

    def function(x: Node, dim: int) -> Results:
        if not x.shape and dim not in (0, -1):
            message = f"{name}(): Expected reduction dim -1 or 0 for scalar but got {dim}"
            raise AutodiffError("dim-out-of-range", message, type="IndexError", operands=(0,))
        return running(x, (dim,))  # type: ignore[no-any-return]

    composite(
        f"{name}(x, dim: int)",
        function,
        doc=f"The {adjective} element up to each along dim, and where it is. At a tie the last one counts.",
        example=f"{name}([1., 3., 2.], 0)[0]",
        samples=[f"{name}(x, 0)[0]; x:3,2", f"{name}(x, -1)[0]; x:2,4"],
        kinks="At a tie the last element gets the gradient.",
    )


_running_extreme("cummax", np.maximum.accumulate, np.equal, "largest")
_running_extreme("cummin", np.minimum.accumulate, np.equal, "smallest")


def _logcumsumexp_rule(g: Node, out: Node, x: Node, dim: Dims) -> Node:
    """Sums of g[k]*exp(x[j] - out[k]) over k >= j, in steps whose factors are at most one."""
    before = shifted(out, dim, 0)
    step = ops.where(ops.eq(before, out) & ops.isinf(out), 1, ops.exp(before - out))
    return ops.exp(x - out) * _back_recurrence(step, g, dim)  # type: ignore[no-any-return]


def _logcumsumexp_kernel(x: Any, dim: Dims) -> Any:
    x = np.asarray(x)
    if not dim:
        return x
    return np.logaddexp.accumulate(x.astype(np.float64, copy=False), axis=dim[0]).astype(x.dtype, copy=False)


def _logcumsumexp_check(x: Node, dim: Dims) -> None:
    if not x.dtype.is_floating:
        raise not_implemented("logcumsumexp_out_cpu", x.dtype)


LOGCUMSUMEXP = Primitive(
    "logcumsumexp(x, dim: dims)",
    _logcumsumexp_kernel,
    check=_logcumsumexp_check,
    shape=lambda x, dim: x.shape,
    batches=True,
    vjp=[_logcumsumexp_rule],
    doc="log(cumsum(exp(x))) along dim, without overflow.",
)
logcumsumexp = composite(
    "logcumsumexp(x, dim: dim)",
    lambda x, dim: LOGCUMSUMEXP(x, (dim,)),
    doc="log(cumsum(exp(x))) along dim, without overflow.",
    example="logcumsumexp([1., 2., 3.], 0)",
    samples=["logcumsumexp(x, 0); x:3,2", "logcumsumexp(x, -1); x:2,3"],
)
