"""Largest and smallest: max, min, amax, amin, aminmax, argmax, argmin, in each of their forms.

Who gets the gradient at a tie differs between them, as in PyTorch: `max(x)` and `amax` share it evenly, `max(x, dim)`
gives it to the element whose index it returns, `maximum` halves it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import Composite, composite
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Fold, Primitive
from autodiff.graph.sizes import Shape, normalize_dim, normalize_dims, numel, reduced
from autodiff.graph.values import tensor
from autodiff.ops.reduce import SUM, Dims, empty_dim, invalid_combination, kept, reduced_shape, spread

SHARED = "Elements that tie share the gradient evenly."
AT_INDEX = "At a tie, the first element gets the gradient, the one whose index is returned."


def values_and_indices(x: Node, dim: Dims, keepdim: bool, *_: Any) -> list[tuple[Shape, DType]]:
    """Results of reductions that also say where: (values, indices)."""
    shape = reduced(x.shape, dim, keepdim)
    return [(shape, x.dtype), (shape, dtypes.int64)]


def put_back(g: Node | None, x: Node, dim: Dims, indices: Node, keepdim: bool) -> Node | None:
    """The cotangent of elements that were read at `indices` along dim."""
    if g is None or not x.shape:
        return g
    g, indices = kept(g, x, dim, keepdim), kept(indices, x, dim, keepdim)
    return ops.scatter_add(ops.zeros_like(x), dim[0], indices, g)  # type: ignore[no-any-return]


def flat_last(x: np.ndarray, dim: Dims) -> np.ndarray:
    """The trailing dims in `dim` as one."""
    lead = x.shape[: x.ndim - len(dim)]
    return x.reshape(*lead, x.size // max(_product(lead), 1))


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def needs_elements(name: str, x: Node, dim: Dims | None) -> None:
    """Raises where there is nothing to choose from."""
    if dim is None:
        if numel(x.shape) == 0:
            raise AutodiffError(
                "shape-mismatch",
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
                " Specify the reduction dim with the 'dim' argument.",
                operands=(0,),
            )
        return
    for d in dim:
        if x.shape and x.shape[d] == 0:
            raise empty_dim(f"{name}()", d)


def share_evenly(g: Node, x: Node, out: Node, dim: Dims | None, keepdim: bool) -> Node:
    """The cotangent of a maximum divided among the elements that equal it; NaN equals nothing."""
    mask = ops.eq(x, spread(out, x, dim, keepdim))
    count = SUM(mask, dim, True)
    return (spread(g, x, dim, keepdim) * mask) / count  # type: ignore[no-any-return]


def share_evenly_or_nan(g: Node, x: Node, out: Node) -> Node:
    """The same for reductions of all elements: NaN elements share it where the result is NaN."""
    mask = ops.eq(x, out) | (ops.isnan(x) & ops.isnan(out))
    return ops.where(mask, g / SUM(mask), 0)  # type: ignore[no-any-return]


# max(x), max(x, dim), max(x, y)


def _take(x: np.ndarray, indices: np.ndarray, axis: int, keepdim: bool) -> tuple[np.ndarray, np.ndarray]:
    values = np.take_along_axis(x, indices, axis)
    return (values, indices) if keepdim else (np.squeeze(values, axis), np.squeeze(indices, axis))


def _declare(name: str, choose: Callable[..., Any], find: Callable[..., Any], of_two: str, adjective: str) -> Composite:
    whole = Primitive(
        f"{name}(x, dim: dims? = None)",
        lambda x, dim: choose(x, axis=dim),
        check=lambda x, dim: needs_elements(name, x, None),
        shape=lambda x, dim: (),
        fold=Fold(choose, choose),
        batches=True,
        vjp=[lambda g, out, x, dim: share_evenly_or_nan(g, x, out)],
        grad_fn=f"{name.capitalize()}Backward1",
        doc=f"The {adjective} element.",
        kinks=SHARED,
    )

    def along_kernel(x: Any, dim: Dims, keepdim: bool) -> Any:
        x = np.asarray(x)
        if not dim:
            return x, np.zeros(x.shape, np.int64)
        return _take(x, np.expand_dims(find(x, axis=dim[0]), dim[0]), dim[0], keepdim)

    along = Primitive(
        f"{name}(x, dim: dims, keepdim: bool = False)",
        along_kernel,
        check=lambda x, dim, keepdim: needs_elements(name, x, dim),
        results=values_and_indices,
        batches=True,
        fields=("values", "indices"),
        vjp=[lambda g, out, x, dim, keepdim: put_back(g[0], x, dim, out[1], keepdim)],
        grad_fn=f"{name.capitalize()}Backward0",
        doc=f"The {adjective} elements along dim, and where they are.",
        kinks=AT_INDEX,
    )

    def call(x: Node, dim: Any, keepdim: bool, y: Node | None) -> Any:
        keep = {"keepdim": True} if keepdim else {}
        if y is not None or isinstance(dim, (Node, list)):
            if keepdim or (y is not None and dim is not None):
                raise invalid_combination(name, x, y if dim is None else dim, **keep)
            return getattr(ops, of_two)(x, tensor(dim) if y is None else y)
        if dim is None:
            if keepdim:
                raise invalid_combination(name, x, **keep)
            return whole(x)
        if not isinstance(dim, int) or isinstance(dim, bool):
            raise invalid_combination(name, x, dim, **keep)
        return along(x, (normalize_dim(dim, len(x.shape)),), keepdim)

    return composite(
        f"{name}(x, dim: any = None, keepdim: bool = False, *, y: Tensor? = None)",
        call,
        doc=f"The {adjective} element; along dim, values and indices; with a tensor y, the {adjective} of each two.",
        example=f"{name}([[1., 5.], [3., 4.]], 1)[0]",
        samples=[
            f"{name}(x); x:2,3",
            f"{name}(x, 1)[0]; x:2,3",
            f"{name}(x, -2, True)[0]; x:2,3",
            f"{name}(x, y); x:2,3, y:3",
        ],
        kinks=f"{name}(x): {SHARED} {name}(x, dim): {AT_INDEX} {name}(x, y): a tie halves it.",
    )


max_ = _declare("max", np.max, np.argmax, "maximum", "largest")
min_ = _declare("min", np.min, np.argmin, "minimum", "smallest")


# amax, amin: over any dims, without indices


def _declare_over_dims(name: str, choose: Callable[..., Any], adjective: str) -> Primitive:
    reduction = Primitive(
        f"{name}(x, dim: dims? = None, keepdim: bool = False)",
        lambda x, dim, keepdim: choose(x, axis=dim, keepdims=keepdim),
        check=lambda x, dim, keepdim: needs_elements(name, x, dim),
        shape=reduced_shape,
        fold=Fold(choose, choose),
        batches=True,
        vjp=[lambda g, out, x, dim, keepdim: share_evenly(g, x, out, dim, keepdim)],
        doc=f"The {adjective} element, of all or along dim.",
        kinks=SHARED,
    )

    def call(x: Node, dim: tuple[int, ...] | None, keepdim: bool) -> Node:
        dims = normalize_dims(dim or (), len(x.shape))
        for given, d in zip(dim or (), dims, strict=True):
            if x.shape and x.shape[d] == 0:
                raise empty_dim(f"{name}()", given)
        return reduction(x, dims or None, keepdim)  # type: ignore[no-any-return]

    composite(
        f"{name}(x, dim: ints? = (), keepdim: bool = False)",
        call,
        doc=f"The {adjective} element, of all or along dim. NaN wins. {SHARED}",
        example=f"{name}([[1., 5.], [3., 4.]], dim=1)",
        samples=[f"{name}(x); x:2,3", f"{name}(x, 1); x:2,3", f"{name}(x, (0, -1), True); x:2,3,2"],
        kinks=SHARED,
    )
    return reduction


AMAX = _declare_over_dims("amax", np.max, "largest")
AMIN = _declare_over_dims("amin", np.min, "smallest")


def _aminmax_rule(g: Any, out: Any, x: Node, dim: Dims | None, keepdim: bool) -> Node | None:
    shares = [share_evenly(g[i], x, out[i], dim, keepdim) for i in range(2) if g[i] is not None]
    return shares[0] if len(shares) == 1 else shares[0] + shares[1]


def _aminmax_check(x: Node, dim: Dims | None, keepdim: bool) -> None:
    if dim is None and numel(x.shape) == 0:
        raise AutodiffError(
            "shape-mismatch",
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.",
            operands=(0,),
        )
    for d in dim or ():
        if x.shape and x.shape[d] == 0:
            raise empty_dim("aminmax", d)


AMINMAX = Primitive(
    "aminmax(x, dim: dims? = None, keepdim: bool = False)",
    lambda x, dim, keepdim: (np.min(x, axis=dim, keepdims=keepdim), np.max(x, axis=dim, keepdims=keepdim)),
    check=_aminmax_check,
    results=lambda x, dim, keepdim: [(reduced(x.shape, dim, keepdim), x.dtype)] * 2,
    fields=("min", "max"),
    batches=True,
    vjp=[_aminmax_rule],
    doc="The smallest and the largest element, of all or along dim.",
    kinks=SHARED,
)
aminmax = composite(
    "aminmax(x, *, dim: dim? = None, keepdim: bool = False)",
    lambda x, dim, keepdim: AMINMAX(x, None if dim is None else (dim,), keepdim),
    doc=f"The smallest and the largest element, of all or along dim. {SHARED}",
    example="aminmax([[1., 5.], [3., 4.]], dim=1)[0]",
    samples=["aminmax(x)[0]; x:2,3", "aminmax(x, dim=1)[1]; x:2,3", "aminmax(x, dim=0, keepdim=True)[0]; x:2,3"],
    kinks=SHARED,
)


# Where they are


def _declare_position(name: str, find: Callable[..., Any], adjective: str) -> None:
    def kernel(x: Any, dim: Dims, keepdim: bool) -> Any:
        x = np.asarray(x)
        if len(dim) == 1:
            return find(x, axis=dim[0], keepdims=keepdim)
        found = find(flat_last(x, dim), axis=-1)
        return found.reshape(found.shape + (1,) * len(dim)) if keepdim else found

    def check(x: Node, dim: Dims | None, keepdim: bool) -> None:
        if x.dtype is dtypes.bool_:
            raise AutodiffError("bad-dtype", f"{name}(): does not support bool input", operands=(0,))
        if dim is None and numel(x.shape) == 0:
            raise AutodiffError(
                "shape-mismatch",
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0.",
                type="IndexError",
                operands=(0,),
            )
        needs_elements(name, x, dim)

    position = Primitive(
        f"{name}(x, dim: dims? = None, keepdim: bool = False)",
        kernel,
        check=check,
        shape=reduced_shape,
        batches=True,
        dtype=lambda x, dim, keepdim: dtypes.int64,
        doc=f"The index of the {adjective} element.",
    )
    composite(
        f"{name}(x, dim: dim? = None, keepdim: bool = False)",
        lambda x, dim, keepdim: position(x, None if dim is None else (dim,), keepdim),
        doc=f"The index of the {adjective} element, of all (counted row by row) or along dim; the first one at a tie.",
        example=f"{name}([[1., 5.], [3., 4.]], dim=1)",
    )


_declare_position("argmax", np.argmax, "largest")
_declare_position("argmin", np.argmin, "smallest")
